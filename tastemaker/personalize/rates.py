"""How many calls a second are answered, by token buckets on the injected clock."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from tastemaker.personalize.clock import Clock
from tastemaker.personalize.errors import Throttling


class Rates:
    """A bucket for each thing that is limited, which holds the calls of a second. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def take(self, limited: Hashable, per_second: float | None) -> None:
        """Let one call pass, or raise Throttling where `per_second` of them have; None: all may pass."""
        if per_second is None:
            return
        now = self._clock.now()
        with self._lock:
            tokens, since = self._buckets.get(limited, (per_second, now))
            tokens = min(per_second, tokens + (now - since) * per_second)
            if tokens < 1:
                self._buckets[limited] = (tokens, now)
                raise Throttling("Rate exceeded")
            self._buckets[limited] = (tokens - 1, now)
