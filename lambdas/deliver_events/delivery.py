"""One message after the other: into the events table, then to Personalize, and never lost between the two."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdas.common.errors import error_code
from lambdas.common.events import Message
from lambdas.common.logs import logger
from lambdas.deliver_events.dead_letters import DeadLetters
from lambdas.deliver_events.stream import EventStream
from lambdas.deliver_events.table import EventsTable
from lambdas.deliver_events.tracker import Tracker


class Delivery:
    """Delivers messages of the queue. Doing it again with the same message changes nothing.

    `table` is None where the configuration's table is somebody else's: it is only read, and events go to Personalize
    alone.
    """

    def __init__(
        self, *, table: EventsTable | None, tracker: Tracker, stream: EventStream, dead_letters: DeadLetters
    ) -> None:
        self._table = table
        self._tracker = tracker
        self._stream = stream
        self._dead_letters = dead_letters

    def deliver(self, records: Sequence[Mapping[str, Any]], *, out_of_time: Callable[[], bool]) -> list[str]:
        """The ids of the messages that are to come again: what failed, and what is left when `out_of_time`."""
        failed = []
        for record in records:
            if out_of_time() or not self._done(record):
                failed.append(str(record["messageId"]))
        return failed

    def _done(self, record: Mapping[str, Any]) -> bool:
        try:
            self._deliver(json.loads(record["body"]))
        except Exception as error:  # noqa: BLE001  # one bad message must not keep the others of its batch
            # an error's own words may hold what was sent, and with it the user's id
            reason = error_code(error) if isinstance(error, ClientError) else type(error).__name__
            tries = record.get("attributes", {}).get("ApproximateReceiveCount")
            logger.warning(
                "a message is not delivered", extra={"messageId": record["messageId"], "tries": tries, "reason": reason}
            )
            return False
        return True

    def _deliver(self, message: Message) -> None:
        user_id = message.get("userId")
        is_kept = bool(self._table and user_id)
        if self._table and user_id:
            self._table.put(user_id, message["events"])
        tracking_id = self._tracker.tracking_id()
        if tracking_id is not None:
            self._put(tracking_id, message)
        elif not is_kept:
            # the first export finds what is in the table; of anything else there would be no trace
            reason = "there is no event tracker yet: run the workflow, then send these events to the queue again"
            self._dead_letters.put(message, code="noEventTracker", reason=reason)

    def _put(self, tracking_id: str, message: Message) -> None:
        refusals = self._stream.put(tracking_id, message)
        if refusals:
            # a tracker that was made anew makes everything invalid that still goes to the old one
            current = self._tracker.renew()
            if current is not None and current != tracking_id:
                refusals = self._stream.put(current, {**message, "events": [refusal.event for refusal in refusals]})
        for refusal in refusals:
            self._dead_letters.put({**message, "events": [refusal.event]}, code="invalid", reason=refusal.reason)
