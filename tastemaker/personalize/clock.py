"""The time that jobs, waits, leases and time-outs go by: real in a running cloud, moved by hand in tests."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time. Whatever waits or stamps in the embedded cloud asks one of these, never `time`."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Block until `event` is set or `seconds` have passed on this clock; whether it was set."""


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.time()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds)


class ManualClock:
    """A clock that stands still until `advance` moves it; waits end when their time has come on it."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._moved = threading.Condition()

    def now(self) -> float:
        with self._moved:
            return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward and wake whoever waits on it."""
        with self._moved:
            self._now += seconds
            self._moved.notify_all()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        with self._moved:
            deadline = self._now + seconds
            # `event` may be set by anyone at any real moment, hence the short real slices
            while not event.is_set() and self._now < deadline:
                self._moved.wait(0.005)
        return event.is_set()


class EagerClock:
    """A clock on which no wait takes real time: each one moves the clock to its end at once, and so does `advance`."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward, as nobody's waiting does."""
        with self._lock:
            self._now += max(0.0, seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.advance(seconds)
        return event.is_set()
