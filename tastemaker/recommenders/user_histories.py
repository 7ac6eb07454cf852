"""All users' histories at once, as a sequence ridge reads them: what came last, and what was had before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.repeat_table import COUNTS, DEPTH, RepeatTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.history_weights import HistoryWeights


@dataclass(frozen=True, eq=False)
class RecentEvents:
    """The events (T,) of all users that add something by some weights, of each user the latest first.

    `row`: the event's row in the weights; `weight`: what decay leaves of it. The events of user u are `starts[u]` and
    the `count[u]` − 1 after it.
    """

    user: NDArray[np.int32]
    row: NDArray[np.int32]
    weight: NDArray[np.float32]
    starts: NDArray[np.int64]
    count: NDArray[np.int64]

    @classmethod
    def of(
        cls, user: NDArray[np.int32], item: NDArray[np.int32], n_users: int, weights: HistoryWeights
    ) -> RecentEvents:
        """Of events sorted by user, then oldest first. As `HistoryWeights.recent` says it of one history."""
        row = weights.row[item]
        backwards = np.flatnonzero(row >= 0)[::-1]
        # stable: within a user, the latest stays first
        backwards = backwards[np.argsort(user[backwards], kind="stable")]
        lag = _rank_within(user[backwards])
        backwards, lag = backwards[lag < weights.memory], lag[lag < weights.memory]
        count = np.bincount(user[backwards], minlength=n_users)
        left = np.power(weights.decay, lag).astype(np.float32)
        return cls(user[backwards], row[backwards], left, np.cumsum(count) - count, count)


@dataclass(frozen=True, eq=False)
class DistinctItems:
    """Pairs (n,) of a user and an item that the user has had, and the `value` that the repeat table gives it."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    value: NDArray[np.float32]

    @classmethod
    def of(cls, user: NDArray[np.int32], item: NDArray[np.int32], repeats: RepeatTable, n_items: int) -> DistinctItems:
        """Of events sorted by user, then oldest first. As `RepeatTable.values` says it of one history."""
        if not len(user):
            return cls(user, item, np.empty(0, dtype=np.float32))
        pair = user.astype(np.int64) * n_items + item
        order = np.argsort(pair, kind="stable")
        closes = np.r_[np.flatnonzero(np.diff(pair[order])), len(order) - 1]
        last, counts = order[closes], np.diff(np.r_[-1, closes])
        newest_first = np.lexsort((-last, user[last]))
        last, counts = last[newest_first], counts[newest_first]
        rank = _rank_within(user[last])
        value = np.full(len(last), repeats.far, dtype=np.float32)
        near = rank < DEPTH
        value[near] = repeats.recent[np.minimum(counts[near], COUNTS) - 1, rank[near]]
        return cls(user[last], item[last], value)

    def of_items(self, items: NDArray[np.int32], n_items: int) -> DistinctItems:
        """The pairs with these items."""
        wanted = np.zeros(n_items, dtype=np.bool_)
        wanted[items] = True
        chosen = wanted[self.item]
        return DistinctItems(self.user[chosen], self.item[chosen], self.value[chosen])

    def between(self, start: int, end: int) -> DistinctItems:
        """The pairs from `start` up to `end`."""
        return DistinctItems(self.user[start:end], self.item[start:end], self.value[start:end])


def _rank_within(user: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n,): how many of the user's rows come before each; those of one user come together, users in order."""
    return np.asarray(np.arange(len(user)) - np.searchsorted(user, user), dtype=np.int64)
