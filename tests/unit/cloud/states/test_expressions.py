"""JSONata on Step Functions."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.cloud.states.interpreter import Answer, FakeAws, Machines, invoke, jsonata, output_of

AWKWARD = [
    'a "quoted" word',
    '" & "X',
    "line\nbreak\ttab",
    "back\\slash \\n",
    "emoji 🎉 and ünïcode",
    "{% $states.input %}",
    "{%",
    "%}",
    "$uuid()",
    "'single' `tick`",
    "",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_a_string_passes_through_variables_and_expressions_as_it_is(machines: Machines, text: str) -> None:
    definition = jsonata(
        ("Keep", {"Type": "Pass", "Assign": {"kept": "{% $states.input.text %}"}}),
        ("Use", {"Type": "Pass", "Output": {"text": "{% $kept %}", "longer": "{% $kept & '!' %}"}}),
    )

    assert machines.output(definition, {"text": text}) == {"text": text, "longer": text + "!"}


@pytest.mark.parametrize("text", AWKWARD)
def test_the_history_shows_an_assigned_string_as_json(machines: Machines, text: str) -> None:
    execution = machines.start(
        jsonata(("Keep", {"Type": "Pass", "Assign": {"kept": "{% $states.input.text %}"}})), {"text": text}
    )
    machines.end_of(execution)

    (left,) = [event for event in machines.history(execution) if event["type"] == "PassStateExited"]
    assigned = left["stateExitedEventDetails"]["assignedVariables"]
    assert {name: json.loads(value) for name, value in assigned.items()} == {"kept": text}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([], 2)", []),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 0, -2)", [3, 1]),
        ("$range(1, 0, 1)", []),
        ("$range(0, 1, 0.25)", [0, 0.25, 0.5, 0.75, 1]),
        ("$hash('abc', 'SHA-1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("$hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$parse('{\"a\": [1, null]}').a[1]", None),
        ("$random(42) = $random(42)", True),
        ("$random(42) = $random(43)", False),
        ("$random() < 1 and $random() >= 0", True),
        ("6 / 2", 3),
        ("$states.input.three", 3),
        ("$string($states.input.three)", "3"),
        ("$states.input.nothing", None),
        ("$exists($states.input.nothing)", True),
        ("$states.input.nothing = null", True),
        ("[]", []),
        ("$states.input.list[$ > 1]", [2, 3]),
        ("$merge([{'a': 1}, {'b': $states.input.nothing}])", {"a": 1, "b": None}),
        ("$states.context.State.Name", "Only"),
    ],
)
def test_an_expression_has_the_value_it_has_on_aws(machines: Machines, expression: str, value: Any) -> None:
    given = {"three": 3.0, "nothing": None, "list": [1, 2, 3]}

    assert machines.output(output_of({"value": f"{{% {expression} %}}"}), given) == {"value": value}


def test_uuid_is_a_random_uuid(machines: Machines) -> None:
    first, second = machines.output(output_of(["{% $uuid() %}", "{% $uuid() %}"]))

    assert uuid.UUID(first).version == 4
    assert first != second


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("$states.input.missing", "returned nothing (undefined)."),
        ("$unassigned", "returned nothing (undefined)."),
        ("$states.result", "returned nothing (undefined)."),
        ("$states.errorOutput.Error", "returned nothing (undefined)."),
        ("$eval('1')", "threw an error during evaluation."),
        ("1 + 'a'", "threw an error during evaluation. T2002"),
        ("1 / 0", "threw an error during evaluation."),
        ("1 +", "threw an error during evaluation."),
        ("$parse('{')", "threw an error during evaluation."),
        ("$hash('abc', 'CRC')", "the algorithm must be one of MD5"),
        ("$range(0, 1, 0)", "the step must not be 0"),
        ("$partition([1], 0)", "must be a positive whole number"),
        ("$uppercase", "returned an unsupported result type."),
    ],
)
def test_an_expression_without_a_value_fails_the_state(machines: Machines, expression: str, reason: str) -> None:
    error, cause = machines.failure(output_of({"value": f"{{% {expression} %}}"}))

    assert error == "States.QueryEvaluationError"
    assert "An error occurred while executing the state 'Only'" in cause
    assert f"The JSONata expression '{expression}'" in cause
    assert reason in cause


def test_a_failed_evaluation_is_one_event_of_the_history(machines: Machines) -> None:
    execution = machines.start(output_of("{% $states.input.missing %}"))
    machines.end_of(execution)

    assert [event["type"] for event in machines.history(execution)] == [
        "ExecutionStarted",
        "PassStateEntered",
        "EvaluationFailed",
        "ExecutionFailed",
    ]


def test_a_task_catches_arguments_that_do_not_evaluate(machines: Machines) -> None:
    task = invoke("f", "{% $states.input.missing %}")
    caught = [
        {"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught", "Output": "{% $states.errorOutput.Error %}"}
    ]

    output = machines.output(jsonata(("Call", {**task, "Catch": caught}), ("Caught", {"Type": "Pass"})))

    assert output == "States.QueryEvaluationError"


def test_the_output_of_a_state_sees_the_variables_from_before_its_assign(machines: Machines) -> None:
    definition = jsonata(
        ("First", {"Type": "Pass", "Assign": {"count": 1}}),
        ("Second", {"Type": "Pass", "Assign": {"count": "{% $count + 1 %}"}, "Output": "{% $count %}"}),
        ("Third", {"Type": "Pass", "Output": ["{% $states.input %}", "{% $count %}"]}),
    )

    assert machines.output(definition) == [1, 2]


def test_a_task_sees_its_input_beside_its_result(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", Answer({"doubled": 4}))
    definition = jsonata(
        ("Call", invoke("f", Output={"given": "{% $states.input.n %}", "got": "{% $states.result.Payload.doubled %}"}))
    )

    assert machines.output(definition, {"n": 2}) == {"given": 2, "got": 4}


def test_now_is_the_time_of_the_executions_clock(machines: Machines) -> None:
    definition = jsonata(
        ("Before", {"Type": "Pass", "Assign": {"before": "{% $millis() %}"}}),
        ("Wait", {"Type": "Wait", "Seconds": 90}),
        ("After", {"Type": "Pass", "Output": ["{% $millis() - $before %}", "{% $now() %}"]}),
    )

    assert machines.output(definition) == [90_000, "2023-11-14T22:14:50.000Z"]


def test_a_definition_may_hold_any_text(machines: Machines) -> None:
    assert machines.output(output_of({"text": 'a "b"\n\\c 🎉'})) == {"text": 'a "b"\n\\c 🎉'}


def test_a_broken_definition_is_refused(machines: Machines) -> None:
    with pytest.raises(ClientError) as refused:
        machines.create('{"StartAt": "A", "States": {"A": {"Type": "Paz"}}}')

    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
