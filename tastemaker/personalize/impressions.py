"""What users have been shown, as far as their events tell: exploration tries first what few have seen."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

_MOST_ANSWERS: Final = 50_000


class Impressions:
    """How often each item was shown, by the dataset of the events. Safe to use from several threads.

    It lives as long as the process, as the memory of recommendations does that implicit impressions come from.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {}
        self._counted: OrderedDict[str, None] = OrderedDict()

    def count(self, dataset_arn: str, items: Iterable[str], *, recommendation_id: str | None = None) -> None:
        """Note that `items` were shown; under one recommendation id they are counted once."""
        with self._lock:
            if recommendation_id is not None:
                if recommendation_id in self._counted:
                    return
                self._counted[recommendation_id] = None
                if len(self._counted) > _MOST_ANSWERS:
                    self._counted.popitem(last=False)
            self._counts.setdefault(dataset_arn, Counter()).update(items)

    def of(self, dataset_arn: str) -> Mapping[str, int]:
        """How often each item was shown; it goes on counting."""
        return self._counts.get(dataset_arn, {})
