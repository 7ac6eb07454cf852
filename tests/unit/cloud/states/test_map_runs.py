"""Distributed Map."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cloud.states.interpreter import Answer, FakeAws, Json, Machines, invoke, jsonata, part, part_with_output

EXCEEDED = "States.ExceedToleratedFailureThreshold"


def fail_the_odd(payload: Json) -> Answer:
    if payload["n"] % 2:
        return Answer.function_error({"errorType": "OddError", "errorMessage": str(payload["n"])})
    return Answer({"n": payload["n"]})


def distributed(processor: dict[str, Any], **state: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": {**processor, **config},
        **state,
    }


def of_function(**state: Any) -> dict[str, Any]:
    call = invoke("f", {"n": "{% $states.input %}"}, Output="{% $states.result.Payload.n %}")
    return jsonata(("Each", distributed(part(("Call", call)), **state)))


def test_the_outputs_are_in_the_order_of_the_items(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", lambda payload: Answer({"n": payload["n"] * 10}))
    items = list(range(30))

    assert machines.output(of_function(MaxConcurrency=7), {"items": items}) == [n * 10 for n in items]


def test_no_items_give_no_outputs(machines: Machines) -> None:
    assert machines.output(of_function(), {"items": []}) == []


def test_one_failed_child_fails_the_state_and_the_log_says_why(
    machines: Machines, aws: FakeAws, caplog: pytest.LogCaptureFixture
) -> None:
    aws.on("lambda", "f", fail_the_odd)

    error, cause = machines.failure(of_function(), {"items": [2, 4, 5, 6]})

    assert error == EXCEEDED
    assert cause == "The specified tolerated failure threshold was exceeded"
    assert [record.message for record in caplog.records if record.name == "tastemaker.states"] == [
        'child 2 of a map run failed: OddError: {"errorType": "OddError", "errorMessage": "5"}'
    ]


def test_the_failure_can_be_caught(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", fail_the_odd)
    definition = of_function(
        Catch=[{"ErrorEquals": [EXCEEDED], "Next": "Caught", "Output": "{% $states.errorOutput.Error %}"}]
    )
    definition["States"]["Each"].pop("End")
    definition["States"]["Each"]["Next"] = "Caught"
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}

    assert machines.output(definition, {"items": [1]}) == EXCEEDED


def test_the_failure_can_be_retried(machines: Machines, aws: FakeAws) -> None:
    answers = iter([Answer.function_error({"errorType": "E"}), Answer({"n": 8})])
    aws.on("lambda", "f", lambda _: next(answers))

    assert machines.output(of_function(Retry=[{"ErrorEquals": [EXCEEDED]}]), {"items": [1]}) == [8]


@pytest.mark.parametrize(
    ("tolerance", "succeeds"),
    [
        ({"ToleratedFailureCount": 2}, True),
        ({"ToleratedFailureCount": 1}, False),
        ({"ToleratedFailureCount": "{% $states.input.count %}"}, True),
        ({"ToleratedFailurePercentage": 50}, True),
        ({"ToleratedFailurePercentage": 49}, False),
        ({"ToleratedFailurePercentage": 49.9}, False),
        ({"ToleratedFailurePercentage": "{% 50 %}"}, True),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1}, False),
        ({"ToleratedFailurePercentage": 10, "ToleratedFailureCount": 4}, False),
    ],
)
def test_failures_are_tolerated_up_to_count_and_percentage(
    machines: Machines, aws: FakeAws, tolerance: dict[str, Any], succeeds: bool
) -> None:
    aws.on("lambda", "f", fail_the_odd)
    given = {"items": [1, 2, 3, 4], "count": 2}

    description = machines.run(of_function(**tolerance), given)

    if succeeds:
        assert description["output"] == "[2,4]"
    else:
        assert description["error"] == EXCEEDED


def test_a_run_that_has_failed_starts_no_more_children(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", fail_the_odd)

    machines.failure(of_function(MaxConcurrency=1), {"items": [1, 2, 4, 6]})

    assert len(aws.requests) == 1


def test_a_child_sees_its_own_input_name_and_execution(machines: Machines) -> None:
    processor = part_with_output(
        {
            "input": "{% $states.input %}",
            "executionInput": "{% $states.context.Execution.Input %}",
            "name": "{% $states.context.Execution.Name %}",
        }
    )
    selector = {"value": "{% $states.context.Map.Item.Value %}", "shop": "{% $states.input.shop %}"}
    description = machines.run(
        jsonata(("Each", distributed(processor, ItemSelector=selector))), {"items": ["a", "b"], "shop": "s"}
    )

    first, second = json.loads(description["output"])
    assert first["input"] == first["executionInput"] == {"value": "a", "shop": "s"}
    assert second["input"] == second["executionInput"] == {"value": "b", "shop": "s"}
    assert len({first["name"], second["name"], description["name"]}) == 3


def test_a_child_does_not_see_the_variables_outside(machines: Machines) -> None:
    definition = jsonata(
        ("Keep", {"Type": "Pass", "Assign": {"outer": 1}}),
        ("Each", distributed(part_with_output("{% $outer %}"), Items=[1])),
    )

    assert machines.failure(definition)[0] == EXCEEDED


def test_an_item_selector_sees_the_variables_outside(machines: Machines) -> None:
    selector = {"outer": "{% $outer %}"}
    definition = jsonata(
        ("Keep", {"Type": "Pass", "Assign": {"outer": 1}}),
        ("Each", distributed(part_with_output("{% $states.input.outer %}"), Items=[1], ItemSelector=selector)),
    )

    assert machines.output(definition) == [1]


def test_an_item_selector_that_does_not_evaluate_fails_the_state_with_its_own_error(machines: Machines) -> None:
    state = distributed(part_with_output(1), ItemSelector={"x": "{% $missing %}"})

    assert machines.failure(jsonata(("Each", state)), {"items": [1]})[0] == "States.QueryEvaluationError"


def test_the_children_are_counted(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", fail_the_odd)
    execution = machines.start(of_function(ToleratedFailureCount=2), {"items": [1, 2, 4]})
    machines.end_of(execution)

    (run,) = machines.client.list_map_runs(executionArn=execution)["mapRuns"]
    described = machines.client.describe_map_run(mapRunArn=run["mapRunArn"])

    assert described["status"] == "SUCCEEDED"
    counts = described["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"], counts["running"]) == (3, 2, 1, 0)


def test_the_history_of_the_parent_names_the_failed_run(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", fail_the_odd)
    execution = machines.start(of_function(), {"items": [1]})
    machines.end_of(execution)

    types = [event["type"] for event in machines.history(execution)]

    assert types[2:] == ["MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]
