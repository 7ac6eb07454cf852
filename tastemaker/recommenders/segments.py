"""Segments of users: who is likeliest to turn to some items next."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.interactions import Interactions, locate
from tastemaker.recommenders.model import best, known
from tastemaker.recommenders.user_histories import DistinctItems, RecentItems
from tastemaker.recommenders.user_personalization import SEEN, SequenceRidge, SequenceRidgeModel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes

_PAIRS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Segments:
    """Users by a_u = n_u Σ_i E_ui over the items: how much the user consumes, times how much of it goes to the items.

    E_ui is what a `SequenceRidge` expects of item i from the history of user u, n_u the number of events in it. A sum
    below 0 stays as it is. The ridge's memory is long (g = 0.95): a segment is not about the very next item. Without
    n_u the most active users, who do most of everything, are found too late: on the small MovieLens file hits at 1 %
    fall from 0.54 to 0.26.
    """

    ridge: SequenceRidge = field(default_factory=lambda: SequenceRidge(decays=(0.95,)))

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> SegmentModel:
        """Train; `seed` draws the users on whom the ridge's decay is chosen."""
        ridge = self.ridge.fit(interactions, items=items, seed=seed, progress=progress)
        return SegmentModel(ridge, interactions.user_ids, interactions.starts, interactions.item)


@dataclass(frozen=True, eq=False)
class SegmentModel:
    """Unlike other models it holds users: the history of user u is `items[starts[u]:starts[u + 1]]`, oldest first."""

    ridge: SequenceRidgeModel
    user_ids: NDArray[np.str_]
    starts: NDArray[np.int64]
    items: NDArray[np.int32]

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.ridge.item_ids

    def with_histories(self, interactions: Interactions) -> SegmentModel:
        """The same model for the users of these interactions; items that it does not know are passed over."""
        place = locate(self.item_ids, interactions.item_ids)[interactions.item]
        is_known = place >= 0
        starts = np.concatenate([[0], np.cumsum(is_known)])[interactions.starts]
        return SegmentModel(self.ridge, interactions.user_ids, starts.astype(np.int64), place[is_known])

    def without(self, user_ids: Collection[str]) -> SegmentModel:
        """The same model for the other users."""
        is_kept = ~np.isin(self.user_ids, np.array(list(user_ids), dtype=np.str_))
        lengths = np.diff(self.starts)
        starts = np.concatenate([[0], np.cumsum(lengths[is_kept])]).astype(np.int64)
        return SegmentModel(self.ridge, self.user_ids[is_kept], starts, self.items[np.repeat(is_kept, lengths)])

    def users_for(self, items: NDArray[np.int32], k: int) -> NDArray[np.int32]:
        """The k users with most affinity to `items` (positions in the catalogue, as a set), best first, as positions.

        Users of equal affinity come in the order of their ids. Nobody where no item is known.
        """
        chosen = np.unique(known(items, len(self.item_ids)))
        return best(self.affinities(chosen), k) if len(chosen) else np.empty(0, dtype=np.int32)

    def affinities(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_users,): a_u of `Segments` for `items`, distinct positions."""
        expected = self.expected(items)
        return np.asarray(np.where(expected > 0, expected * np.diff(self.starts), expected), dtype=np.float32)

    def expected(self, items: NDArray[np.int32]) -> NDArray[np.float64]:
        """(n_users,): Σ over `items`, distinct positions, of `SequenceRidgeModel.expected` of the user's history.

        The sum over items goes before that over events; only items that a user has had are looked at one by one.
        """
        weights = _Columns.of(self.ridge, items)
        recent = self._recent
        flow = np.bincount(recent.user, recent.weight * weights.total[recent.place], len(self.user_ids))
        with_sequence = self.ridge.base[items].sum(dtype=np.float64) + flow
        expected = np.where(recent.count > 0, with_sequence, self.ridge.rate[items].sum(dtype=np.float64))
        had = self._distinct.of_items(items, len(self.item_ids))
        for start in range(0, len(had.user), _PAIRS_AT_ONCE):
            some = had.between(start, start + _PAIRS_AT_ONCE)
            replaced = some.value - (1 - SEEN) * self._of_pairs(some, weights)
            expected += np.bincount(some.user, replaced, len(self.user_ids))
        return np.asarray(expected, dtype=np.float64)

    def _of_pairs(self, pairs: DistinctItems, weights: _Columns) -> NDArray[np.float64]:
        """(n_pairs,): what the ridge expects of each pair's item, as if the user had not had it."""
        count = self._recent.count[pairs.user]
        expected = np.where(count > 0, self.ridge.base[pairs.item], self.ridge.rate[pairs.item]).astype(np.float64)
        column = weights.column_of(pairs.item)
        first = self._recent.starts[pairs.user]
        for lag in range(int(count.max(initial=0))):
            row = np.flatnonzero((count > lag) & (column >= 0))
            event = first[row] + lag
            expected[row] += self._recent.weight[event] * weights.each[self._recent.place[event], column[row]]
        return expected

    @cached_property
    def _user(self) -> NDArray[np.int32]:
        return np.repeat(np.arange(len(self.user_ids), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def _recent(self) -> RecentItems:
        head = locate_positions(self.ridge.head, self.items)
        return RecentItems.of(self._user, head, len(self.user_ids), decay=self.ridge.decay, memory=self.ridge.memory)

    @cached_property
    def _distinct(self) -> DistinctItems:
        return DistinctItems.of(self._user, self.items, self.ridge.repeats, len(self.item_ids))

    def save(self, path: Path) -> None:
        """Write the model to one `.npz` file, which `tastemaker.recommenders.load(path, SegmentModel)` reads."""
        own = {"user_ids": self.user_ids, "user_starts": self.starts, "user_items": self.items}
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **self.ridge.arrays() | own | {"kind": np.array("segments")})

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> SegmentModel:
        """The model of what `save` wrote."""
        return cls(
            ridge=SequenceRidgeModel.from_arrays(arrays),
            user_ids=arrays["user_ids"].astype(np.str_),
            starts=arrays["user_starts"].astype(np.int64),
            items=arrays["user_items"].astype(np.int32),
        )


@dataclass(frozen=True, eq=False)
class _Columns:
    """Of the ridge's weights the columns of some items of its head.

    `head` (n_chosen,): these items, sorted; `each` (n_head, n_chosen): their weights; `total` (n_head,): the sums.
    """

    head: NDArray[np.int32]
    each: NDArray[np.float32]
    total: NDArray[np.float64]

    @classmethod
    def of(cls, ridge: SequenceRidgeModel, items: NDArray[np.int32]) -> _Columns:
        places = locate_positions(ridge.head, np.sort(items))
        places = places[places >= 0]
        column_of = np.full(len(ridge.head), -1, dtype=np.int32)
        column_of[places] = np.arange(len(places))
        column = column_of[ridge.columns]
        row, place = np.nonzero(column >= 0)
        each = np.asarray(ridge.vectors @ ridge.shared[:, places], dtype=np.float32)
        each[row, column[row, place]] += ridge.values[row, place]
        return cls(ridge.head[places], each, each.sum(axis=1, dtype=np.float64))

    def column_of(self, items: NDArray[np.int32]) -> NDArray[np.int32]:
        return locate_positions(self.head, items)


def locate_positions(among: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.int32]:
    """Where each item is in a sorted array of positions; −1 where it is not in it."""
    if not len(among):
        return np.full(len(items), -1, dtype=np.int32)
    place = np.minimum(np.searchsorted(among, items), len(among) - 1)
    return np.where(among[place] == items, place, -1).astype(np.int32)
