"""The whole assembly: the same bytes every time, no account, no findings."""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.synthesis import ROOT, Template, synthesised

# a change of these is a change of what runs in somebody's account
SNAPSHOT = Path(__file__).parent / "snapshot.json"
_CHANGES_WITH_THE_SOURCES = ("S3Key",)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_twice_the_same_bytes(assembly: Path, tmp_path: Path) -> None:
    again = synthesised(tmp_path)

    assert files(again) == files(assembly)
    _, differing, unreadable = filecmp.cmpfiles(assembly, again, files(assembly), shallow=False)
    # assets are named relative to the assembly, and the two lie in different folders
    assert [name for name in differing if not name.endswith(".assets.json")] == []
    assert unreadable == []


def test_the_stacks_are_for_any_account_and_region(assembly: Path) -> None:
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]

    stacks = {n: a["environment"] for n, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
    assert stacks == dict.fromkeys(
        [f"example-shop-{name}" for name in ("data", "pipeline", "api", "monitoring")],
        "aws://unknown-account/unknown-region",
    )


def test_locally_the_functions_code_is_the_source_tree(assembly: Path) -> None:
    assets = json.loads((assembly / "example-shop-pipeline.assets.json").read_text())["files"].values()

    folders = {(assembly / a["source"]["path"]).resolve() for a in assets if a["source"]["packaging"] == "zip"}
    assert folders == {ROOT}


def test_there_are_no_findings(assembly: Path) -> None:
    report = json.loads((assembly / "validation-report.json").read_text())

    assert [plugin for plugin in report.get("pluginReports", []) if plugin["violations"]] == []


def test_every_accepted_finding_has_a_reason(assembly: Path) -> None:
    accepted = [
        (finding, reason)
        for path in assembly.glob("*.metadata.json")
        for entries in json.loads(path.read_text()).values()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for finding, reason in entry["data"].items()
    ]

    assert accepted
    assert [finding for finding, reason in accepted if len(reason) < 20] == []


def lint(*templates: Path) -> str:
    """What cfn-lint says of the templates."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "us-east-1"]
    # the CDK writes dependencies that follow from references already
    command += ["--ignore-checks", "W3005", "--", *map(str, templates)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    return said.stdout + said.stderr


@pytest.mark.slow
def test_cfn_lint_has_nothing_to_say(assembly: Path) -> None:
    assert lint(*sorted(assembly.glob("*.template.json"))) == ""


@pytest.mark.slow
def test_cfn_lint_knows_every_field_of_the_definition(workflow: dict[str, Any], tmp_path: Path) -> None:
    """In the deployed template the definition is a text with references in it, which cfn-lint does not read."""

    def linted(definition: dict[str, Any]) -> str:
        properties = {"RoleArn": "arn:aws:iam::123456789012:role/workflow", "Definition": definition}
        machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        template = tmp_path / "workflow.template.json"
        template.write_text(json.dumps({"Resources": {"Workflow": machine}}))
        return lint(template)

    assert linted(workflow) == ""
    workflow["States"]["Read input"]["Nxt"] = "Run"
    assert "'Nxt' was unexpected" in linted(workflow)


@pytest.mark.slow
def test_a_configuration_that_is_wrong_ends_the_synthesis_with_what_to_mend(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text((ROOT / "tastemaker.toml").read_text().replace("scan_segments = 4", "scan_segments = 0"))

    synth = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps({"config": str(wrong)}), "CDK_OUTDIR": str(tmp_path / "out")},
    )

    assert synth.returncode == 1
    assert synth.stderr == f"{wrong}: interactions.scan_segments: 0 is too small; at least 1 is needed\n"


def test_the_templates_are_those_of_the_snapshot(
    data: Template, pipeline: Template, api: Template, monitoring: Template
) -> None:
    """To accept a change: delete tests/cloud/snapshot.json, run this test, and read the difference."""
    templates = {
        name: without_sources(template.document)
        for name, template in (("data", data), ("pipeline", pipeline), ("api", api), ("monitoring", monitoring))
    }
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(json.dumps(templates, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        pytest.fail(f"{SNAPSHOT.name} is written anew: read it, then run the tests again")

    assert templates == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def without_sources(value: Any) -> Any:
    """The template without the hashes of the functions' sources."""
    if isinstance(value, dict):
        return {key: without_sources(inner) for key, inner in value.items() if key not in _CHANGES_WITH_THE_SOURCES}
    if isinstance(value, list):
        return [without_sources(inner) for inner in value]
    return value
