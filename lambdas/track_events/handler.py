"""The Lambda function behind `POST /events`: check, keep, acknowledge."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config

from lambdas.common.events import event_fields, message_body
from lambdas.common.http import HttpError, response
from lambdas.common.logs import logger
from lambdas.track_events.door import Door
from lambdas.track_events.outbox import Outbox
from lambdas.track_events.request import document

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

# the page waits for nothing but the queue, which answers within milliseconds
_IMPATIENT = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"total_max_attempts": 2, "mode": "standard"},
    tcp_keepalive=True,
)
_door = Door(event_fields(os.environ["EVENT_FIELDS"]), now=time.time, new_id=lambda: str(uuid.uuid4()))
_outbox = Outbox(
    cast("SQSClient", botocore.session.get_session().create_client("sqs", config=_IMPATIENT)),
    queue_url=os.environ["EVENTS_QUEUE_URL"],
    now=time.monotonic,
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(context.aws_request_id)
    try:
        messages = _door.messages(document(event))
        _outbox.put([message_body(message) for message in messages])
        return response(202, {"accepted": sum(len(message["events"]) for message in messages)})
    except HttpError as error:
        return response(error.status, error.body())
    except Exception as error:  # noqa: BLE001  # the last door; an error's own words may hold a user's id
        logger.error("the request failed", extra={"reason": type(error).__name__})
        return response(500, HttpError(500, "internal", "the events could not be taken; send them again").body())
