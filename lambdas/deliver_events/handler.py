"""The Lambda function behind the events queue: a batch in, the messages that failed out."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final, cast

import botocore.session
from botocore.config import Config

from lambdas.common.events import event_fields
from lambdas.common.logs import logger
from lambdas.deliver_events.dead_letters import DeadLetters
from lambdas.deliver_events.delivery import Delivery
from lambdas.deliver_events.stream import EventStream
from lambdas.deliver_events.table import EventsTable
from lambdas.deliver_events.tracker import Tracker

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from lambdas.deliver_events.stream import PersonalizeEvents

# nobody waits, but what hangs must leave time for the other messages of the batch
_PATIENT: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"total_max_attempts": 2, "mode": "standard"},
    tcp_keepalive=True,
)
# a message's slowest way through table and stream, where neither answers
_MESSAGE_MILLISECONDS: Final = 20_000

_session = botocore.session.get_session()
_dynamodb = cast("DynamoDBClient", _session.create_client("dynamodb", config=_PATIENT))
_sqs = cast("SQSClient", _session.create_client("sqs", config=_PATIENT))
_personalize = cast("PersonalizeEvents", _session.create_client("personalize-events", config=_PATIENT))


def _events_table() -> EventsTable | None:
    table = os.environ.get("EVENTS_TABLE")
    if table is None:
        return None
    return EventsTable(
        _dynamodb,
        table=table,
        engine_table=os.environ["ENGINE_TABLE"],
        fields=event_fields(os.environ["EVENT_FIELDS"]),
        now=time.time,
    )


_delivery = Delivery(
    table=_events_table(),
    tracker=Tracker(_dynamodb, table=os.environ["ENGINE_TABLE"], now=time.monotonic),
    stream=EventStream(_personalize),
    dead_letters=DeadLetters(_sqs, queue_url=os.environ["DEAD_LETTERS_URL"]),
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(context.aws_request_id)
    failed = _delivery.deliver(
        event["Records"], out_of_time=lambda: context.get_remaining_time_in_millis() < _MESSAGE_MILLISECONDS
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
