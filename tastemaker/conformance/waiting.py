"""Waiting for an endpoint: seldom enough for AWS, which throttles those who ask often, and at once for a laptop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tastemaker.conformance.endpoint import Refused

_THROTTLED: Final = frozenset({"ThrottlingException", "TooManyRequestsException"})
_TRANSITIONAL: Final = ("PENDING", "IN_PROGRESS", "IN PROGRESS", "STOPPING")


class TookTooLong(Exception):
    """What was waited for did not come. The message says what it was."""


@dataclass(frozen=True)
class Patience:
    """Pauses grow from `first` to `longest`; all of them together last `seconds` at most."""

    first: float
    longest: float
    seconds: float
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


LOCAL: Final = Patience(first=0.002, longest=0.2, seconds=120.0)
AWS: Final = Patience(first=2.0, longest=60.0, seconds=4 * 3600.0)


def attempts(patience: Patience, what: str) -> Iterator[int]:
    """Numbers of attempts, with pauses between them. Raises TookTooLong after the last."""
    deadline = patience.now() + patience.seconds
    pause, number = patience.first, 0
    while True:
        yield number
        if patience.now() >= deadline:
            raise TookTooLong(f"{what} took more than {patience.seconds:g} seconds")
        patience.sleep(pause)
        pause, number = min(pause * 1.5, patience.longest), number + 1


def is_throttled(refused: Refused) -> bool:
    return refused.code in _THROTTLED


def is_transitional(status: str) -> bool:
    """Whether a resource with this status is on its way to another one."""
    return any(word in status for word in _TRANSITIONAL)
