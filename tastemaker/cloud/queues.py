"""Feeds functions from queues as Lambda's event source mappings do: in batches, and again what failed.

The poller asks SQS with the function's own rights, as Lambda does, and only when the queue has something to give, so
that the record of calls stays readable. Batching windows and visibility go by the cloud's clock (`sqs.install`);
waiting for a message to arrive takes real time, since arrivals are nobody's to schedule.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tastemaker.cloud import sqs
from tastemaker.cloud.deployed import EventSource
from tastemaker.cloud.queue_events import MalformedAnswer, events, failed_ids
from tastemaker.cloud.worker import Invocation
from tastemaker.personalize.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_log = logging.getLogger(__name__)

# what one ReceiveMessage or DeleteMessageBatch takes
_MESSAGES_A_CALL = 10
_ARRIVAL_SECONDS = 0.05
_ABSENT_SECONDS = 0.01
_WINDOW_STEP_SECONDS = 0.1
_PAUSE_AFTER_ERROR_SECONDS = 1.0


class QueuePoller:
    """One event source mapping at work: receive, invoke, delete what is done, leave the rest to its visibility.

    One batch is under way at a time, within any `maximum_concurrency`: the function has one process here.
    """

    def __init__(
        self, source: EventSource, *, client: SQSClient, invoke: Callable[[str, bytes], Invocation], clock: Clock
    ) -> None:
        self._source = source
        self._client = client
        self._invoke = invoke
        self._clock = clock
        region, account, name = source.queue_arn.split(":")[3:6]
        self._queue_url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"poller-{name}", daemon=True)

    def start(self) -> None:
        """Poll in the background until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Receive nothing more, and return when the batch under way is done. Stop pollers before the workers."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def poll(self) -> int:
        """Hand over what the queue has now, at most one batch; how many messages that were."""
        messages = self._collect()
        for batch, event in events(messages, self._source.queue_arn):
            self._delete(self._done(batch, event))
        return len(messages)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not sqs.has_visible_messages(self._source.queue_arn, wait_seconds=_ARRIVAL_SECONDS):
                # a queue that doesn't exist (yet, or any more) doesn't wait by itself
                self._stopping.wait(_ABSENT_SECONDS)
                continue
            try:
                self.poll()
            except Exception:  # noqa: BLE001  # nothing may end the feeding; what was received comes back
                _log.exception("polling %s failed", self._source.queue_arn)
                self._stopping.wait(_PAUSE_AFTER_ERROR_SECONDS)

    def _collect(self) -> list[MessageTypeDef]:
        """A batch: full, or what came within the batching window after its first message."""
        closes = self._clock.now() + self._source.window_seconds
        messages = self._receive(self._source.batch_size)
        while messages and len(messages) < self._source.batch_size:
            more = self._receive(self._source.batch_size - len(messages))
            messages += more
            remaining = closes - self._clock.now()
            if not more and (remaining <= 0 or self._stopping.is_set()):
                break
            if not more:
                self._clock.wait(self._stopping, min(remaining, _WINDOW_STEP_SECONDS))
        return messages

    def _receive(self, wanted: int) -> list[MessageTypeDef]:
        if not sqs.has_visible_messages(self._source.queue_arn, wait_seconds=0):
            return []
        response = self._client.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(wanted, _MESSAGES_A_CALL),
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return response.get("Messages", [])

    def _done(self, batch: Sequence[MessageTypeDef], event: bytes) -> list[MessageTypeDef]:
        """Invoke the function on a batch; the messages that it dealt with."""
        function, queue = self._source.function, self._source.queue_arn
        try:
            invocation = self._invoke(function, event)
        except Exception:  # noqa: BLE001  # whatever kept the function from running, the messages stay
            _log.exception("%s could not be invoked with %d messages of %s", function, len(batch), queue)
            return []
        if invocation.function_error is not None:
            _log.warning("%s failed on a batch of %d messages of %s: all come back", function, len(batch), queue)
            return []
        if not self._source.reports_batch_item_failures:
            return list(batch)
        try:
            failed = failed_ids(invocation.payload, [message["MessageId"] for message in batch])
        except MalformedAnswer as error:
            _log.warning("%s gave no valid batch response, all %d messages come back: %s", function, len(batch), error)
            return []
        return [message for message in batch if message["MessageId"] not in failed]

    def _delete(self, messages: Sequence[MessageTypeDef]) -> None:
        for start in range(0, len(messages), _MESSAGES_A_CALL):
            entries = messages[start : start + _MESSAGES_A_CALL]
            response = self._client.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(entries)
                ],
            )
            for failure in response.get("Failed", []):
                _log.warning("a message of %s was not deleted and comes back: %s", self._source.queue_arn, failure)
