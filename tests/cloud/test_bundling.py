"""A function's package: what is in it, and what its hash follows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import compose
from lambdas.recommend.settings import Settings
from stacks.constructs.bundling import asset_hash
from tests.cloud.synthesis import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the functions' sources."""
    shutil.copytree(ROOT / "lambdas", tmp_path / "lambdas")
    return tmp_path


def append(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")


@pytest.mark.parametrize("changed", ["export_data/segment.py", "common/errors.py", "__init__.py", "requirements.lock"])
def test_the_hash_follows_the_functions_sources_and_the_lock(tree: Path, changed: str) -> None:
    before = asset_hash(tree, "export_data")

    append(tree / "lambdas" / changed)

    assert asset_hash(tree, "export_data") != before


@pytest.mark.parametrize("changed", ["recommend/service.py", "common/config/model.py", "requirements.in"])
def test_the_hash_does_not_follow_what_the_function_does_not_run(tree: Path, changed: str) -> None:
    before = asset_hash(tree, "export_data")

    append(tree / "lambdas" / changed)

    assert asset_hash(tree, "export_data") == before


ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "ENGINE_TABLE": "engine",
    "EVENT_FIELDS": "[]",
    "SETTINGS": Settings(project="shop", models=(), filters={}).to_json(),
    "EVENTS_QUEUE_URL": "https://queue",
    "EVENTS_TABLE": "events",
    "DEAD_LETTERS_URL": "https://dead-letters",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The API's functions, packaged: folders by function."""
    outdir = tmp_path_factory.mktemp("out")
    compose(context={"aws:cdk:bundling-stacks": ["example-shop-api"]}, outdir=outdir).synth()
    assets = json.loads((outdir / "example-shop-api.assets.json").read_text())["files"].values()
    folders = [outdir / a["source"]["path"] for a in assets if a["source"]["packaging"] == "zip"]
    return {next(path.name for path in (f / "lambdas").iterdir() if path.name in FUNCTIONS): f for f in folders}


FUNCTIONS = ("recommend", "track_events", "deliver_events")


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_imports_by_itself_and_holds_no_other_function(packages: dict[str, Path], function: str) -> None:
    package = packages[function]

    imported = subprocess.run(
        [sys.executable, "-I", "-c", _IMPORT, str(package), f"lambdas.{function}.handler"],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )

    assert imported.stderr == ""
    assert {path.name for path in (package / "lambdas").iterdir()} == {"__init__.py", "common", function}
    assert not (package / "lambdas" / "common" / "config").exists()
    assert not list(package.glob("pydantic*"))


_IMPORT = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import botocore
assert botocore.__file__.startswith(sys.argv[1]), botocore.__file__
import importlib
importlib.import_module(sys.argv[2])
assert "boto3" not in sys.modules
"""
