"""What is trending now: models that are fitted again, from all events there are, as their windows move on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.histories import chosen_events, interactions_of
from tastemaker.personalize.kinds import DATASET
from tastemaker.recommenders import RECIPES, Model

if TYPE_CHECKING:
    from tastemaker.personalize.clock import Clock
    from tastemaker.personalize.dataset_records import DatasetRecords
    from tastemaker.personalize.store import Resources

TRENDING: Final = frozenset({"aws-trending-now", "aws-vod-trending-now"})
"""The recipes whose answers change with time, without a training."""

_MINUTES: Final = {"30 minutes": 30, "1 hour": 60}
_LONGEST: Final = 120
"""Minutes: longer frequencies are looked at every two hours all the same."""


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

    def __init__(self, clock: Clock, *, records: DatasetRecords, resources: Resources) -> None:
        self._clock = clock
        self._records = records
        self._resources = resources
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
        dataset = self._resources.peek(DATASET, trend.dataset_arn)
        records = None if dataset is None else self._records.records_of(dataset, "ALL")
        if records is None:
            return None
        chosen = chosen_events(records, event_type=trend.event_type, least_value=trend.least_value)
        return RECIPES[trend.recipe](trend.settings).fit(interactions_of(chosen)) if chosen.num_rows else None
