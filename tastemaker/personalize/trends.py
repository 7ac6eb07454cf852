"""What is trending now: models that are fitted again, from all events there are, as their windows move on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tastemaker.personalize.event_owners import events_of_users
from tastemaker.personalize.histories import chosen_events, interactions_of
from tastemaker.personalize.stream_log import read_prefix
from tastemaker.personalize.streamed_records import with_streamed
from tastemaker.recommenders import RECIPES, Interactions, Model

if TYPE_CHECKING:
    from tastemaker.personalize.clock import Clock
    from tastemaker.personalize.engine import Records
    from tastemaker.personalize.streams import Streams

TRENDING: Final = frozenset({"aws-trending-now", "aws-vod-trending-now"})
"""The recipes whose answers change with time, without a training."""

_MINUTES: Final = {"30 minutes": 30, "1 hour": 60}
_LONGEST: Final = 120
"""Minutes: longer frequencies are looked at every two hours all the same."""
_WITHOUT_RECORDS: Final = pa.schema(
    {
        name: pa.int64() if name == "TIMESTAMP" else pa.string()
        for name in ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
    }
).empty_table()


@dataclass(frozen=True)
class Trend:
    """Whose trend is asked for, and of which events: those that the solution or the use case is about."""

    arn: str
    recipe: str
    dataset_arn: str
    settings: Mapping[str, str] = field(default_factory=dict)
    event_type: str | None = None
    least_value: float | None = None

    @property
    def window(self) -> float:
        """Seconds from one fit to the next."""
        return 60.0 * _MINUTES.get(self.settings.get("trend_discovery_frequency", ""), _LONGEST)


@dataclass
class _Fitted:
    lock: threading.Lock = field(default_factory=threading.Lock)
    turn: int | None = None
    model: Model | None = None


class Trends:
    """The models of the trends that were asked for. Safe to use from several threads.

    A window begins at a multiple of its length. Whoever asks first in it fits the model; others are answered by the one
    from before meanwhile.
    """

    def __init__(self, clock: Clock, records: Records, streams: Streams) -> None:
        self._clock = clock
        self._records = records
        self._streams = streams
        self._lock = threading.Lock()
        self._fitted: dict[str, _Fitted] = {}

    def model(self, trend: Trend) -> Model | None:
        """The model of this window; None where there are no events."""
        with self._lock:
            fitted = self._fitted.setdefault(trend.arn, _Fitted())
        turn = int(self._clock.now() // trend.window)
        if turn != fitted.turn and fitted.lock.acquire(blocking=fitted.model is None):
            try:
                if turn != fitted.turn:
                    fitted.model, fitted.turn = self._fit(trend), turn
            finally:
                fitted.lock.release()
        return fitted.model

    def _fit(self, trend: Trend) -> Model | None:
        interactions = self._interactions(trend)
        return RECIPES[trend.recipe](trend.settings).fit(interactions) if len(interactions) else None

    def _interactions(self, trend: Trend) -> Interactions:
        records = self._records.read(trend.dataset_arn)
        records = _WITHOUT_RECORDS if records is None else records
        prefix = self._streams.prefix(trend.dataset_arn)
        if prefix is not None:
            records = with_streamed(records, events_of_users(read_prefix(prefix.path, prefix.mark.position)))
        return interactions_of(chosen_events(records, event_type=trend.event_type, least_value=trend.least_value))
