"""What was recommended under which recommendation id: a bounded memory of the latest answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

MOST_ANSWERS: Final = 50_000
MOST_ITEMS: Final = 1_000_000
"""In all remembered answers together: some 60 MB."""


class Recommendations:
    """The latest answers of the runtime API, by recommendation id. Safe to use from several threads.

    It lives as long as the process: an id from before a restart is as unknown as one that was never given.
    """

    def __init__(self, *, most_answers: int = MOST_ANSWERS, most_items: int = MOST_ITEMS) -> None:
        self._most_answers, self._most_items = most_answers, most_items
        self._items = 0
        self._lock = threading.Lock()
        self._given: OrderedDict[str, tuple[str, tuple[str, ...]]] = OrderedDict()

    def remember(self, rid: str, arn: str, items: Sequence[str]) -> None:
        """Note that the campaign or recommender `arn` showed `items`, best first, under `rid`."""
        with self._lock:
            self._given[rid] = arn, tuple(items)
            self._items += len(items)
            while len(self._given) > self._most_answers or self._items > self._most_items:
                _, (_, forgotten) = self._given.popitem(last=False)
                self._items -= len(forgotten)

    def source_of(self, rid: str) -> str | None:
        """The ARN of the campaign or recommender that answered with `rid`; None where that is not known (any more)."""
        given = self._given.get(rid)
        return None if given is None else given[0]

    def shown(self, rid: str) -> tuple[str, ...]:
        """The ids of the items (or actions) in the answer `rid`, best first; none where it is not known."""
        given = self._given.get(rid)
        return () if given is None else given[1]
