"""Exports in a bucket that somebody else owns: nothing is created, its policy is told and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.common.bucket_policy import statements
from lambdas.common.config import load
from stacks.workflow.definition import definition
from tests.cloud.synthesis import Template, edited, flat, synthesised
from tests.cloud.world import ARNS

ANCHOR = "# A model: a recipe"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    section = f'[exports]\nbucket = "lake"\n\n{ANCHOR}'
    return edited(tmp_path_factory.mktemp("config"), (ANCHOR, section))


@pytest.fixture(scope="module")
def own(config: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    folder = synthesised(tmp_path_factory.mktemp("assembly"), config=config)
    return {
        stack: Template(json.loads((folder / f"example-shop-{stack}.template.json").read_text()))
        for stack in ("data", "pipeline")
    }


def test_no_bucket_is_created_and_no_policy_changed(own: dict[str, Template]) -> None:
    assert own["data"].of_type("AWS::S3::Bucket") == []
    assert own["data"].of_type("AWS::S3::BucketPolicy") == []


def test_the_statements_that_the_bucket_needs_are_an_output(own: dict[str, Template]) -> None:
    output = own["data"].document["Outputs"]["ExportBucketStatements"]["Value"]
    assert json.loads(flat(output)) == statements("lake", partition="<AWS::Partition>")


def test_the_set_up_may_look_at_the_bucket_and_the_export_write_to_it(own: dict[str, Template]) -> None:
    def resources(function: str, action: str) -> list[str]:
        permissions = own["pipeline"].permissions_of(own["pipeline"].function(function))
        return [resource for s in permissions if action in s.actions for resource in s.resources]

    assert resources("setup-datasets", "s3:GetBucketPolicy") == ["arn:<AWS::Partition>:s3:::lake"]
    assert resources("export-data", "s3:PutObject") == ["arn:<AWS::Partition>:s3:::lake/exports/*"]


def test_a_run_begins_with_the_check(config: Path) -> None:
    branch: Any = definition(load(config), ARNS)["States"]["Run"]["Branches"][0]
    first = branch["States"][branch["StartAt"]]
    assert first["Arguments"]["Payload"] == {"step": "bucket", "bucket": "lake"}
    assert first["Next"] == "Export segments"
