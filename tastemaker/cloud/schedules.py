"""Fires deployed schedules as EventBridge Scheduler does: the target started as the schedule's role, failures kept.

A schedule fires when `fire` is called; nothing here waits for the time to come. A call that fails is not repeated: on
AWS that goes on for hours, and then ends where this ends at once, in the dead-letter queue.
"""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tastemaker.cloud.clients import Clients
    from tastemaker.cloud.identity import Identities

_log = logging.getLogger(__name__)


class ScheduleError(Exception):
    """The schedule can't be fired here; the message says why."""


class Schedules:
    """The schedules that the endpoint knows of."""

    def __init__(self, clients: Clients, identities: Identities) -> None:
        self._clients = clients
        self._identities = identities

    def fire(self, name: str, at: datetime, *, group: str = "default") -> bool:
        """Fire the schedule for the time `at`; whether its target took it. Raises `ScheduleError`.

        What the target refuses is in the schedule's dead-letter queue then, and in the log where it has none.
        """
        if at.tzinfo is None:
            raise ScheduleError(f"{name}: {at} is no moment without a time zone; give it one, such as UTC")
        schedule = self._schedule(name, group)
        target = schedule["Target"]
        # an execution id is Scheduler's own for an attempt, so it differs where the time is the same
        attempt = {
            "schedule-arn": schedule["Arn"],
            "scheduled-time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "execution-id": str(uuid.uuid4()),
            "attempt-number": "1",
        }
        given = _with_context(target.get("Input", "{}"), attempt)
        try:
            self._start(target, given)
        except (ClientError, BotoCoreError) as error:
            self._give_up(target, given, attempt, error)
            return False
        return True

    def _schedule(self, name: str, group: str) -> dict[str, Any]:
        scheduler = self._clients.client("scheduler")
        try:
            schedule: dict[str, Any] = scheduler.get_schedule(Name=name, GroupName=group)
        except scheduler.exceptions.ResourceNotFoundException as error:
            known = ", ".join(each["Name"] for each in scheduler.list_schedules()["Schedules"]) or "none"
            raise ScheduleError(f"there is no schedule {name} in the group {group}; there are: {known}") from error
        if schedule["State"] != "ENABLED":
            raise ScheduleError(f"the schedule {name} is {schedule['State'].lower()}: it never fires")
        if ":stateMachine:" not in schedule["Target"]["Arn"]:
            raise ScheduleError(f"{name}: only state machines are started here, not {schedule['Target']['Arn']}")
        return schedule

    def _start(self, target: Mapping[str, Any], given: str) -> None:
        states = self._as_role("stepfunctions", target)
        states.start_execution(stateMachineArn=target["Arn"], input=given)

    def _give_up(
        self, target: Mapping[str, Any], given: str, attempt: Mapping[str, str], error: ClientError | BotoCoreError
    ) -> None:
        response = error.response["Error"] if isinstance(error, ClientError) else {}
        code, message = response.get("Code", type(error).__name__), response.get("Message", str(error))
        _log.warning("%s could not start %s: %s: %s", attempt["schedule-arn"], target["Arn"], code, message)
        if "DeadLetterConfig" not in target:
            return
        attributes = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message,
            "EXECUTION_ID": attempt["execution-id"],
            "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": "0",
            "SCHEDULED_TIME": attempt["scheduled-time"],
            "SCHEDULE_ARN": attempt["schedule-arn"],
            "TARGET_ARN": target["Arn"],
        }
        region, account, queue = target["DeadLetterConfig"]["Arn"].split(":")[3:6]
        self._as_role("sqs", target).send_message(
            QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{queue}",
            MessageBody=given,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def _as_role(self, service: str, target: Mapping[str, Any]) -> Any:
        return self._clients.client(service, self._identities.credentials_for(target["RoleArn"]))


def _with_context(given: str, attempt: Mapping[str, str]) -> str:
    for name, value in attempt.items():
        given = given.replace(f"<aws.scheduler.{name}>", value)
    return given
