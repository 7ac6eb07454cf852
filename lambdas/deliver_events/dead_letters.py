"""What can never be delivered, kept with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdas.common.events import Message, message_body
from lambdas.common.logs import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_REASON: Final = 1000


class DeadLetters:
    """The dead-letter queue, into which SQS moves what failed too often; its messages are those of the queue."""

    def __init__(self, sqs: SQSClient, *, queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, message: Message, *, code: str, reason: str) -> None:
        """Keep the message, with the attributes `code` and `reason`. The log names neither the user nor the reason."""
        self._sqs.send_message(
            QueueUrl=self._queue_url,
            MessageBody=message_body(message),
            MessageAttributes={
                "code": {"DataType": "String", "StringValue": code},
                "reason": {"DataType": "String", "StringValue": reason[:_LONGEST_REASON]},
            },
        )
        logger.error("events cannot be delivered", extra={"events": len(message["events"]), "code": code})
