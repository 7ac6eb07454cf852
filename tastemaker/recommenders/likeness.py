"""How alike items are by what is known of them, whoever has consumed them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np

from tastemaker.recommenders.item_relations import scaled, strongest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes

_ALIKE = 50
_NUMBERS = 0.2
_POPULAR_FIRST = 1e-3
_TOGETHER = 16
_AT_ONCE = 1_000_000
_MOST_CELLS = 20_000_000
_COMPARED_WITH_EACH = 20_000
_LISTED = 500
_PRODUCTS_AT_ONCE = 5_000_000


def alike(attributes: Attributes, users: NDArray[np.int64]) -> csr_array:
    """A_ij = cosine of the categories of i and j · (1 − how far their numbers are apart ÷ 5), the 50 largest of i.

    A category weighs log(1 + n / (items that have it)). Numbers are as far apart as their ranks in their field, from 0
    to 1, as a mean over the fields; 1 where one of the two has none. Of items equally alike, those that more of the
    `users` (n_items,) have consumed come first.

    Up to 20,000 items, each is compared with each. Of more, only the 500 most consumed of each category are what others
    are like: a category adds to A_ij only where j is one of these, and time grows with n · 500 · categories of an item.
    """
    from scipy.sparse import csr_array, diags_array, vstack

    n_items = len(attributes.ids)
    having = np.maximum(np.asarray(attributes.categories.sum(axis=0)).ravel(), 1)
    weighted = csr_array(attributes.categories @ diags_array(np.log1p(n_items / having).astype(np.float32)))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    unit = csr_array(diags_array((1 / np.maximum(lengths, 1e-12)).astype(np.float32)) @ weighted)
    place = np.empty(n_items, dtype=np.float32)
    place[np.argsort(users, kind="stable")] = np.arange(n_items)
    # what only one item has relates it to nothing
    shared = unit[:, np.flatnonzero(having > 1)]
    others = csr_array(shared.multiply((1 + _POPULAR_FIRST * place / max(1, n_items))[:, None])).T
    ranks = _ranks(attributes.numbers)
    compare = _with_each if n_items <= _COMPARED_WITH_EACH else _with_most_consumed
    nearest = compare(shared, csr_array(others), ranks, place)
    if not nearest:
        return csr_array(np.zeros((0, 0), dtype=np.float32))
    return scaled(cast("csr_array", vstack(nearest, format="csr")))


def _with_each(
    shared: csr_array,
    others: csr_array,
    ranks: NDArray[np.float32],
    place: NDArray[np.float32],  # noqa: ARG001 - the other comparison's order of popularity
) -> list[csr_array]:
    """`_nearest` of all rows of shared · others, (n_items, n_categories) · (n_categories, n_items), some at a time."""
    n_items = shared.shape[0]
    # a dense factor is faster, but of thousands of categories too large
    factor = others.toarray(order="C") if np.prod(others.shape) <= _MOST_CELLS else others
    chunk = max(1, _AT_ONCE // max(1, n_items))
    nearest = []
    for start in range(0, n_items, chunk):
        product = shared[start : start + chunk] @ factor
        nearest.append(_nearest(product if isinstance(product, np.ndarray) else product.toarray(), ranks, start))
    return nearest


def _with_most_consumed(
    shared: csr_array, others: csr_array, ranks: NDArray[np.float32], place: NDArray[np.float32]
) -> list[csr_array]:
    """The same where of each category only the items that come last by `place` (n_items,) are left in `others`."""
    from scipy.sparse import csr_array

    popular = csr_array((place[others.indices] + 1, others.indices, others.indptr), shape=others.shape)
    listed = strongest(popular, _LISTED)
    listed.data[:] = 1
    factor = csr_array(others.multiply(listed))
    nearest = []
    # rows of about as many products together
    work = np.cumsum(np.r_[0, (shared.indptr[1:] - shared.indptr[:-1]) * float(_LISTED)])
    bounds = np.unique(np.r_[np.searchsorted(work, np.arange(0, work[-1], _PRODUCTS_AT_ONCE)), shared.shape[0]])
    for start, end in pairwise(bounds.tolist()):
        near = csr_array(shared[start:end] @ factor)
        row = np.repeat(np.arange(start, end), np.diff(near.indptr))
        near.data[row == near.indices] = 0
        if fields := ranks.shape[1]:
            apart = np.abs(ranks[row] - ranks[near.indices])
            apart[np.isnan(apart)] = 1
            near.data *= 1 - _NUMBERS / fields * apart.sum(axis=1)
        nearest.append(strongest(near, _ALIKE))
    return nearest


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
