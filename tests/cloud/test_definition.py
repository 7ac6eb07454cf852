"""What AWS demands of a definition in JSONata, and what we demand of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.common.config import load
from stacks.workflow.awaiting import KINDS
from stacks.workflow.definition import definition
from tests.cloud.history import successors
from tests.cloud.synthesis import edited
from tests.cloud.world import ARNS

Json = Any
_NOT_IN_JSONATA = {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector", "ItemsPath", "SecondsPath"}


def machines(machine: Json) -> Iterator[Json]:
    """The state machine and every one nested in it."""
    yield machine
    for state in machine["States"].values():
        for inner in [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]:
            yield from machines(inner)


def states(machine: Json) -> Iterator[tuple[str, Json]]:
    for inner in machines(machine):
        yield from inner["States"].items()


def expressions(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)
    elif isinstance(value, str) and "{%" in value:
        yield value


def test_state_names_are_unique_in_the_whole_machine_and_short_enough(workflow: Json) -> None:
    names = Counter(name for name, _ in states(workflow))

    assert [name for name, count in names.items() if count > 1 or len(name) > 80] == []


def test_every_state_is_reached_and_goes_to_one_that_exists(workflow: Json) -> None:
    for machine in machines(workflow):
        reached = {machine["StartAt"]} | {name for state in machine["States"].values() for name in successors(state)}
        assert reached == machine["States"].keys()


def test_no_state_uses_a_field_of_the_other_query_language(workflow: Json) -> None:
    assert [name for name, state in states(workflow) if _NOT_IN_JSONATA & state.keys()] == []


def test_expressions_are_whole_strings_without_eval_or_bare_context(workflow: Json) -> None:
    for expression in expressions(workflow):
        assert re.fullmatch(r"\{% .* %\}", expression), expression
        assert "$eval" not in expression
        # `$` and `$$` have no meaning at the top of a Step Functions expression
        assert not re.search(r"\$(?![A-Za-z])", re.sub(r"'[^']*'", "", expression)), expression


def test_children_of_the_distributed_map_read_no_variable(workflow: Json) -> None:
    run = workflow["States"]["Run"]["Branches"][0]["States"]
    children = run["Export segments"]["ItemProcessor"]

    for expression in expressions(children):
        assert set(re.findall(r"\$[a-zA-Z]\w*", expression)) <= {"$states", "$exists", "$substring", "$contains"} | {
            "$parse",
            "$merge",
        }


def test_no_inner_scope_assigns_a_variable_of_an_outer_one(workflow: Json) -> None:
    def check(machine: Json, outer: frozenset[str]) -> None:
        own = frozenset(name for state in machine["States"].values() for name in state.get("Assign", {}))
        assert not own & outer
        for state in machine["States"].values():
            for inner in [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]:
                check(inner, own | outer)

    check(workflow, frozenset())


def test_every_function_call_is_retried_on_lambdas_errors_and_on_retryable_ones_with_jitter(workflow: Json) -> None:
    calls = [state for _, state in states(workflow) if state.get("Resource", "").endswith("lambda:invoke")]

    assert len(calls) == 12
    for call in calls:
        named = {error for retry in call["Retry"] for error in retry["ErrorEquals"]}
        assert {"RetryableError", "Lambda.ServiceException", "Lambda.TooManyRequestsException"} <= named
        assert "States.ALL" not in named
        assert {retry["JitterStrategy"] for retry in call["Retry"]} == {"FULL"}


def test_every_description_is_retried_and_forgiven_under_both_names_of_throttling(workflow: Json) -> None:
    both = ["Personalize.ThrottlingException", "Personalize.PersonalizeException"]
    descriptions = [state for _, state in states(workflow) if "aws-sdk:personalize:" in state.get("Resource", "")]

    assert len(descriptions) == len(KINDS)
    for describe in descriptions:
        assert describe["Retry"][0]["ErrorEquals"] == both
        assert describe["Catch"][0]["ErrorEquals"] == both


def test_everything_under_the_lease_is_caught(workflow: Json) -> None:
    run = workflow["States"]["Run"]

    assert run["Catch"][0]["ErrorEquals"] == ["States.ALL"]
    assert run["Catch"][0]["Next"] == "Release lease after failure"


@pytest.mark.parametrize(("segments", "expected"), [(1, 1), (16, 16)])
def test_the_export_has_as_many_items_as_scan_segments(tmp_path: Path, segments: int, expected: int) -> None:
    config = load(edited(tmp_path, ("scan_segments = 4", f"scan_segments = {segments}")))

    run = definition(config, ARNS)["States"]["Run"]["Branches"][0]["States"]

    items = [item for item in run["Export segments"]["Items"] if item["dataset"] == "INTERACTIONS"]
    assert len(items) == expected
    assert {item["totalSegments"] for item in items} == {segments}
