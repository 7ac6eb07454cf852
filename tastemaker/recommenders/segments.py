"""Segments of users: who is likeliest to turn to some items next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.interactions import Interactions, changes, locate, soon_before
from tastemaker.recommenders.model import best, known
from tastemaker.recommenders.sequence_ridge_model import HORIZON, SEEN, SequenceRidgeModel
from tastemaker.recommenders.user_histories import DistinctItems, RecentEvents
from tastemaker.recommenders.user_personalization import SequenceRidge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.choice import Choice

_PAIRS_AT_ONCE = 1_000_000
_CELLS_AT_ONCE = 20_000_000


@dataclass(frozen=True)
class Segments:
    """Users by a_u = n_u Σ_i E_ui over the items: how much the user consumes, times how much of it goes to the items.

    E_ui is what a `SequenceRidge` expects of item i from the history of user u, n_u the number of events in it, where
    what comes several times in a row counts once. A sum below 0 stays as it is. The ridge's memory is long
    (g = 0.95): a segment is not about the very next item; and of items that are too rare for it, how active a user is
    says more than whom it is near to. With second opinions, it would be no sum over events: they are not asked.
    Without n_u the most active users, who do most of everything, are found too late.
    """

    ridge: SequenceRidge = field(
        default_factory=lambda: SequenceRidge(decays=((0.95,),), exact_items=2_000, nearness=False)
    )

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> SegmentModel:
        """Train; `seed` draws the users on whom the ridge's choice is made."""
        # of all users at once there are no circumstances
        alone = replace(self.ridge, second_opinions=0.0)
        ridge = alone.fit(replace(interactions, context=None), items=items, seed=seed, progress=progress)
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
        events = np.bincount(self._user[changes(self._pairs)], minlength=len(self.user_ids))
        return np.asarray(np.where(expected > 0, expected * events, expected), dtype=np.float32)

    def expected(self, items: NDArray[np.int32]) -> NDArray[np.float64]:
        """(n_users,): Σ over `items`, distinct positions, of `SequenceRidgeModel.expected` of the user's history.

        The sum over items goes before that over events; only items that a user has had are looked at one by one.
        """
        weights, n_users = self.ridge.weights, len(self.user_ids)
        totals = [np.zeros(len(each.columns)) for each in weights]
        again = np.zeros(n_users)
        # of a large catalogue not all weights at once
        width = max(1, _CELLS_AT_ONCE // max(1, sum(len(total) for total in totals)))
        for start in range(0, len(items), width):
            part = np.sort(items[start : start + width])
            columns = [each.of_items(part) for each in weights]
            for total, of_part in zip(totals, columns, strict=True):
                np.add(total, of_part.sum(axis=1, dtype=np.float64), out=total)
            again += self._had_before(part, columns)
        flow = np.where(
            self._says_something,
            self.ridge.base[items].sum(dtype=np.float64),
            self.ridge.rate[items].sum(dtype=np.float64),
        )
        for recent, total in zip(self._recent, totals, strict=True):
            flow += np.bincount(recent.user, recent.weight * total[recent.row], n_users)
        return np.asarray(flow / (1 - HORIZON) + again, dtype=np.float64)

    def _had_before(self, items: NDArray[np.int32], columns: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        """(n_users,): what the sorted `items` that each user has had add to a sum that takes them for new ones.

        `columns`: (n_rows, n_chosen) of each of the ridge's weights, what a row adds to `items`.
        """
        had = self._distinct.of_items(items, len(self.item_ids))
        added = np.zeros(len(self.user_ids))
        for start in range(0, len(had.user), _PAIRS_AT_ONCE):
            some = had.between(start, start + _PAIRS_AT_ONCE)
            as_new = self._of_pairs(some, np.searchsorted(items, some.item), columns) / (1 - HORIZON)
            added += np.bincount(some.user, some.value - (1 - SEEN) * as_new, len(self.user_ids))
        return added

    def _of_pairs(
        self, pairs: DistinctItems, column: NDArray[np.intp], columns: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float64]:
        """(n_pairs,): how probable each pair's item, which has this `column`, is to come next, were it new."""
        is_told = self._says_something[pairs.user]
        probable = np.where(is_told, self.ridge.base[pairs.item], self.ridge.rate[pairs.item]).astype(np.float64)
        for recent, added in zip(self._recent, columns, strict=True):
            count, newest = recent.count[pairs.user], recent.starts[pairs.user]
            for lag in range(int(count.max(initial=0))):
                which = np.flatnonzero(count > lag)
                event = newest[which] + lag
                probable[which] += recent.weight[event] * added[recent.row[event], column[which]]
        return probable

    @property
    def choice(self) -> Choice:
        return self.ridge.choice

    @cached_property
    def _user(self) -> NDArray[np.int32]:
        return np.repeat(np.arange(len(self.user_ids), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def _once(self) -> NDArray[np.bool_]:
        """(n_events,): which of the events are no quick repeats."""
        return soon_before(self._pairs) < 0

    @property
    def _pairs(self) -> NDArray[np.int64]:
        """(n_events,): a number for each pair of user and item."""
        return self._user.astype(np.int64) * len(self.item_ids) + self.items

    @cached_property
    def _recent(self) -> tuple[RecentEvents, ...]:
        """Of each of the ridge's weights, the events that add something."""
        user, item = self._user[self._once], self.items[self._once]
        return tuple(RecentEvents.of(user, item, len(self.user_ids), each) for each in self.ridge.weights)

    @cached_property
    def _says_something(self) -> NDArray[np.bool_]:
        """(n_users,): whether any event of the user adds something."""
        return np.asarray(np.logical_or.reduce([each.count > 0 for each in self._recent]), dtype=np.bool_)

    @cached_property
    def _distinct(self) -> DistinctItems:
        return DistinctItems.of(self._user, self.items, self.ridge.repeats, len(self.item_ids))

    def save(self, path: Path) -> None:
        """Write the model to one `.npz` file, which `tastemaker.recommenders.load(path, SegmentModel)` reads."""
        own = {"user_ids": self.user_ids, "user_starts": self.starts, "user_items": self.items}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **self.ridge.arrays() | own | {"kind": np.array("segments")})

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> SegmentModel:
        """The model of what `save` wrote."""
        return cls(
            ridge=SequenceRidgeModel.from_arrays(arrays),
            user_ids=arrays["user_ids"].astype(np.str_),
            starts=arrays["user_starts"].astype(np.int64),
            items=arrays["user_items"].astype(np.int32),
        )
