"""Where a recipe is good: by how much is known of the user, and by how popular the right item is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.intervals import Interval, over_users
from tastemaker.recommenders.popularity import distinct_users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tastemaker.evaluation.judged import Judged
    from tastemaker.recommenders import Interactions

TENTHS = 10
_MOST_GROUPS = 6


@dataclass(frozen=True)
class Group:
    """Some of what was judged: what they have in common, how many they are, their mean with an interval over users.

    `mean` is None of none, `interval` None of less than two users.
    """

    label: str
    size: int
    mean: float | None
    interval: Interval | None

    @classmethod
    def of(cls, label: str, values: NDArray[np.float64], users: NDArray[np.int64]) -> Group:
        return cls(label, len(values), float(values.mean()) if len(values) else None, over_users(values, users))


def by_history_length(draws: Sequence[Judged], key: str, users: NDArray[np.int64]) -> list[Group]:
    """The metric `key` of the requests of all draws, in up to six groups of about as many, by events in the input.

    `users` (n,): whose each request is, draw after draw.
    """
    lengths = np.concatenate([judged.history_lengths for judged in draws])
    values = np.concatenate([judged.values[key] for judged in draws])
    if not len(lengths):
        return []
    cuts = np.quantile(lengths, np.arange(1, _MOST_GROUPS) / _MOST_GROUPS, method="inverted_cdf").astype(np.int64)
    group = np.searchsorted(np.unique(cuts), lengths, side="left")
    groups = []
    for place in np.unique(group):
        mine = group == place
        shortest, longest = int(lengths[mine].min()), int(lengths[mine].max())
        label = f"{shortest}–{longest}" if shortest < longest else str(shortest)
        groups.append(Group.of(label, values[mine], users[mine]))
    return groups


def by_item_popularity(
    draws: Sequence[Judged], tenths: Sequence[NDArray[np.int64]], users: NDArray[np.int64]
) -> list[Group]:
    """The share of held-out items that were among the recommended, by tenths of the catalogue, the most popular first.

    `tenths`: of each draw `popularity_tenths` of what was trained on. `users`: as above.
    """
    found = np.concatenate([judged.truth_found for judged in draws]).astype(np.float64)
    tenth = np.concatenate([of_draw[judged.truth_item] for judged, of_draw in zip(draws, tenths, strict=True)])
    before = np.cumsum([0, *(len(judged.user_ids) for judged in draws)])
    request = np.concatenate([judged.truth_request + first for judged, first in zip(draws, before[:-1], strict=True)])
    owner = users[request]
    return [Group.of(str(place + 1), found[tenth == place], owner[tenth == place]) for place in range(TENTHS)]


def popularity_tenths(interactions: Interactions) -> NDArray[np.int64]:
    """(n_items,): 0 for the tenth of the catalogue with most distinct users, … 9; the earlier item first of equals."""
    n_items = len(interactions.item_ids)
    rank = np.empty(n_items, dtype=np.int64)
    rank[np.argsort(-distinct_users(interactions), kind="stable")] = np.arange(n_items)
    return rank * TENTHS // max(1, n_items)


def coverage_curve(draws: Sequence[Judged]) -> NDArray[np.float64]:
    """(depth,): the mean over draws of `Judged.coverage_curve`."""
    return np.asarray(np.mean([judged.coverage_curve() for judged in draws], axis=0), dtype=np.float64)
