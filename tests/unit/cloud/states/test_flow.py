"""Choice, Catch, Fail, Parallel and the inline Map."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.cloud.states.interpreter import Answer, FakeAws, Machines, invoke, jsonata, part, part_with_output

FAILED = Answer.function_error({"errorType": "FailedError", "errorMessage": "boom 🎉"})
PASS: dict[str, Any] = {"Type": "Pass"}


def catch(*errors: str, output: Any = "{% $states.errorOutput %}") -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors), "Next": "Caught", "Output": output}]


def test_a_catch_hands_on_error_and_cause(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", FAILED)

    output = machines.output(jsonata(("Call", invoke("f", Catch=catch("FailedError"))), ("Caught", PASS)))

    assert output == {"Error": "FailedError", "Cause": '{"errorType": "FailedError", "errorMessage": "boom 🎉"}'}


def test_a_catch_assigns_and_still_sees_the_states_input(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", FAILED)
    caught = catch("States.ALL", output="{% $states.input.kept %}")
    caught[0]["Assign"] = {"error": "{% $states.errorOutput.Error %}"}

    output = machines.output(
        jsonata(
            ("Call", invoke("f", Catch=caught)),
            ("Caught", {**PASS, "Output": ["{% $states.input %}", "{% $error %}"]}),
        ),
        {"kept": 7},
    )

    assert output == [7, "FailedError"]


@pytest.mark.parametrize(
    ("pattern", "error"),
    [("States.ALL", "FailedError"), ("States.TaskFailed", "FailedError"), ("FailedError", "FailedError")],
)
def test_wildcards_catch_a_functions_error(machines: Machines, aws: FakeAws, pattern: str, error: str) -> None:
    aws.on("lambda", "f", FAILED)

    output = machines.output(jsonata(("Call", invoke("f", Catch=catch(pattern))), ("Caught", PASS)))

    assert output["Error"] == error


def test_another_error_is_not_caught(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", FAILED)

    error, _ = machines.failure(jsonata(("Call", invoke("f", Catch=catch("OtherError"))), ("Caught", PASS)))

    assert error == "FailedError"


def test_no_wildcard_catches_a_runtime_error(machines: Machines) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:personalize:describeCampaign"}
    unsupported = {**task, "Arguments": {"campaignArn": "a"}, "Catch": catch("States.ALL")}

    error, _ = machines.failure(jsonata(("Call", unsupported), ("Caught", PASS)))

    assert error == "States.Runtime"


def test_fail_takes_error_and_cause_from_expressions(machines: Machines) -> None:
    fail = {"Type": "Fail", "Error": "{% $states.input.e & 'Failed' %}", "Cause": "{% 'no ' & $states.input.c %}"}

    assert machines.failure(jsonata(("Fail", fail)), {"e": "Training", "c": '"rows"\n🎉'}) == (
        "TrainingFailed",
        'no "rows"\n🎉',
    )


def choice(*conditions: tuple[Any, str], default: str | None = None) -> dict[str, Any]:
    rules = [{"Condition": condition, "Next": target, "Output": condition} for condition, target in conditions]
    return {"Type": "Choice", "Choices": rules, **({"Default": default} if default else {})}


def test_the_first_rule_that_applies_is_taken(machines: Machines) -> None:
    state = choice(("{% $states.input.n > 5 %}", "Big"), ("{% $states.input.n > 1 %}", "Middle"), default="Small")
    definition = jsonata(
        ("Choose", state),
        *[(name, {"Type": "Pass", "Output": name, "End": True}) for name in ("Big", "Middle", "Small")],
    )

    assert [machines.output(definition, {"n": n}) for n in (9, 3, 1)] == ["Big", "Middle", "Small"]


def test_the_defaults_output_does_not_touch_a_rule_that_leads_to_the_same_state(machines: Machines) -> None:
    state = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.ready %}", "Next": "End", "Output": "rule"}],
        "Default": "End",
        "Output": "default",
    }
    definition = jsonata(("Choose", state), ("End", PASS))

    assert [machines.output(definition, {"ready": ready}) for ready in (True, False)] == ["rule", "default"]


def test_a_choice_without_default_names_what_is_missing(machines: Machines) -> None:
    definition = jsonata(("Choose", choice(("{% false %}", "End"))), ("End", PASS))

    assert machines.failure(definition)[0] == "States.NoChoiceMatched"


def test_a_condition_must_be_a_boolean(machines: Machines) -> None:
    definition = jsonata(("Choose", choice(("{% 'true' %}", "End"), default="End")), ("End", PASS))

    error, cause = machines.failure(definition)

    assert error == "States.QueryEvaluationError"
    assert "Expected 'boolean', but was 'string' for value: \"true\"" in cause


def test_parallel_gives_the_outputs_of_its_branches_in_order(machines: Machines) -> None:
    slow = part(
        ("Wait", {"Type": "Wait", "Seconds": 100}),
        ("First", {"Type": "Pass", "Output": ["first", "{% $outer %}"]}),
    )
    both = {"Type": "Parallel", "Branches": [slow, part_with_output("{% $states.input.x %}")]}

    output = machines.output(
        jsonata(("Keep", {"Type": "Pass", "Assign": {"outer": "seen"}}), ("Both", both)), {"x": "second"}
    )

    assert output == [["first", "seen"], "second"]


@pytest.mark.parametrize("error", ["Broken", "States.QueryEvaluationError"])
def test_parallel_fails_with_the_error_of_its_branch(machines: Machines, error: str) -> None:
    branches = {
        "Broken": part(("Fail", {"Type": "Fail", "Error": "Broken", "Cause": "why"})),
        "States.QueryEvaluationError": part_with_output("{% $missing %}"),
    }
    both = {"Type": "Parallel", "Branches": [branches[error], part_with_output(1)], "Catch": catch(error)}

    output = machines.output(jsonata(("Both", both), ("Caught", PASS)))

    assert output["Error"] == error


def test_an_inline_map_gives_its_outputs_in_order(machines: Machines) -> None:
    state = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemSelector": {"item": "{% $states.context.Map.Item.Value %}", "of": "{% $count($states.input.items) %}"},
        "MaxConcurrency": 2,
        "ItemProcessor": part_with_output("{% $string($states.input.item) & '/' & $string($states.input.of) %}"),
    }

    assert machines.output(jsonata(("Each", state)), {"items": [3, 1, 2]}) == ["3/3", "1/3", "2/3"]


def test_an_inline_map_retries_and_then_fails_with_the_items_error(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", FAILED)
    state = {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": part(("Call", invoke("f"))),
        "Retry": [{"ErrorEquals": ["FailedError"], "MaxAttempts": 2}],
        "Catch": catch("FailedError", output="{% $states.errorOutput.Error %}"),
    }

    output = machines.output(jsonata(("Each", state), ("Caught", PASS)))

    assert output == "FailedError"
    assert len(aws.requests) == 3


def test_a_jsonpath_workflow_still_runs(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", lambda payload: Answer({"echo": payload}))
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "f", "Payload": {"n.$": "$.n", "id.$": "$$.Execution.Name"}},
                "ResultSelector": {"n.$": "$.Payload.echo.n"},
                "ResultPath": "$.got",
                "Next": "Choose",
            },
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.got.n", "NumericGreaterThan": 1, "Next": "Big"}],
                "Default": "Small",
            },
            "Big": {"Type": "Pass", "Result": "big", "ResultPath": "$.size", "End": True},
            "Small": {"Type": "Pass", "End": True},
        },
    }

    assert machines.output(definition, {"n": 2}) == {"n": 2, "got": {"n": 2}, "size": "big"}


def test_a_refused_definition_leaves_no_trace_in_the_next(machines: Machines) -> None:
    broken = {
        "QueryLanguage": "JSONata",
        "StartAt": "Call",
        "States": {"Call": {"Type": "Pass", "Output": "{% $eval('1') %}", "ResultPath": "$.no", "End": True}},
    }
    with pytest.raises(ClientError, match="InvalidDefinition"):
        machines.create(broken)

    defaults_to_jsonpath = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a": 1}, "End": True}}}

    assert machines.output(defaults_to_jsonpath) == {"a": 1}
