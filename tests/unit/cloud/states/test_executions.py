"""Executions by the API: names, ends, descriptions, histories."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.unit.cloud.states.interpreter import Machines, WatchedClock, jsonata, output_of

FOREVER = jsonata(("Wait", {"Type": "Wait", "Seconds": 10**6}))


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_unnamed_execution_gets_a_uuid(machines: Machines) -> None:
    first = machines.run(output_of("{% $states.context.Execution.Name %}"))

    assert json.loads(first["output"]) == first["name"]
    assert first["name"] == str(uuid.UUID(first["name"]))
    assert first["executionArn"].endswith(f":execution:machine-1:{first['name']}")


def test_unnamed_executions_do_not_collide(machines: Machines) -> None:
    arn = machines.create(output_of(1))

    names = {machines.client.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(3)}

    assert len(names) == 3
    assert {machines.end_of(name)["status"] for name in names} == {"SUCCEEDED"}


def test_the_same_name_and_input_while_it_runs_is_the_same_execution(watched: Machines, clock: WatchedClock) -> None:
    arn = watched.create(FOREVER)
    first = watched.client.start_execution(stateMachineArn=arn, name="weekly", input='{"a": 1}')
    clock.someone_waits()

    again = watched.client.start_execution(stateMachineArn=arn, name="weekly", input='{"a": 1}')

    assert again["executionArn"] == first["executionArn"]
    assert again["startDate"] == first["startDate"]
    watched.client.stop_execution(executionArn=first["executionArn"])


def test_the_same_name_with_another_input_is_refused(watched: Machines, clock: WatchedClock) -> None:
    arn = watched.create(FOREVER)
    first = watched.client.start_execution(stateMachineArn=arn, name="weekly", input='{"a": 1}')
    clock.someone_waits()

    with pytest.raises(ClientError) as refused:
        watched.client.start_execution(stateMachineArn=arn, name="weekly", input='{"a": 2}')

    assert code(refused) == "ExecutionAlreadyExists"
    watched.client.stop_execution(executionArn=first["executionArn"])


def test_the_name_of_a_closed_execution_is_refused(machines: Machines) -> None:
    arn = machines.create(output_of(1))
    machines.end_of(machines.client.start_execution(stateMachineArn=arn, name="weekly")["executionArn"])

    with pytest.raises(ClientError) as refused:
        machines.client.start_execution(stateMachineArn=arn, name="weekly")

    assert code(refused) == "ExecutionAlreadyExists"


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"name": "a b"}, "InvalidName"), ({"input": "{"}, "InvalidExecutionInput")],
)
def test_what_cannot_be_started_is_refused(machines: Machines, options: dict[str, str], expected: str) -> None:
    arn = machines.create(output_of(1))

    with pytest.raises(ClientError) as refused:
        machines.client.start_execution(stateMachineArn=arn, **options)

    assert code(refused) == expected


@pytest.mark.parametrize("output", ["text", None, 3, {"a": "🎉"}, []])
def test_an_output_is_described_as_json(machines: Machines, output: object) -> None:
    assert machines.output(output_of(output)) == output


def test_a_running_execution_is_described_without_an_end(watched: Machines, clock: WatchedClock) -> None:
    execution = watched.start(FOREVER, {"text": "🎉"})
    clock.someone_waits()

    description = watched.client.describe_execution(executionArn=execution)

    assert description["status"] == "RUNNING"
    assert json.loads(description["input"]) == {"text": "🎉"}
    assert not {"stopDate", "output", "error", "cause"} & set(description)
    watched.client.stop_execution(executionArn=execution)


def test_stopping_what_has_ended_changes_nothing(machines: Machines) -> None:
    execution = machines.start(output_of(1))
    ended = machines.end_of(execution)

    stopped = machines.client.stop_execution(executionArn=execution)

    assert stopped["stopDate"] == ended["stopDate"]
    assert machines.end_of(execution)["status"] == "SUCCEEDED"


def test_the_history_comes_in_pages_and_from_its_end(machines: Machines) -> None:
    states = [(f"S{n}", {"Type": "Pass"}) for n in range(5)]
    execution = machines.start(jsonata(*states))
    machines.end_of(execution)
    pages = machines.client.get_paginator("get_execution_history")

    forward = [page["events"] for page in pages.paginate(executionArn=execution, PaginationConfig={"PageSize": 5})]
    (last,) = machines.client.get_execution_history(executionArn=execution, maxResults=1, reverseOrder=True)["events"]

    assert [len(events) for events in forward] == [5, 5, 2]
    assert [event["id"] for events in forward for event in events] == list(range(1, 13))
    assert last["type"] == "ExecutionSucceeded"


def test_the_events_of_the_history_have_times(machines: Machines) -> None:
    execution = machines.start(jsonata(("Wait", {"Type": "Wait", "Seconds": 30}), ("End", {"Type": "Succeed"})))
    machines.end_of(execution)

    times = {event["type"]: event["timestamp"] for event in machines.history(execution)}

    assert (times["WaitStateExited"] - times["WaitStateEntered"]).total_seconds() == 30


def test_a_made_up_token_of_a_page_is_refused(machines: Machines) -> None:
    execution = machines.start(output_of(1))
    machines.end_of(execution)

    with pytest.raises(ClientError) as refused:
        machines.client.get_execution_history(executionArn=execution, nextToken="no token")

    assert code(refused) == "InvalidToken"


def test_executions_are_listed_by_status(machines: Machines) -> None:
    arn = machines.create(output_of("{% $states.input.x %}"))
    for given in ('{"x": 1}', "{}"):
        machines.end_of(machines.client.start_execution(stateMachineArn=arn, input=given)["executionArn"])

    failed = machines.client.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]

    assert [execution["status"] for execution in failed] == ["FAILED"]


def test_times_in_the_context_are_in_utc_with_milliseconds(machines: Machines) -> None:
    start, entered = machines.output(
        output_of(["{% $states.context.Execution.StartTime %}", "{% $states.context.State.EnteredTime %}"])
    )

    assert re.fullmatch(r"2023-11-14T22:13:20\.000Z", start)
    assert re.fullmatch(r"2023-11-14T22:13:20\.000Z", entered)


def test_a_running_execution_keeps_the_definition_it_began_with(watched: Machines, clock: WatchedClock) -> None:
    arn = watched.create(jsonata(("Wait", {"Type": "Wait", "Seconds": 5}), ("End", {"Type": "Pass", "Output": "old"})))
    execution = watched.client.start_execution(stateMachineArn=arn)["executionArn"]
    clock.someone_waits()

    watched.client.update_state_machine(stateMachineArn=arn, definition=json.dumps(output_of("new")))
    clock.advance(5)

    assert watched.end_of(execution)["output"] == '"old"'
