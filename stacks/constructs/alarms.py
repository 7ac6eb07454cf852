"""Alarms as every alarm here is: named, said in words, and told to the topic of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns

_STUCK_SECONDS = 15 * 60


class Alarms(Construct):
    """The alarms of a project, in the order in which they were added."""

    def __init__(self, scope: Construct, construct_id: str, *, project: str, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._project = project
        self._action = actions.SnsAction(topic)
        self.all: list[cloudwatch.Alarm] = []

    def above(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        *,
        periods: int = 1,
        of_periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        """The alarm `<project>-<name>` when `metric` is above `threshold` in `periods` of the last `of_periods`.

        Its end is told too.
        """
        alarm = self._alarm(name, description, metric, threshold, periods, of_periods, missing)
        alarm.add_ok_action(self._action)

    def whenever(self, name: str, description: str, metric: cloudwatch.IMetric) -> None:
        """The alarm `<project>-<name>` for a happening, which has no end that could be told."""
        self._alarm(name, description, metric, 0, 1, 1, cloudwatch.TreatMissingData.NOT_BREACHING)

    def of_queue(self, name: str, queue: sqs.IQueue, dead_letters: sqs.IQueue) -> None:
        """The alarms of a queue that a function empties: its oldest message, and what was given up."""
        self.above(
            f"{name}-stuck",
            f"messages wait in the queue {name} for over {_STUCK_SECONDS // 60} minutes: look at its function's log",
            age_of_oldest(queue),
            _STUCK_SECONDS,
        )
        self.of_dead_letters(name, dead_letters)

    def of_dead_letters(self, name: str, dead_letters: sqs.IQueue) -> None:
        """The alarm of a queue that should be empty."""
        self.above(
            f"{name}-dead-letters",
            f"what {name} could not deliver lies in its dead-letter queue: read why, mend it, and send it again",
            depth(dead_letters),
            0,
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        periods: int,
        of_periods: int,
        missing: cloudwatch.TreatMissingData,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._project}-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=of_periods,
            datapoints_to_alarm=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        self.all.append(alarm)
        return alarm


def age_of_oldest(queue: sqs.IQueue) -> cloudwatch.Metric:
    """In seconds."""
    return queue.metric_approximate_age_of_oldest_message(
        statistic="Maximum", period=cdk.Duration.minutes(5), label="oldest message"
    )


def depth(queue: sqs.IQueue) -> cloudwatch.Metric:
    """How many messages lie in the queue."""
    return queue.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=cdk.Duration.minutes(5), label="messages"
    )
