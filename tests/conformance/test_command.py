"""`tastemaker conformance` over HTTP: what it finds at an endpoint, what it writes, and what it leaves: nothing."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tastemaker.cli.main import main
from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.testing import await_active
from tests.conformance.planted import Answer, planted

Command: TypeAlias = Callable[..., tuple[int, dict[str, Any]]]
CASES = (
    "--case",
    "DescribeSchema.",
    "--case",
    "DeleteSchema.",
    "--case",
    "CreateSchema.error",
    "--case",
    "DescribeFilter.",
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud() as cloud:
        yield cloud


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command with --json; its exit status and its object."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        status = main(["conformance", "--json", "--level", "control", *arguments])
        return status, json.loads(capsys.readouterr().out or "{}")

    return run


def real(found: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """The differences of a run that are no hints."""
    return {
        (difference["operation"], difference["aspect"], difference["expected"], difference["seen"])
        for case in found["cases"]
        for difference in case["differences"]
        if not difference["hint"]
    }


def another_code(answer: Answer) -> None:
    if answer.body.get("__type") == "ResourceNotFoundException":
        answer.body["__type"] = "ValidationException"


def another_status(answer: Answer) -> None:
    if answer.body.get("__type") == "ResourceNotFoundException":
        answer.status = 404


def without_a_field(answer: Answer) -> None:
    answer.body.get("schema", {}).pop("lastUpdatedDateTime", None)


def other_words(answer: Answer) -> None:
    if answer.body.get("__type") == "ResourceAlreadyExistsException":
        answer.body["message"] = "That name is gone."


PLANTS = {
    "DescribeFilter": another_code,
    "DeleteSchema": another_status,
    "DescribeSchema": without_a_field,
    "CreateSchema": other_words,
}


def test_nothing_differs_where_nothing_is_planted(cloud: EmbeddedCloud, command: Command) -> None:
    status, found = command("--against", cloud.endpoint_url, "--case", "Schema", "--case", "Tag")

    assert [case for case in found["cases"] if case["verdict"] != "passed"] == []
    assert found["counts"] == {"passed": len(found["cases"])}
    assert len(found["cases"]) > 30
    assert status == 0


def test_exactly_the_planted_differences_are_found(cloud: EmbeddedCloud, command: Command) -> None:
    with planted(cloud.endpoint_url, PLANTS) as url:
        status, found = command("--against", url, *CASES)

    assert status == 1
    assert real(found) == {
        ("DescribeFilter", "code", "ResourceNotFoundException", "ValidationException"),
        ("DeleteSchema", "status", "400", "404"),
        ("DescribeSchema", "field", "present", "absent"),
    }
    words = [difference for case in found["cases"] for difference in case["differences"] if difference["hint"]]
    assert {(hint["operation"], hint["seen"]) for hint in words} >= {("CreateSchema", "That name is gone.")}


def test_people_are_shown_what_differs_and_what_aws_leaves_open(
    cloud: EmbeddedCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with planted(cloud.endpoint_url, PLANTS) as url:
        status = main(["conformance", "--against", url, "--case", "DescribeSchema", "--case", "UntagResource"])

    said = capsys.readouterr().out
    assert status == 1
    assert "What differs" in said
    assert "DescribeSchema.success: shows its members" in said
    assert "What AWS leaves open" in said
    assert "an absent tag key" in said
    assert "2 different" in said


def test_two_recordings_differ_in_what_is_planted_and_in_nothing_else(
    cloud: EmbeddedCloud, command: Command, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    command("--against", cloud.endpoint_url, *CASES, "--record", str(one))
    with planted(cloud.endpoint_url, PLANTS) as url:
        command("--against", url, *CASES, "--record", str(other))

    assert command("--compare", str(one), str(one)) == (0, {"differences": []})
    status, found = command("--compare", str(one), str(other))

    assert status == 1
    seen = {(d["operation"], d["aspect"], d["expected"], d["seen"]) for d in found["differences"] if not d["hint"]}
    assert {difference for difference in seen if difference[1] != "code"} == {
        ("DeleteSchema", "status", "400", "404"),
        ("DescribeSchema", "field", "present", "absent"),
    }
    assert {difference[:2] for difference in seen if difference[1] == "code"} == {("DescribeFilter", "code")}
    assert {difference["operation"] for difference in found["differences"] if difference["hint"]} == {"CreateSchema"}


def test_a_recording_names_neither_accounts_nor_buckets(cloud: EmbeddedCloud, command: Command, tmp_path: Path) -> None:
    written = tmp_path / "run.json"
    command("--against", cloud.endpoint_url, "--case", "EventTracker", "--record", str(written))

    text = written.read_text()
    assert "arn:aws:personalize:us-east-1:ACCOUNT:event-tracker/ID" in text
    assert "123456789012" not in text
    assert "run-tracker" in text


def test_data_are_imported_and_models_trained_and_nothing_is_left(cloud: EmbeddedCloud, command: Command) -> None:
    case = ("--level", "training", "--case", "GetRecommendations.effect")

    status, found = command("--against", cloud.endpoint_url, *case)

    assert (status, found["counts"]) == (0, {"passed": 1})
    assert _there_is(cloud) == []
    assert cloud.client("s3").list_buckets()["Buckets"] == []


def test_an_interrupted_run_cleans_up_too(cloud: EmbeddedCloud, command: Command) -> None:
    interruptions = iter([signal.SIGINT])
    # a shell's background jobs are started deaf to it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt(_answer: Answer) -> None:
        for number in interruptions:
            os.kill(os.getpid(), number)

    try:
        with planted(cloud.endpoint_url, {"DescribeFilter": interrupt}) as url:
            status, found = command("--against", url, "--case", "DescribeFilter.success")
    finally:
        signal.signal(signal.SIGINT, before)

    assert (status, found) == (1, {})
    assert next(interruptions, None) is None
    assert _there_is(cloud) == []


def test_what_an_earlier_run_left_is_deleted_by_its_prefix(cloud: EmbeddedCloud, command: Command) -> None:
    control = cloud.client("personalize")
    groups = [
        control.create_dataset_group(name=name)["datasetGroupArn"] for name in ("conformance-old-group-1", "mine")
    ]
    for group in groups:
        await_active(control, group)

    status, _ = command("--against", cloud.endpoint_url, "--clean-up", "conformance-old")

    assert status == 0
    assert _there_is(cloud) == ["mine"]
    control.delete_dataset_group(datasetGroupArn=groups[1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--against", "aws"), "AWS needs --bucket"),
        (("--against", "aws", "--bucket", "b", "--role-arn", "arn:aws:iam::1:role/r"), "Say --yes"),
        (("--against", "http://127.0.0.1:1"), "cannot be used"),
        (("--compare", "none.json", "none.json"), "none.json cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert main(["conformance", *arguments]) == 1
    assert words in capsys.readouterr().err


def _there_is(cloud: EmbeddedCloud) -> list[str]:
    """The names of the groups, schemas, solutions and campaigns that are there."""
    control = cloud.client("personalize")
    groups, schemas = control.list_dataset_groups()["datasetGroups"], control.list_schemas()["schemas"]
    solutions, campaigns = control.list_solutions()["solutions"], control.list_campaigns()["campaigns"]
    return [str(entry["name"]) for entry in (*groups, *schemas, *solutions, *campaigns)]
