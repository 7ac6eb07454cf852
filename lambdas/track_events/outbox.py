"""Puts messages into the queue, all of them or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import error_code
from lambdas.common.http import HttpError
from lambdas.common.logs import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_BATCH: Final = 10
MAX_BATCH_BYTES: Final = 256 * 1024
PATIENCE_SECONDS: Final = 5.0
_ROUNDS: Final = 4


class Outbox:
    """Sends in batches, and again what failed, for `PATIENCE_SECONDS` on the clock `now`."""

    def __init__(self, sqs: SQSClient, *, queue_url: str, now: Callable[[], float]) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._now = now

    def put(self, bodies: Sequence[str]) -> None:
        """Return when every message is durable; `HttpError` 503 where that cannot be said of each."""
        deadline = self._now() + PATIENCE_SECONDS
        missing = list(bodies)
        for _ in range(_ROUNDS):
            missing = [body for batch in batches(missing) for body in self._failed(batch, deadline)]
            if not missing:
                return
        raise HttpError(
            503,
            "unavailable",
            "the events could not be kept; send them again, with the same eventIds: each counts once",
        )

    def _failed(self, batch: Sequence[str], deadline: float) -> Sequence[str]:
        if self._now() >= deadline:
            return batch
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(place), "MessageBody": body} for place, body in enumerate(batch)
        ]
        try:
            answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            reason = error_code(error) if isinstance(error, ClientError) else type(error).__name__
            logger.warning("the queue takes no messages", extra={"messages": len(batch), "reason": reason})
            return batch
        failed = answer.get("Failed", [])
        if failed:
            reasons = sorted({failure["Code"] for failure in failed})
            logger.warning("messages were not taken", extra={"messages": len(failed), "reasons": reasons})
        return [batch[int(failure["Id"])] for failure in failed]


def batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    """As many messages as one SendMessageBatch takes, by number and by size. Bodies are ASCII."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        if batch and (len(batch) == MAX_BATCH or size + len(body) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += len(body)
    if batch:
        yield batch
