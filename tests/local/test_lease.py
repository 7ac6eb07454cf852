"""One run at a time, and nobody waits for a run that was stopped."""

from __future__ import annotations

import json
from typing import Any

from tests.local.conftest import Engine


def start(engine: Engine, name: str) -> str:
    states = engine.cloud.client("stepfunctions")
    arn: str = states.start_execution(
        # the long pause keeps the run at its first await for as long as the test wants
        stateMachineArn=engine.outputs["StateMachineArn"],
        name=name,
        input=json.dumps({"pollSeconds": 600}),
    )["executionArn"]
    return arn


def lease(engine: Engine) -> dict[str, Any] | None:
    answer = engine.cloud.client("dynamodb").get_item(
        TableName=engine.outputs["EngineTable"], Key={"key": {"S": "lease"}}
    )
    item: dict[str, Any] | None = answer.get("Item")
    return item


def test_a_second_run_is_told_who_runs_and_the_lease_of_a_stopped_one_is_taken_over(engine: Engine) -> None:
    engine.load([(f"user-{n % 40}", f"item-{n % 30}", 1_700_000_000 + n, "View") for n in range(1200)])
    states = engine.cloud.client("stepfunctions")
    holder = start(engine, "holder")
    while lease(engine) is None:
        assert states.describe_execution(executionArn=holder)["status"] == "RUNNING"

    second = engine.run("second")
    assert (second["status"], second["error"]) == ("FAILED", "AlreadyRunning")
    assert holder in second["cause"]

    states.stop_execution(executionArn=holder)
    third = engine.run("third")
    assert third["status"] == "SUCCEEDED", third
    assert lease(engine) is None
