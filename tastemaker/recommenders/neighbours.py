"""The nearest items of every item, a block of rows at a time: all pairs of items never exist at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.item_relations import BACKWARD, PER_STEP, STEPS, UNSEEN_USERS, consumption, strongest
from tastemaker.recommenders.nearness import UNSEEN_EVENTS, Scales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.interactions import Interactions

_PAIRS_AT_ONCE = 5_000_000


def nearest(
    interactions: Interactions,
    scales: Scales,
    part: NDArray[np.float32],
    kept: int,
    *,
    likeness: csr_array | None = None,
    progress: Callable[[float], None],
    pairs_at_once: int = _PAIRS_AT_ONCE,
) -> csr_array:
    """(n_items, n_items): the `kept` largest of each row of N_ij = (s T_ij + r C_ij + q A_ij) p_j, with (s, r, q) the
    `scales`, T the `transition_rates`, C the `damped_cosines`, A the `likeness` (None: not known, as if 0), and p the
    `part` (n_items,).

    A_ij counts where item j has events: of what nobody has had too little is expected to be beside the rest. Where a
    scale or a column's part is 0 nothing is computed. At most about `pairs_at_once` pairs of events are held at a time,
    and those of one item at least.
    """
    from scipy.sparse import csr_array, vstack

    n_items = len(interactions.item_ids)
    sources: list[_Following | _InCommon | _Alike] = []
    if scales.rates > 0:
        sources.append(_Following.of(interactions, scales.rates, part))
    if scales.cosines > 0:
        sources.append(_InCommon.of(interactions, scales.cosines, part))
    if likeness is not None and scales.likeness > 0:
        sources.append(_Alike.of(interactions, likeness, scales.likeness, part))
    if not sources or not part.any():
        return _diagonal(np.zeros(n_items, dtype=np.float32))
    cost = np.sum([each.pairs for each in sources], axis=0)
    blocks, done = [], 0.0
    for rows in _blocks(cost, pairs_at_once):
        first, *others = (each.rows(rows) for each in sources)
        near = sum(others, start=first)
        near.data[near.indices == np.repeat(np.arange(rows.start, rows.stop), np.diff(near.indptr))] = 0
        blocks.append(strongest(near, kept))
        done += float(cost[rows].sum())
        progress(done / max(1.0, float(cost.sum())))
    return csr_array(vstack(blocks, format="csr"))


@dataclass(frozen=True, eq=False)
class _Following:
    """s T_ij p_j, from the events of each item and those that came up to eight before and after.

    `pairs` (n_items,): of how many pairs of events each row is the sum.
    """

    interactions: Interactions
    by_item: NDArray[np.int64]
    starts: NDArray[np.int64]
    scale: NDArray[np.float32]
    columns: csr_array
    pairs: NDArray[np.float64]

    @classmethod
    def of(cls, interactions: Interactions, scale: float, part: NDArray[np.float32]) -> _Following:
        events = np.bincount(interactions.item, minlength=len(part))
        return cls(
            interactions=interactions,
            by_item=np.argsort(interactions.item, kind="stable"),
            starts=np.concatenate(([0], np.cumsum(events))),
            scale=(scale / (events + UNSEEN_EVENTS)).astype(np.float32),
            columns=_diagonal(part),
            pairs=np.asarray(2 * STEPS * events, dtype=np.float64),
        )

    def rows(self, rows: slice) -> csr_array:
        """(n_rows, n_items): these rows of the relation."""
        from scipy.sparse import csr_array

        user, item = self.interactions.user, self.interactions.item
        events = self.by_item[self.starts[rows.start] : self.starts[rows.stop]]
        steps = np.array([step for step in range(-STEPS, STEPS + 1) if step])
        weight = np.where(steps > 0, 1, BACKWARD) * PER_STEP ** (np.abs(steps) - 1)
        other = events[:, None] + steps
        inside = (other >= 0) & (other < len(user))
        np.clip(other, 0, max(0, len(user) - 1), out=other)
        inside &= user[other] == user[events][:, None]
        weights = weight.astype(np.float32) * self.scale[item[events]][:, None]
        starts = np.concatenate(([0], np.cumsum(inside.sum(axis=1))))
        starts = starts[self.starts[rows.start : rows.stop + 1] - self.starts[rows.start]]
        pairs = csr_array((weights[inside], item[other[inside]], starts), shape=(len(starts) - 1, len(self.scale)))
        # the product adds up what is there several times
        return csr_array(pairs @ self.columns)


@dataclass(frozen=True, eq=False)
class _InCommon:
    """r C_ij p_j, from the users of each item and what else they have had; `pairs` as in `_Following`."""

    having: csr_array
    had: csr_array
    pairs: NDArray[np.float64]

    @classmethod
    def of(cls, interactions: Interactions, scale: float, part: NDArray[np.float32]) -> _InCommon:
        from scipy.sparse import csr_array

        consumed = consumption(interactions)
        own = np.bincount(consumed.indices, consumed.data.astype(np.float64) ** 2, minlength=len(part))
        length = (1 / np.sqrt(own + UNSEEN_USERS)).astype(np.float32)
        having = csr_array(_diagonal(np.float32(scale) * length) @ consumed.T)
        had = csr_array(consumed @ _diagonal(length * part))
        sizes = np.diff(had.indptr)[having.indices]
        return cls(having, had, np.diff(np.concatenate(([0.0], np.cumsum(sizes)))[having.indptr]))

    def rows(self, rows: slice) -> csr_array:
        from scipy.sparse import csr_array

        return csr_array(self.having[rows] @ self.had)


@dataclass(frozen=True, eq=False)
class _Alike:
    """q A_ij p_j where item j has events; `pairs` as in `_Following`."""

    likeness: csr_array
    columns: csr_array
    pairs: NDArray[np.float64]

    @classmethod
    def of(cls, interactions: Interactions, likeness: csr_array, scale: float, part: NDArray[np.float32]) -> _Alike:
        had = np.bincount(interactions.item, minlength=len(part)) > 0
        columns = _diagonal(np.float32(scale) * part * had)
        return cls(likeness, columns, np.diff(likeness.indptr).astype(np.float64))

    def rows(self, rows: slice) -> csr_array:
        from scipy.sparse import csr_array

        return csr_array(self.likeness[rows] @ self.columns)


def _diagonal(values: NDArray[np.float32]) -> csr_array:
    """Without the entries that are 0."""
    from scipy.sparse import csr_array

    filled = np.flatnonzero(values)
    starts = np.searchsorted(filled, np.arange(len(values) + 1))
    return csr_array((values[filled].astype(np.float32), filled, starts), shape=(len(values), len(values)))


def _blocks(cost: NDArray[np.float64], most: int) -> Iterator[slice]:
    """Rows next to each other whose costs add up to `most` or less, one row at least."""
    until, start = np.cumsum(cost), 0
    while start < len(cost):
        spent = until[start - 1] if start else 0.0
        end = max(start + 1, int(np.searchsorted(until, spent + most, side="right")))
        yield slice(start, end)
        start = end
