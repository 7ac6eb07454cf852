"""One run at a time: who gets the lease, and when it is given back."""

from __future__ import annotations

import json
from typing import Any

from tests.cloud.world import World, raised
from tests.unit.cloud.states.interpreter import jsonata

Json = Any


def test_the_lease_is_held_during_a_run_and_given_back_after_it(world: World, workflow: Json) -> None:
    held: list[Json] = []
    world.meanwhile("publish", lambda: held.append(world.lease()))
    execution = world.machines.start(workflow, name="run-1")

    world.machines.end_of(execution)

    (lease,) = held
    assert (lease["holder"], lease["runId"]) == (execution, "run-1")
    assert int(lease["expiresAt"]) > world.machines.end_of(execution)["startDate"].timestamp()
    assert world.lease() is None


def test_the_lease_is_given_back_after_a_failure(world: World, workflow: Json) -> None:
    world.steps["datasetGroup"] = lambda _: raised("InvalidError", "no")

    world.machines.failure(workflow)

    assert world.lease() is None


def test_the_lease_is_given_back_after_an_error_of_the_workflow_itself(world: World, workflow: Json) -> None:
    world.steps["campaign"] = lambda _: {"campaignArn": "arn:campaign"}

    error, _ = world.machines.failure(workflow)

    assert error == "States.QueryEvaluationError"
    assert world.lease() is None


def test_a_second_run_fails_and_names_the_first(world: World, workflow: Json) -> None:
    second: list[tuple[str, str]] = []
    world.meanwhile("manifest", lambda: second.append(world.machines.failure(workflow)))

    first = world.machines.start(workflow)

    assert world.machines.end_of(first)["status"] == "SUCCEEDED"
    ((error, cause),) = second
    assert error == "AlreadyRunning"
    assert first in cause
    assert len(world.payloads("manifest")) == 1


def test_the_lease_of_an_execution_that_was_stopped_is_taken_over(world: World, workflow: Json) -> None:
    stopped = world.machines.start(jsonata(("Stop", {"Type": "Fail", "Error": "Stopped", "Cause": "by hand"})))
    world.machines.end_of(stopped)
    world.hold_lease(stopped)

    assert world.machines.run(workflow)["status"] == "SUCCEEDED"
    assert world.lease() is None


def test_the_lease_of_a_forgotten_execution_is_taken_over(world: World, workflow: Json) -> None:
    world.hold_lease("arn:aws:states:us-east-1:123456789012:execution:example-shop-pipeline:long-ago")

    assert world.machines.run(workflow)["status"] == "SUCCEEDED"


def test_a_lease_that_has_run_out_is_taken(world: World, workflow: Json) -> None:
    world.hold_lease("arn:aws:states:us-east-1:123456789012:execution:other:run", expires_at=1)

    assert world.machines.run(workflow)["status"] == "SUCCEEDED"


def test_a_run_that_lost_its_lease_leaves_the_new_holder_alone(world: World, workflow: Json) -> None:
    world.meanwhile("publish", lambda: world.hold_lease("somebody-else"))

    output = json.loads(world.machines.run(workflow)["output"])

    assert output["models"].keys() == {"for-you"}
    assert world.lease()["holder"] == "somebody-else"
