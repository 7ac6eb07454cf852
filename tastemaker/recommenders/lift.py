"""How much more often an item is had under a circumstance than without regard to it: ratios, shrunk where rare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.circumstances import Circumstances
from tastemaker.recommenders.holding import Category, Held, edges_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

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
_CELLS: Final = 4_000_000


def learn(interactions: Interactions, users: Attributes | None) -> Circumstances:
    """Of each category c and item i, log lift_ic = log (n_ic + k) / (e_ic + k).

    n_ic: the events of i under c, e_ic = n_i · n_c / N: those expected were both independent, k: `PRIOR`. That is the
    mean of the ratio's posterior under a Gamma prior of mean 1, for a Poisson count (DuMouchel, "Bayesian Data Mining
    in Large Frequency Tables", 1999, with one component of equal parameters). |log lift| under 0.05 counts as 0.

    `interactions`: without immediate repeats. Of an attribute each user and item counts once, however often the user
    had it: an attribute says what such users have, which one of them with a habit must not drown; and then, with k = 0,
    an item's popularity times the lift is its popularity among these users. A context is a matter of each event.
    """
    known = None if users is None else users.of(interactions.user_ids)
    edges = edges_of(known, interactions.context)
    parts = [] if known is None else [_Counted.by_users(interactions, Held.of_users(known, edges))]
    if interactions.context is not None:
        parts.append(_Counted.by_events(interactions, Held.of_events(interactions.context, edges)))
    chosen = _most_frequent(parts)
    found = {name: lifts for part in parts for name, lifts in part.lifts(chosen)}
    items = [found[name][0] for name in chosen]
    return Circumstances(
        n_items=len(interactions.item_ids),
        categories=tuple(chosen),
        edges=edges,
        starts=np.cumsum([0, *map(len, items)], dtype=np.int64),
        items=np.concatenate([np.empty(0, dtype=np.int32), *items]),
        log_lift=np.concatenate([np.empty(0, dtype=np.float32), *(found[name][1] for name in chosen)]),
    )


@dataclass(frozen=True, eq=False)
class _Counted:
    """n users, or events: `held`: what holds of each, `had` (n, n_items): 1 where an item was had, `user` (n,)."""

    held: Held
    had: csr_array
    user: NDArray[np.int32]

    @classmethod
    def by_users(cls, interactions: Interactions, held: Held) -> _Counted:
        user = np.arange(len(interactions.user_ids), dtype=np.int32)
        had = _cells(interactions.user, interactions.item, (len(user), len(interactions.item_ids)))
        had.data[:] = 1
        return cls(held, had, np.where(np.diff(had.indptr), user, -1).astype(np.int32))

    @classmethod
    def by_events(cls, interactions: Interactions, held: Held) -> _Counted:
        event = np.arange(len(interactions), dtype=np.int32)
        return cls(held, _cells(event, interactions.item, (len(event), len(interactions.item_ids))), interactions.user)

    @cached_property
    def users(self) -> NDArray[np.int64]:
        """(n_categories,): of how many users with events each category holds, at some time."""
        category, row = self.held.rows.T.tocsr().nonzero()
        user, size = self.user[row], int(self.user.max(initial=0)) + 1
        pairs = np.unique((category * size + user)[user >= 0])
        return np.bincount(pairs // size, minlength=len(self.held.names))

    def lifts(self, chosen: Iterable[Category]) -> Iterator[tuple[Category, _Lifts]]:
        """Of those of the chosen categories that hold here."""
        place = {name: column for column, name in enumerate(self.held.names)}
        columns = np.array([place[name] for name in chosen if name in place], dtype=np.int64)
        n_items = self.had.shape[1]
        of_item, total = np.bincount(self.had.indices, minlength=n_items), self.had.nnz
        block = max(1, _CELLS // max(1, n_items))
        for start in range(0, len(columns), block):
            some = columns[start : start + block]
            counted = (self.held.rows[:, some].T @ self.had).toarray().astype(np.float64)
            expected = np.outer(counted.sum(axis=1), of_item / max(1, total))
            for column, *row in zip(some.tolist(), counted, expected, strict=True):
                yield self.held.names[column], _largest(*row)


_Lifts = tuple["NDArray[np.int32]", "NDArray[np.float32]"]
"""Items, as positions in order, and the logarithm of the lift of each."""


def _largest(counted: NDArray[np.float64], expected: NDArray[np.float64]) -> _Lifts:
    log_lift = np.log((counted + PRIOR) / (expected + PRIOR))
    items = np.flatnonzero(np.abs(log_lift) > _NEGLIGIBLE)
    if len(items) > MOST_ITEMS:
        matters = np.argsort(-np.abs(counted - expected)[items], kind="stable")[:MOST_ITEMS]
        items = np.sort(items[matters])
    return items.astype(np.int32), log_lift[items].astype(np.float32)


def _most_frequent(parts: Sequence[_Counted]) -> list[Category]:
    """The categories that hold of enough users, of most first, in order of their names where that is equal."""
    of_users = {
        name: count
        for part in parts
        for name, count in zip(part.held.names, part.users.tolist(), strict=True)
        if count >= FEWEST_USERS
    }
    return sorted(of_users, key=lambda name: (-of_users[name], name))[:MOST_CATEGORIES]


def _cells(row: NDArray[np.int32], column: NDArray[np.int32], shape: tuple[int, int]) -> csr_array:
    from scipy.sparse import csr_array

    cells = csr_array((np.ones(len(row), dtype=np.float32), (row, column)), shape=shape)
    cells.sum_duplicates()
    return cells
