"""The stack that watches: alarms, the dashboard, and the age of what is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_scheduler as scheduler

from stacks.constructs.alarms import Alarms, age_of_oldest, depth
from stacks.constructs.permission import Permission
from stacks.constructs.scheduled import Scheduled
from stacks.workflow import run_age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lambdas.common.config import Config
    from stacks.api import ApiStack
    from stacks.data import DataStack
    from stacks.pipeline import PipelineStack

_FIVE_MINUTES = cdk.Duration.minutes(5)
_AGE_PERIOD = cdk.Duration.hours(6)
_DAY_SECONDS = 24 * 3600
_WIDTH = 12


@dataclass(frozen=True)
class WatchedQueue:
    """A queue that a function empties, and where what it gives up goes."""

    name: str
    queue: sqs.IQueue
    dead_letters: sqs.IQueue


class MonitoringStack(cdk.Stack):
    """Alarms for what nobody sees by looking at an answer, all told to the topic of outcomes."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        data: DataStack,
        pipeline: PipelineStack,
        api: ApiStack,
        queues: Sequence[WatchedQueue] = (),
    ) -> None:
        super().__init__(scope, construct_id, description=f"Tastemaker {config.project}: alarms and dashboard")
        self._config = config
        self._pipeline = pipeline
        self._api = api
        self._queues = queues
        self._run_age = self._measure_age(data)
        self._alarms = Alarms(self, "Alarms", project=config.project, topic=pipeline.outcomes.topic)
        self._watch_api()
        self._watch_runs()
        self._watch_queues()
        self._dashboard()

    def _measure_age(self, data: DataStack) -> Scheduled:
        project = self._config.project
        return Scheduled(
            self,
            "RunAge",
            name=f"{project}-run-age",
            schedule=scheduler.ScheduleExpression.rate(_AGE_PERIOD),
            definition=run_age.definition(
                project=project, partition=cdk.Aws.PARTITION, engine_table=data.engine.table_name
            ),
            permissions=[
                Permission(["dynamodb:GetItem"], [data.engine.table_arn]),
                Permission(
                    ["cloudwatch:PutMetricData"],
                    ["*"],
                    inexact_because="the operation takes no resource; the condition names the namespace",
                    conditions={"StringEquals": {"cloudwatch:namespace": run_age.NAMESPACE}},
                ),
            ],
            dead_letters=self._pipeline.schedule_dead_letters,
        )

    def _watch_api(self) -> None:
        bounds = self._config.alarms
        self._alarms.above(
            "api-slow",
            f"one API request in a hundred takes longer than {bounds.api_p99_milliseconds} ms",
            self._latency("p99"),
            bounds.api_p99_milliseconds,
            periods=3,
            of_periods=3,
        )
        self._alarms.above(
            "api-errors",
            f"over {bounds.api_error_percent} % of the API's requests are answered with a 5xx",
            self._error_percent(),
            bounds.api_error_percent,
            periods=2,
            of_periods=3,
        )
        for kind, metric in self._function_failures():
            self._alarms.whenever(f"function-{kind}", f"{kind} of a function behind the API: see its log", metric)

    def _watch_runs(self) -> None:
        for outcome, metric in self._failed_runs():
            self._alarms.whenever(f"run-{outcome}", f"a run of the pipeline {outcome.replace('-', ' ')}", metric)
        for scheduled, name in ((self._pipeline.retrain, "retrain"), (self._run_age, "run-age")):
            self._alarms.whenever(
                f"{name}-failed",
                f"the state machine {self._config.project}-{name} failed: see its executions",
                scheduled.state_machine.metric_failed(statistic="Sum", period=_FIVE_MINUTES),
            )
        days = self._config.alarms.run_age_days
        self._alarms.above(
            "run-overdue",
            f"no run has succeeded for {days} days: the models that serve are older than that",
            self._age(),
            days * _DAY_SECONDS,
            # between two measurements nothing has changed
            missing=cloudwatch.TreatMissingData.IGNORE,
        )

    def _watch_queues(self) -> None:
        self._alarms.of_dead_letters("schedule", self._pipeline.schedule_dead_letters)
        for watched in self._queues:
            self._alarms.of_queue(watched.name, watched.queue, watched.dead_letters)

    def _latency(self, statistic: str) -> cloudwatch.Metric:
        return self._api.http_api.metric_latency(statistic=statistic, period=_FIVE_MINUTES, label=statistic)

    def _error_percent(self) -> cloudwatch.MathExpression:
        api = self._api.http_api
        return cloudwatch.MathExpression(
            expression="100 * refused / requests",
            using_metrics={
                "refused": api.metric_server_error(statistic="Sum", period=_FIVE_MINUTES),
                "requests": api.metric_count(statistic="SampleCount", period=_FIVE_MINUTES),
            },
            period=_FIVE_MINUTES,
            label="5xx, % of requests",
        )

    def _function_failures(self) -> list[tuple[str, cloudwatch.IMetric]]:
        """What callers of the API see as an error, or not at all where the function is tried again."""
        functions = self._api.functions
        errors = [function.metric_errors(statistic="Sum", period=_FIVE_MINUTES) for function in functions]
        throttles = [function.metric_throttles(statistic="Sum", period=_FIVE_MINUTES) for function in functions]
        return [("errors", _total("errors", errors)), ("throttles", _total("throttles", throttles))]

    def _failed_runs(self) -> list[tuple[str, cloudwatch.Metric]]:
        machine = self._pipeline.workflow.state_machine
        return [
            (outcome, metric(statistic="Sum", period=_FIVE_MINUTES, label=outcome.replace("-", " ")))
            for outcome, metric in (
                ("failed", machine.metric_failed),
                ("timed-out", machine.metric_timed_out),
                ("was-stopped", machine.metric_aborted),
            )
        ]

    def _age(self) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=run_age.NAMESPACE,
            metric_name=run_age.METRIC,
            dimensions_map={run_age.DIMENSION: self._config.project},
            statistic="Maximum",
            period=_AGE_PERIOD,
            label="seconds since the last run that succeeded",
        )

    def _dashboard(self) -> None:
        machine = self._pipeline.workflow.state_machine
        succeeded = machine.metric_succeeded(statistic="Sum", period=_FIVE_MINUTES, label="succeeded")
        age_days = cloudwatch.MathExpression(
            expression=f"age / {_DAY_SECONDS}", using_metrics={"age": self._age()}, period=_AGE_PERIOD, label="days"
        )
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self._config.project,
            default_interval=cdk.Duration.days(7),
            widgets=[
                [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self._alarms.all, width=24, height=4)],
                [
                    _graph("API latency, ms", *(self._latency(each) for each in ("p50", "p90", "p99"))),
                    _graph("API errors", self._error_percent(), *(metric for _, metric in self._function_failures())),
                ],
                [
                    _graph("Runs", succeeded, *(metric for _, metric in self._failed_runs())),
                    _graph("Age of the models that serve, days", age_days),
                ],
                [
                    _graph("Schedules that could not start", depth(self._pipeline.schedule_dead_letters)),
                    *(_queue_graph(watched) for watched in self._queues),
                ],
            ],
        )


def _total(label: str, metrics: list[cloudwatch.Metric]) -> cloudwatch.IMetric:
    parts: dict[str, cloudwatch.IMetric] = {f"{label}{number}": metric for number, metric in enumerate(metrics)}
    return cloudwatch.MathExpression(
        expression=f"SUM([{', '.join(parts)}])", using_metrics=parts, period=_FIVE_MINUTES, label=label
    )


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(metrics), width=_WIDTH, left_y_axis=cloudwatch.YAxisProps(min=0)
    )


def _queue_graph(watched: WatchedQueue) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=f"Queue {watched.name}: seconds, and dead letters",
        left=[age_of_oldest(watched.queue)],
        right=[depth(watched.dead_letters)],
        width=_WIDTH,
    )
