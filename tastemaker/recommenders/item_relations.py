"""How items are related: sparse matrices (n_items, n_items) whose rows are scaled to a strongest neighbour of 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

LONGEST_HISTORY = 100
"""Of each user, the newest distinct items: co-occurrence costs the square of it."""

STEPS = 8
PER_STEP = 0.8
"""Of what follows, the weight of each step in relation to the one before."""

BACKWARD = 0.5
_ALIKE = 50
_NUMBERS = 0.2
_POPULAR_FIRST = 1e-3
_TOGETHER = 16
_AT_ONCE = 1_000_000
_MOST_CELLS = 20_000_000


def cooccurrence(interactions: Interactions, *, discount: float = 0.5, least_together: int = 1) -> csr_array:
    """C_ij of `together`, divided by C_ii^½ C_jj^discount: as it is, by default, the cosine.

    Pairs of which fewer than `least_together` users have both are 0.
    """
    from scipy.sparse import csr_array

    common = together(interactions)
    length = (np.maximum(common.diagonal(), 1e-12) ** discount).astype(np.float32)
    if least_together > 1:
        consumed = consumption(interactions)
        consumed.data[:] = 1
        common = csr_array(common.multiply(csr_array(consumed.T @ consumed) >= least_together))
    # the row's own length goes with the scaling
    common.data /= length[common.indices]
    return _scaled(common)


def together(interactions: Interactions) -> csr_array:
    """C_ij = Σ_u x_ui x_uj / √n_u.

    x_ui is 1 where the user has consumed the item, n_u the number of items of the user, who so counts less the more
    there are; of each user the newest 100 items count.
    """
    from scipy.sparse import csr_array

    consumed = consumption(interactions)
    return csr_array(consumed.T @ consumed)


def consumption(interactions: Interactions) -> csr_array:
    """(n_users, n_items): x_ui / n_u^¼."""
    from scipy.sparse import csr_array

    user, item = _newest_distinct(interactions)
    n_users, n_items = len(interactions.user_ids), len(interactions.item_ids)
    lengths = np.bincount(user, minlength=n_users)
    weights = (lengths[user] ** -0.25).astype(np.float32)
    return csr_array((weights, (user, item)), shape=(n_users, n_items))


def transitions(interactions: Interactions) -> csr_array:
    """`transition_counts`, scaled."""
    return _scaled(transition_counts(interactions))


def transition_counts(interactions: Interactions) -> csr_array:
    """T_ij = Σ 0.8^(d−1) over the events of i that j follows d ≤ 8 events later, and half of that where it precedes."""
    from scipy.sparse import csr_array

    n_items = len(interactions.item_ids)
    shape = (n_items, n_items)
    forward = csr_array(shape, dtype=np.float32)
    for step in range(1, STEPS + 1):
        later = np.flatnonzero(interactions.user[step:] == interactions.user[:-step])
        weight = np.full(len(later), PER_STEP ** (step - 1), dtype=np.float32)
        # a step at a time: one matrix of all pairs would take eight times the memory
        forward = forward + csr_array(
            (weight, (interactions.item[later], interactions.item[later + step])), shape=shape
        )
    return csr_array(forward + np.float32(BACKWARD) * forward.T)


def alike(attributes: Attributes, users: NDArray[np.int64]) -> csr_array:
    """A_ij = cosine of the categories of i and j · (1 − how far their numbers are apart ÷ 5), the 50 largest of i.

    A category weighs log(1 + n / (items that have it)). Numbers are as far apart as their ranks in their field, from 0
    to 1, as a mean over the fields; 1 where one of the two has none. Of items equally alike, those that more of the
    `users` (n_items,) have consumed come first. Time grows with the square of the number of items.
    """
    from scipy.sparse import csr_array, diags_array, vstack

    n_items = len(attributes.ids)
    having = np.maximum(np.asarray(attributes.categories.sum(axis=0)).ravel(), 1)
    weighted = csr_array(attributes.categories @ diags_array(np.log1p(n_items / having).astype(np.float32)))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    unit = csr_array(diags_array((1 / np.maximum(lengths, 1e-12)).astype(np.float32)) @ weighted)
    popular_first = np.empty(n_items, dtype=np.float32)
    popular_first[np.argsort(users, kind="stable")] = 1 + _POPULAR_FIRST * np.arange(n_items) / max(1, n_items)
    # what only one item has relates it to nothing
    shared = unit[:, np.flatnonzero(having > 1)]
    others = csr_array(shared.multiply(popular_first[:, None])).T
    # a dense factor is faster, but of thousands of categories too large
    factor = others.toarray(order="C") if np.prod(others.shape) <= _MOST_CELLS else others
    ranks = _ranks(attributes.numbers)
    chunk = max(1, _AT_ONCE // max(1, n_items))
    nearest = []
    for start in range(0, n_items, chunk):
        product = shared[start : start + chunk] @ factor
        nearest.append(_nearest(product if isinstance(product, np.ndarray) else product.toarray(), ranks, start))
    if not nearest:
        return csr_array(np.zeros((0, 0), dtype=np.float32))
    return _scaled(cast("csr_array", vstack(nearest, format="csr")))


def strongest(relation: csr_array, kept: int) -> csr_array:
    """The `kept` largest positive entries of each row, the earlier column first among equals."""
    from scipy.sparse import csr_array

    relation.sort_indices()
    length = np.diff(relation.indptr)
    row = np.repeat(np.arange(len(length), dtype=np.int32), length)
    least = _least_kept(relation, kept)[row]
    chosen = relation.data > np.maximum(least, 0)
    equal = np.flatnonzero((relation.data == least) & (least > 0))
    if len(equal):
        # how many places those above leave, and how many equals came before in the row
        room = kept - np.bincount(row[chosen], minlength=len(length))
        first = np.searchsorted(row[equal], row[equal], side="left")
        chosen[equal[np.arange(len(equal)) - first < room[row[equal]]]] = True
    starts = np.concatenate(([0], np.cumsum(np.bincount(row[chosen], minlength=len(length)))))
    return csr_array((relation.data[chosen], relation.indices[chosen], starts), shape=relation.shape)


def _least_kept(relation: csr_array, kept: int) -> NDArray[np.float32]:
    """(n_rows,): of the rows of more entries the `kept`-th largest, of the others −∞."""
    length = np.diff(relation.indptr)
    least = np.full(len(length), -np.inf, dtype=np.float32)
    longer = np.flatnonzero(length > kept)
    longer = longer[np.argsort(length[longer], kind="stable")]
    start = 0
    while start < len(longer):
        # rows of about the same length go as one matrix, filled up with −∞
        widest = min(int(1.25 * length[longer[start]]), int(length[longer[-1]]))
        most = start + max(1, _AT_ONCE // widest)
        end = min(most, int(np.searchsorted(length[longer], widest, side="right")))
        rows = longer[start : max(end, start + 1)]
        width = int(length[rows[-1]])
        place = relation.indptr[rows].astype(np.int64)[:, None] + np.arange(width)
        values = relation.data[np.minimum(place, relation.nnz - 1)]
        values[np.arange(width) >= length[rows, None]] = -np.inf
        least[rows] = np.partition(values, width - kept, axis=1)[:, width - kept]
        start += len(rows)
    return least


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


def _nearest(near: NDArray[np.float32], ranks: NDArray[np.float32], start: int) -> csr_array:
    """Of each row the strongest; `near` (rows, n_items) holds the cosines of the items from `start` on."""
    from scipy.sparse import csr_array

    rows, n_items = near.shape
    near[np.arange(rows), np.arange(start, start + rows)] = 0
    if fields := ranks.shape[1]:
        close = np.ones_like(near)
        for rank in ranks.T:
            apart = np.abs(rank[start : start + rows, None] - rank)
            apart[np.isnan(apart)] = 1
            apart *= _NUMBERS / fields
            close -= apart
        near *= close
    # as many groups of items as are kept or more: one of each is as large as the least of the largest maxima
    kept = min(_ALIKE, n_items)
    together = max(1, min(_TOGETHER, n_items // kept))
    groups = n_items // together
    maxima = near[:, : together * groups].reshape(rows, together, groups).max(axis=1)
    least = np.partition(maxima, groups - kept, axis=1)[:, groups - kept]
    row, column = np.divmod(np.flatnonzero(near >= np.maximum(least, np.finfo(np.float32).tiny)[:, None]), n_items)
    return strongest(csr_array((near[row, column], (row, column)), shape=near.shape), kept)


def _scaled(relation: csr_array) -> csr_array:
    """In place: without the diagonal, and with a maximum of 1 in every row that has a positive entry."""
    row = np.repeat(np.arange(relation.shape[0]), np.diff(relation.indptr))
    relation.data[row == relation.indices] = 0
    most = np.zeros(relation.shape[0], dtype=np.float32)
    filled = np.flatnonzero(np.diff(relation.indptr))
    most[filled] = np.maximum.reduceat(relation.data, relation.indptr[filled]) if len(filled) else 0
    relation.data /= np.where(most > 0, most, 1)[row]
    return relation
