"""Work that falls due as time passes: begun when anyone looks, and by a heartbeat where nobody does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from tastemaker.personalize.clock import Clock

if TYPE_CHECKING:
    from tastemaker.personalize.account import AccountRegion

_LOGGER = logging.getLogger(__name__)

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
HEARTBEAT_SECONDS: Final = 60.0

Check: TypeAlias = "Callable[[AccountRegion], None]"

_CHECKS: Final[list[Check]] = []


def falls_due(check: Check) -> Check:
    """Register `check`: it begins what has fallen due by the account's clock, and costs little where nothing has."""
    _CHECKS.append(check)
    return check


def due(here: AccountRegion) -> None:
    """Begin all work whose time has come. Called inside `here.resources.changing()`.

    A check that fails is logged and tried again at the next look: whoever looks gets an answer all the same.
    """
    for check in _CHECKS:
        try:
            check(here)
        except Exception:  # a defect of the work in the background is none of the request at hand
            _LOGGER.exception("%s failed", check.__name__)


class Heartbeat:
    """Calls `beat` every `seconds` of `clock`, in a thread of its own, until it is stopped."""

    def __init__(self, clock: Clock, beat: Callable[[], None], *, seconds: float = HEARTBEAT_SECONDS) -> None:
        self._clock = clock
        self._beat = beat
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No beat begins after this, and none is under way. May be called again."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._clock.wait(self._stopped, self._seconds):
            try:
                self._beat()
            except Exception:  # the next beat may find what this one did not
                _LOGGER.exception("a heartbeat failed")
