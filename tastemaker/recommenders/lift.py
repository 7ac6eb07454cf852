"""How much more often an item is had under a circumstance than without regard to it: ratios, shrunk where rare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.circumstances import Circumstances
from tastemaker.recommenders.holding import Category, Edges, Held, edges_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csc_array, csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

PRIOR: Final = 30.0
"""How many events, as many as expected, are imagined beside those that were counted."""
FEWEST_USERS: Final = 10
"""Of fewer users no category is learned: it would say of them what they had, and not what such users have."""
MOST_CATEGORIES: Final = 1_000
"""The most frequent ones."""
MOST_ITEMS: Final = 4_000
"""Of each category, those of which most events more or fewer were counted than expected."""

_NEGLIGIBLE: Final = 0.05


def learn(interactions: Interactions, users: Attributes | None) -> Circumstances:
    """Of each category c and item i, log lift_ic = log (n_ic + k) / (e_ic + k).

    n_ic: the events of i under c, e_ic = n_i · n_c / N: those expected were both independent, k: `PRIOR`. That is the
    mean of the ratio's posterior under a Gamma prior of mean 1, for a Poisson count (DuMouchel, "Bayesian Data Mining
    in Large Frequency Tables", 1999, with one component of equal parameters). |log lift| under 0.05 counts as 0.

    `interactions`: without quick repeats. Of an attribute each user and item counts once, however often the user
    had it: an attribute says what such users have, which one of them with a habit must not drown; and then, with k = 0,
    an item's popularity times the lift is its popularity among these users. A context is a matter of each event.
    """
    known = None if users is None else users.of(interactions.user_ids)
    edges = edges_of(known, interactions.context)
    # counted twice, so that the categories of one field at a time are in memory
    chosen = _most_frequent(_counted(interactions, known, edges))
    lifts = {name: found for part in _counted(interactions, known, edges) for name, found in part.lifts(chosen)}
    items = [lifts[name][0] for name in chosen]
    return Circumstances(
        n_items=len(interactions.item_ids),
        categories=tuple(chosen),
        edges=edges,
        starts=np.cumsum([0, *map(len, items)], dtype=np.int64),
        items=np.concatenate([np.empty(0, dtype=np.int32), *items]),
        log_lift=np.concatenate([np.empty(0, dtype=np.float32), *(lifts[name][1] for name in chosen)]),
    )


@dataclass(frozen=True, eq=False)
class _Counted:
    """n users, or events sorted by user: `names`, `held` (n, n_categories): what holds of each; `had` (n, n_items): 1
    where an item was had; `user` (n,): whose they are, −1 of users without events."""

    names: tuple[Category, ...]
    held: csc_array
    had: csr_array
    user: NDArray[np.int32]

    @cached_property
    def users(self) -> NDArray[np.int64]:
        """(n_categories,): of how many users with events each category holds, at some time."""
        user = self.user[self.held.indices]
        is_new = user >= 0
        is_new[1:] &= (user[1:] != user[:-1]) | self._begins[1:]
        users: NDArray[np.int64] = np.diff(np.r_[0, np.cumsum(is_new)][self.held.indptr])
        return users

    @property
    def _begins(self) -> NDArray[np.bool_]:
        """Where the rows of another category begin."""
        begins = np.zeros(self.held.nnz + 1, dtype=np.bool_)
        begins[self.held.indptr] = True
        return begins[:-1]

    def lifts(self, chosen: Sequence[Category]) -> Iterator[tuple[Category, _Lifts]]:
        """Of those of the chosen categories that are counted here."""
        n_items, wanted = self.had.shape[1], frozenset(chosen)
        share = np.bincount(self.had.indices, minlength=n_items) / max(1, self.had.nnz)
        for column, name in enumerate(self.names):
            if name in wanted:
                rows = self.held.indices[self.held.indptr[column] : self.held.indptr[column + 1]]
                counted = np.bincount(self.had[rows].indices, minlength=n_items)
                yield name, _largest(counted, counted.sum() * share)


def _counted(interactions: Interactions, users: Attributes | None, edges: Edges) -> Iterator[_Counted]:
    """Users by their attributes, and events by one contextual field after the other."""
    from scipy.sparse import csr_array

    n_items, n_users = len(interactions.item_ids), len(interactions.user_ids)
    if users is not None:
        pairs = np.unique(interactions.user.astype(np.int64) * n_items + interactions.item)
        starts = np.searchsorted(pairs, np.arange(n_users + 1) * np.int64(n_items))
        had = csr_array((np.ones(len(pairs), dtype=np.int8), pairs % n_items, starts), shape=(n_users, n_items))
        held = Held.of_users(users, edges)
        user = np.where(np.diff(interactions.starts) > 0, np.arange(n_users), -1).astype(np.int32)
        yield _Counted(held.names, held.rows.tocsc(), had, user)
    if interactions.context is not None:
        event = np.arange(len(interactions) + 1)
        ones = np.ones(len(interactions), dtype=np.int8)
        had = csr_array((ones, interactions.item, event), shape=(len(interactions), n_items))
        for held in Held.of_events(interactions.context, edges):
            yield _Counted(held.names, held.rows.tocsc(), had, interactions.user)


_Lifts = tuple["NDArray[np.int32]", "NDArray[np.float32]"]
"""Items, as positions in order, and the logarithm of the lift of each."""


def _largest(counted: NDArray[np.int64], expected: NDArray[np.float64]) -> _Lifts:
    log_lift = np.log((counted + PRIOR) / (expected + PRIOR))
    items = np.flatnonzero(np.abs(log_lift) > _NEGLIGIBLE)
    if len(items) > MOST_ITEMS:
        matters = np.argsort(-np.abs(counted - expected)[items], kind="stable")[:MOST_ITEMS]
        items = np.sort(items[matters])
    return items.astype(np.int32), log_lift[items].astype(np.float32)


def _most_frequent(parts: Iterable[_Counted]) -> list[Category]:
    """The categories that hold of enough users, of most first, in order of their names where that is equal."""
    of_users = {
        name: count
        for part in parts
        for name, count in zip(part.names, part.users.tolist(), strict=True)
        if count >= FEWEST_USERS
    }
    return sorted(of_users, key=lambda name: (-of_users[name], name))[:MOST_CATEGORIES]
