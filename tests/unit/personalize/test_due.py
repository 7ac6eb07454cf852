"""What begins by itself as time passes: the heartbeat, and the look that stands in for it."""

from __future__ import annotations

import threading

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.due import Heartbeat

PATIENCE_SECONDS = 60.0


class Beats:
    """Counts beats and lets a test wait for one; the first raises, where asked to."""

    def __init__(self, *, failing_first: bool = False) -> None:
        self.count = 0
        self._failing_first = failing_first
        self._heard = threading.Semaphore(0)

    def __call__(self) -> None:
        self.count += 1
        self._heard.release()
        if self._failing_first and self.count == 1:
            raise RuntimeError("the first beat")

    def heard(self) -> bool:
        return self._heard.acquire(timeout=PATIENCE_SECONDS)


def test_a_heart_beats_when_its_time_has_passed_on_the_clock() -> None:
    clock, beats = ManualClock(), Beats()
    heart = Heartbeat(clock, beats, seconds=60)

    clock.advance(59)
    assert beats.count == 0
    _advance_until(clock, beats)

    heart.stop()


def test_a_beat_that_fails_does_not_stop_the_heart() -> None:
    clock, beats = ManualClock(), Beats(failing_first=True)
    heart = Heartbeat(clock, beats, seconds=60)

    _advance_until(clock, beats)
    _advance_until(clock, beats)

    heart.stop()
    assert beats.count >= 2


def test_a_heart_that_is_stopped_beats_no_more() -> None:
    clock, beats = ManualClock(), Beats()
    heart = Heartbeat(clock, beats, seconds=60)

    heart.stop()
    clock.advance(600)

    assert beats.count == 0
    heart.stop()


def _advance_until(clock: ManualClock, beats: Beats) -> None:
    """Move on by a period; the heart may not have begun to wait when the clock moves, so perhaps by another."""
    for _ in range(3):
        clock.advance(60)
        if beats.heard():
            return
    raise AssertionError("no beat was heard")
