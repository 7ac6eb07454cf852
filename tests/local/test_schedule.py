"""The schedules of the deployed stacks, fired: a run for each time, the age of its models, and nothing else allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tastemaker.cloud.permissions import Replay, policies_of_roles, replay
from tests.local.conftest import Engine

ACCOUNT = "123456789012"
MONDAY = datetime(2026, 10, 19, 3, tzinfo=UTC)
DEAD_LETTERS = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/example-shop-schedule-dead-letters"


@pytest.fixture(scope="module")
def fired(engine: Engine) -> Engine:
    """An engine whose retrain fired twice for one time, at once and after the run, and whose age was measured."""
    engine.load([(f"user-{n % 40}", f"item-{n % 30}", 1_700_000_000 + n, "View") for n in range(1200)])
    for _ in range(2):
        assert engine.cloud.fire_schedule("example-shop-retrain", MONDAY)
    for execution in engine.executions("retrain"):
        engine.end_of(execution)
    for execution in engine.executions("pipeline"):
        engine.end_of(execution)
    assert engine.cloud.fire_schedule("example-shop-retrain", MONDAY)
    assert engine.cloud.fire_schedule("example-shop-run-age", MONDAY)
    for machine in ("retrain", "run-age"):
        for execution in engine.executions(machine):
            assert engine.end_of(execution)["status"] == "SUCCEEDED"
    return engine


def test_a_time_for_which_the_schedule_fires_again_and_again_is_one_run_of_the_pipeline(fired: Engine) -> None:
    assert len(fired.executions("retrain")) == 3
    (run,) = fired.executions("pipeline")
    assert run.endswith(":example-shop-pipeline:retrain-2026-10-19T03-00-00Z")
    assert fired.end_of(run)["status"] == "SUCCEEDED"


def test_the_age_of_the_models_that_serve_is_a_metric(fired: Engine) -> None:
    answer = fired.cloud.client("cloudwatch").get_metric_statistics(
        Namespace="Tastemaker",
        MetricName="RunAge",
        Dimensions=[{"Name": "Project", "Value": "example-shop"}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=3600,
        Statistics=["Maximum"],
    )
    (point,) = answer["Datapoints"]
    assert 0 <= point["Maximum"] < 600


@pytest.fixture(scope="module")
def replayed(fired: Engine) -> Replay:
    return replay(fired.cloud.calls, policies_of_roles(ACCOUNT))


def test_every_call_is_allowed_by_the_policy_of_whoever_made_it(replayed: Replay) -> None:
    assert replayed.denied == ()


def test_schedules_and_what_they_start_are_allowed_nothing_that_they_do_not_use(replayed: Replay) -> None:
    by_aws = ("logs:", "xray:")
    unused = {
        unused.action
        for unused in replayed.unused
        if ("Retrain" in unused.role_arn or "RunAge" in unused.role_arn) and not unused.action.startswith(by_aws)
    }
    # until a schedule cannot start its machine
    assert unused == {"sqs:SendMessage"}


def test_a_schedule_that_cannot_start_its_machine_leaves_the_reason_in_the_dead_letter_queue(fired: Engine) -> None:
    states, sqs = fired.cloud.client("stepfunctions"), fired.cloud.client("sqs")
    retrain = fired.outputs["StateMachineArn"].removesuffix("pipeline") + "retrain"
    fired.cloud.calls.clear()
    states.delete_state_machine(stateMachineArn=retrain)

    assert not fired.cloud.fire_schedule("example-shop-retrain", MONDAY + timedelta(days=7))

    (message,) = sqs.receive_message(QueueUrl=DEAD_LETTERS, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == '{"scheduledTime":"2026-10-26T03:00:00Z"}'
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"
    assert replay(fired.cloud.calls, policies_of_roles(ACCOUNT)).denied == ()
