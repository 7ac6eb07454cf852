"""A state machine of a few states that EventBridge Scheduler starts: machine, log, schedule, and a role for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.permission import Permission, acknowledge, acknowledge_wildcard, allow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RETRIED = 30
_RETRIED_FOR = cdk.Duration.hours(6)
_KEPT_DAYS = 14


class Scheduled(Construct):
    """The state machine `name` and the schedule of the same name, whose role may start that machine alone.

    What the Scheduler cannot start in six hours goes to `dead_letters`. It starts a machine at least once for a time,
    so twice at times: the machine has to bear that.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        schedule: scheduler.ScheduleExpression,
        definition: Mapping[str, Any],
        permissions: Sequence[Permission],
        dead_letters: sqs.IQueue,
        given: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.state_machine = self._machine(name, definition, permissions)
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=name,
            description=str(definition["Comment"]),
            schedule=schedule,
            time_window=scheduler.TimeWindow.off(),
            target=targets.StepFunctionsStartExecution(
                self.state_machine,
                input=scheduler.ScheduleTargetInput.from_object(dict(given or {})),
                dead_letter_queue=dead_letters,
                retry_attempts=_RETRIED,
                max_event_age=_RETRIED_FOR,
                role=self._scheduler_role(),
            ),
        )

    def _machine(self, name: str, definition: Mapping[str, Any], permissions: Sequence[Permission]) -> sfn.StateMachine:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        allow(role, *permissions)
        machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(cdk.Stack.of(self).to_json_string(definition)),
            role=role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Logs",
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=logs.RetentionDays.ONE_MONTH,
                    removal_policy=cdk.RemovalPolicy.DESTROY,
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
        )
        acknowledge_wildcard(role, "*", "neither X-Ray nor the delivery of logs takes a resource")
        return machine

    def _scheduler_role(self) -> iam.Role:
        """Nobody else's Scheduler can be made to use it; the source that it names is the schedule's group."""
        stack = cdk.Stack.of(self)
        group = stack.format_arn(service="scheduler", resource="schedule-group", resource_name="default")
        ours = {"StringEquals": {"aws:SourceAccount": stack.account, "aws:SourceArn": group}}
        principal = iam.ServicePrincipal("scheduler.amazonaws.com").with_conditions(ours)
        return iam.Role(self, "SchedulerRole", assumed_by=principal)


def schedule_dead_letters(scope: Construct, *, project: str) -> sqs.Queue:
    """The queue `<project>-schedule-dead-letters` of what could not be started."""
    queue = sqs.Queue(
        scope,
        "ScheduleDeadLetters",
        queue_name=f"{project}-schedule-dead-letters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(_KEPT_DAYS),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    acknowledge(queue, "AwsSolutions-SQS3", "it is the dead-letter queue, of schedules and not of another queue")
    return queue
