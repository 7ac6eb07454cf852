"""Schedules fire when they are told to: as their role, for a time, and what fails is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.cloud.schedules import ScheduleError
from tests.unit.cloud.assemblies import resource, role, template, write_assembly

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:train"
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/failures"
MONDAY = datetime(2026, 10, 19, 3, tzinfo=UTC)


def schedule(name: str, *, to: Any = MACHINE, **target: Any) -> dict[str, Any]:
    return resource(
        "AWS::Scheduler::Schedule",
        {
            "Name": name,
            "ScheduleExpression": "rate(7 days)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "DISABLED" if name == "asleep" else "ENABLED",
            "Target": {
                "Arn": to,
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Input": '{"at":"<aws.scheduler.scheduled-time>","try":"<aws.scheduler.attempt-number>"}',
                **target,
            },
        },
    )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    definition = {"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}
    dead_letters = {"DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Failures", "Arn"]}}}
    resources = {
        "Role": role(RoleName="scheduler"),
        "Failures": resource("AWS::SQS::Queue", {"QueueName": "failures"}),
        "Machine": resource(
            "AWS::StepFunctions::StateMachine",
            {
                "StateMachineName": "train",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": json.dumps(definition),
            },
        ),
        "Weekly": schedule("weekly", to={"Ref": "Machine"}, **dead_letters),
        "Lost": schedule("lost", to=MACHINE + "ing", **dead_letters),
        "Forgotten": schedule("forgotten", to=MACHINE + "ing"),
        "Asleep": schedule("asleep"),
        "Other": schedule("other", to="arn:aws:lambda:us-east-1:123456789012:function:train"),
    }
    with EmbeddedCloud() as cloud:
        cloud.deploy(write_assembly(tmp_path_factory.mktemp("assembly"), {"shop": template(resources)}))
        yield cloud


def inputs(cloud: EmbeddedCloud) -> list[Any]:
    states = cloud.client("stepfunctions")
    started = states.list_executions(stateMachineArn=MACHINE)["executions"]
    return [json.loads(states.describe_execution(executionArn=each["executionArn"])["input"]) for each in started]


def failures(cloud: EmbeddedCloud) -> list[Any]:
    received = cloud.client("sqs").receive_message(QueueUrl=QUEUE, MessageAttributeNames=["All"])
    return list(received.get("Messages", []))


@pytest.mark.parametrize("at", [MONDAY, MONDAY.astimezone(timezone(timedelta(hours=2)))])
def test_the_target_is_started_as_the_schedules_role_with_the_time_in_utc(cloud: EmbeddedCloud, at: datetime) -> None:
    cloud.calls.clear()

    assert cloud.fire_schedule("weekly", at)

    (call,) = [call for call in cloud.calls if call.operation == "StartExecution"]
    assert call.caller.role_arn == "arn:aws:iam::123456789012:role/scheduler"
    assert {"at": "2026-10-19T03:00:00Z", "try": "1"} in inputs(cloud)


def test_what_the_target_refuses_is_in_the_dead_letter_queue_with_the_reason(cloud: EmbeddedCloud) -> None:
    assert not cloud.fire_schedule("lost", MONDAY)

    (message,) = failures(cloud)
    said = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"]) == {"at": "2026-10-19T03:00:00Z", "try": "1"}
    assert said["ERROR_CODE"] == "StateMachineDoesNotExist"
    assert said["SCHEDULED_TIME"] == "2026-10-19T03:00:00Z"
    assert said["TARGET_ARN"] == MACHINE + "ing"


def test_without_a_dead_letter_queue_the_log_alone_has_the_reason(
    cloud: EmbeddedCloud, caplog: pytest.LogCaptureFixture
) -> None:
    assert not cloud.fire_schedule("forgotten", MONDAY)

    assert failures(cloud) == []
    assert "StateMachineDoesNotExist" in caplog.text


@pytest.mark.parametrize(
    ("name", "at", "words"),
    [
        ("monthly", MONDAY, "there is no schedule monthly in the group default; there are: "),
        ("asleep", MONDAY, "the schedule asleep is disabled"),
        ("other", MONDAY, "only state machines are started here, not arn:aws:lambda"),
        ("weekly", MONDAY.replace(tzinfo=None), "no moment without a time zone"),
    ],
)
def test_what_cannot_be_fired_says_why(cloud: EmbeddedCloud, name: str, at: datetime, words: str) -> None:
    with pytest.raises(ScheduleError, match=words):
        cloud.fire_schedule(name, at)
