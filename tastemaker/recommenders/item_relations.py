"""How items are related: sparse matrices (n_items, n_items) whose rows are scaled to a strongest neighbour of 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

LONGEST_HISTORY = 100
"""Of each user, the newest distinct items: co-occurrence costs the square of it."""

_STEPS = 8
_PER_STEP = 0.8
_BACKWARD = 0.5
_ALIKE = 50
_NUMBERS = 0.2
_AT_ONCE = 4_000_000


def cooccurrence(interactions: Interactions) -> csr_array:
    """C_ij = Σ_u x_ui x_uj / √n_u, as a cosine: divided by √(C_ii C_jj).

    x_ui is 1 where the user has consumed the item, n_u the number of items of the user, who so counts less the more
    there are.
    """
    from scipy.sparse import csr_array, diags_array

    user, item = _newest_distinct(interactions)
    n_users, n_items = len(interactions.user_ids), len(interactions.item_ids)
    lengths = np.bincount(user, minlength=n_users)
    weights = (lengths[user] ** -0.25).astype(np.float32)
    consumed = csr_array((weights, (user, item)), shape=(n_users, n_items))
    together = csr_array(consumed.T @ consumed)
    scale = diags_array(1 / np.sqrt(np.maximum(together.diagonal(), 1e-12)).astype(np.float32))
    return _scaled(csr_array(scale @ together @ scale))


def transitions(interactions: Interactions) -> csr_array:
    """T_ij = Σ 0.8^(d−1) over the events of i that j follows d ≤ 8 events later, and half of that where it precedes."""
    from scipy.sparse import csr_array

    n_items = len(interactions.item_ids)
    befores, afters, weights = [], [], []
    for step in range(1, _STEPS + 1):
        later = np.flatnonzero(interactions.user[step:] == interactions.user[:-step])
        befores.append(interactions.item[later])
        afters.append(interactions.item[later + step])
        weights.append(np.full(len(later), _PER_STEP ** (step - 1), dtype=np.float32))
    forward = csr_array(
        (np.concatenate(weights), (np.concatenate(befores), np.concatenate(afters))), shape=(n_items, n_items)
    )
    return _scaled(csr_array(forward + np.float32(_BACKWARD) * forward.T))


def alike(attributes: Attributes) -> csr_array:
    """Of each item the 50 most alike of those that share a category.

    The cosine of the categories weighted by log(1 + n / (items that have it)), four fifths, and how near the ranks
    of each number are, one fifth.
    """
    from scipy.sparse import csr_array, diags_array

    n_items = len(attributes.ids)
    having = np.maximum(np.asarray(attributes.categories.sum(axis=0)).ravel(), 1)
    weighted = csr_array(attributes.categories @ diags_array(np.log1p(n_items / having).astype(np.float32)))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    unit = csr_array(diags_array((1 / np.maximum(lengths, 1e-12)).astype(np.float32)) @ weighted)
    turned = unit.T.toarray()
    ranks = _ranks(attributes.numbers)
    chunk = max(1, _AT_ONCE // max(1, n_items))
    rows, columns, values = [], [], []
    for start in range(0, n_items, chunk):
        near = np.asarray(unit[start : start + chunk] @ turned)
        near[np.arange(len(near)), np.arange(start, start + len(near))] = 0
        if ranks.shape[1]:
            near = np.where(near > 0, (1 - _NUMBERS) * near + _NUMBERS * _closeness(ranks, start, len(near)), 0)
        kept = min(_ALIKE, n_items)
        places = np.argpartition(-near, kept - 1, axis=1)[:, :kept]
        rows.append(np.repeat(np.arange(start, start + len(near)), kept))
        columns.append(places.ravel())
        values.append(np.take_along_axis(near, places, axis=1).ravel())
    nearest = csr_array(
        (np.concatenate(values).astype(np.float32), (np.concatenate(rows), np.concatenate(columns))),
        shape=(n_items, n_items),
    )
    nearest.eliminate_zeros()
    return _scaled(nearest)


def strongest(relation: csr_array, kept: int) -> csr_array:
    """The `kept` largest positive entries of each row, largest first, the earlier column first among equals."""
    from scipy.sparse import csr_array

    n_rows = relation.shape[0]
    row = np.repeat(np.arange(n_rows), np.diff(relation.indptr))
    order = np.lexsort((relation.indices, -relation.data, row))
    rank = np.arange(len(order)) - relation.indptr[row[order]]
    chosen = order[(rank < kept) & (relation.data[order] > 0)]
    starts = np.searchsorted(row[chosen], np.arange(n_rows + 1))
    return csr_array((relation.data[chosen], relation.indices[chosen], starts), shape=relation.shape)


def csr_sum(weighted: Sequence[tuple[csr_array, float]]) -> csr_array:
    """Σ weight · relation."""
    (first, weight), *others = weighted
    total = first * np.float32(weight)
    for relation, weight in others:
        total = total + relation * np.float32(weight)
    return total


def _newest_distinct(interactions: Interactions) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Users and items, each pair once: of each user the items that came last."""
    backwards = slice(None, None, -1)
    pair = interactions.user.astype(np.int64) * len(interactions.item_ids) + interactions.item
    _, newest = np.unique(pair[backwards], return_index=True)
    newest = np.sort(newest)
    user, item = interactions.user[backwards][newest], interactions.item[backwards][newest]
    # users come in falling order now, each with the newest item first
    first = np.flatnonzero(np.r_[True, user[1:] != user[:-1]]) if len(user) else np.empty(0, dtype=np.int64)
    rank = np.arange(len(user)) - np.repeat(first, np.diff(np.r_[first, len(user)]))
    return user[rank < LONGEST_HISTORY], item[rank < LONGEST_HISTORY]


def _ranks(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, n_fields): where each number stands among those of its field, from 0 to 1; NaN stays."""
    ranks = np.full(numbers.shape, np.nan, dtype=np.float32)
    for field in range(numbers.shape[1]):
        there = np.flatnonzero(~np.isnan(numbers[:, field]))
        values, place = np.unique(numbers[there, field], return_inverse=True)
        ranks[there, field] = place / max(1, len(values) - 1)
    return ranks


def _closeness(ranks: NDArray[np.float32], start: int, rows: int) -> NDArray[np.float32]:
    apart = np.abs(ranks[start : start + rows, None, :] - ranks[None, :, :])
    return np.asarray(1 - np.where(np.isnan(apart), 1, apart).mean(axis=2), dtype=np.float32)


def _scaled(relation: csr_array) -> csr_array:
    """Without the diagonal, and with a maximum of 1 in every row that has an entry."""
    from scipy.sparse import csr_array, diags_array

    relation.setdiag(0)
    relation.eliminate_zeros()
    most = np.maximum(relation.max(axis=1).toarray().ravel(), 1e-12)
    return csr_array(diags_array((1 / most).astype(np.float32)) @ relation)
