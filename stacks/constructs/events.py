"""The way of events: the function that takes them, the queue that keeps them, the function that delivers them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.common.events import is_forbidden_property
from stacks.constructs.function import PythonFunction
from stacks.constructs.permission import Permission

if TYPE_CHECKING:
    from lambdas.common.config import Config, Interactions
    from stacks.data import DataStack

_RETENTION: Final = cdk.Duration.days(14)
_DELIVERY: Final = cdk.Duration.minutes(1)
# six of the function's time-outs, as Lambda's guide advises: no message comes again while it may still be under way
_VISIBILITY: Final = cdk.Duration.minutes(6)
_TRIES: Final = 5
_MESSAGES_A_BATCH: Final = 10
_WINDOW: Final = cdk.Duration.seconds(1)
# Personalize takes 1000 calls a second. One of these makes a call for a message, in 20 ms at best, and hardly more
_SIDE_BY_SIDE: Final = 10


class Events(Construct):
    """`track` takes events over HTTP; `queue` leads to `deliver`, and what cannot be delivered to `dead_letters`."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, data: DataStack) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_RETENTION,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_RETENTION,
            visibility_timeout=_VISIBILITY,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=_TRIES),
        )
        self.track = self._track(config)
        self.deliver = self._deliver(config, data)
        source = lambda_.EventSourceMapping(
            self,
            "Delivery",
            target=self.deliver.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=_MESSAGES_A_BATCH,
            max_batching_window=_WINDOW,
            max_concurrency=_SIDE_BY_SIDE,
            report_batch_item_failures=True,
        )
        # Lambda refuses the mapping as long as the role may not receive
        source.node.add_dependency(self.deliver)

    def _track(self, config: Config) -> PythonFunction:
        return PythonFunction(
            self,
            project=config.project,
            source="track_events",
            description="Checks the API's events and keeps them in the queue",
            timeout=cdk.Duration.seconds(10),
            memory_mb=512,
            environment={"EVENTS_QUEUE_URL": self.queue.queue_url, "EVENT_FIELDS": event_fields(config.interactions)},
            permissions=[Permission(["sqs:SendMessage"], [self.queue.queue_arn])],
        )

    def _deliver(self, config: Config, data: DataStack) -> PythonFunction:
        environment = {
            "DEAD_LETTERS_URL": self.dead_letters.queue_url,
            "ENGINE_TABLE": data.engine.table_name,
            "EVENT_FIELDS": event_fields(config.interactions),
        }
        permissions = [
            Permission(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [self.queue.queue_arn]),
            Permission(["sqs:SendMessage"], [self.dead_letters.queue_arn]),
            Permission(["dynamodb:GetItem"], [data.engine.table_arn]),
            Permission(["personalize:PutEvents"], ["*"], inexact_because="the operation takes no resource"),
        ]
        # somebody else's table is only read
        if config.interactions.create_table:
            table = data.sources["INTERACTIONS"]
            environment["EVENTS_TABLE"] = table.table_name
            permissions.append(Permission(["dynamodb:PutItem"], [data.engine.table_arn, table.table_arn]))
        return PythonFunction(
            self,
            project=config.project,
            source="deliver_events",
            description="Writes events into the events table and sends them to Personalize",
            timeout=_DELIVERY,
            memory_mb=512,
            environment=environment,
            permissions=permissions,
        )


def event_fields(interactions: Interactions) -> str:
    """The fields of the interactions as the functions read them, `lambdas.common.events.event_fields`."""
    return json.dumps(
        [
            {
                "name": mapping.field,
                "attribute": attribute,
                "type": mapping.type,
                "required": not mapping.optional,
            }
            for attribute, mapping in interactions.fields.items()
            if not is_forbidden_property(mapping.field)
        ]
    )
