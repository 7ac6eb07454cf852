"""The weekly retrain: a run for each scheduled time, however often the schedule fires for it."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.workflow import retrain
from tests.unit.cloud.states.interpreter import Machines, output_of

Json = Any
WHEN = {"scheduledTime": "2026-10-19T03:00:00Z"}


@pytest.fixture
def pipeline(machines: Machines) -> str:
    return machines.create(output_of("{% $states.input %}"))


def retraining(pipeline: str) -> Json:
    return retrain.definition(project="example-shop", partition="aws", pipeline=pipeline)


def runs(machines: Machines, pipeline: str) -> list[str]:
    page = machines.client.list_executions(stateMachineArn=pipeline)
    return [execution["name"] for execution in page["executions"]]


def test_a_run_is_named_after_the_scheduled_time_and_gets_what_the_schedule_gives(
    machines: Machines, pipeline: str
) -> None:
    machines.output(retraining(pipeline), {**WHEN, "pollSeconds": 5})

    assert runs(machines, pipeline) == ["retrain-2026-10-19T03-00-00Z"]
    execution = pipeline.replace(":stateMachine:", ":execution:") + ":retrain-2026-10-19T03-00-00Z"
    assert machines.end_of(execution)["input"] == '{"scheduledTime":"2026-10-19T03:00:00Z","pollSeconds":5}'


def test_the_same_time_twice_is_one_run_and_the_second_start_succeeds(machines: Machines, pipeline: str) -> None:
    definition = retraining(pipeline)
    machines.output(definition, WHEN)
    machines.end_of(pipeline.replace(":stateMachine:", ":execution:") + ":retrain-2026-10-19T03-00-00Z")

    assert machines.run(definition, WHEN)["status"] == "SUCCEEDED"
    assert runs(machines, pipeline) == ["retrain-2026-10-19T03-00-00Z"]


def test_another_time_is_another_run(machines: Machines, pipeline: str) -> None:
    for time in ("2026-10-19T03:00:00Z", "2026-10-26T03:00:00Z"):
        machines.output(retraining(pipeline), {"scheduledTime": time})

    assert sorted(runs(machines, pipeline)) == ["retrain-2026-10-19T03-00-00Z", "retrain-2026-10-26T03-00-00Z"]


def test_a_start_that_is_refused_otherwise_is_tried_again_and_then_fails(machines: Machines) -> None:
    nowhere = "arn:aws:states:us-east-1:123456789012:stateMachine:nowhere"

    execution = machines.start(retraining(nowhere), WHEN)

    assert machines.end_of(execution)["error"] == "Sfn.StateMachineDoesNotExistException"
    tries = [e for e in machines.history(execution) if e["type"] == "TaskFailed"]
    assert len(tries) == 7
