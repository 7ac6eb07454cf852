"""A few dimensions in which the items of the same users are near: summaries of what a user has consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.interactions import Interactions


def item_vectors(interactions: Interactions, dimensions: int, *, seed: int) -> NDArray[np.float32]:
    """(n_items, dimensions or fewer): right singular vectors of the matrix of who has consumed what, by singular value.

    They are multiplied by their singular values, the largest taken as √n_items: what many users have in common spreads
    wide, and what is chance does not.
    Each user's row has length 1, and each item's column is divided by the fourth root of its number of users, so that
    neither the busy nor the popular alone make the dimensions.
    """
    from scipy.sparse import csr_array

    n_users, n_items = len(interactions.user_ids), len(interactions.item_ids)
    pairs = np.unique(interactions.user.astype(np.int64) * n_items + interactions.item)
    user, item = np.divmod(pairs, max(1, n_items))
    users, items = np.bincount(user, minlength=n_users), np.bincount(item, minlength=n_items)
    weight = users[user] ** -0.5 * items[item] ** -0.25
    matrix = csr_array((weight, (user, item)), shape=(n_users, n_items))
    values, vectors = singular_vectors(matrix, dimensions, seed=seed)
    vectors = vectors * (np.sqrt(n_items) * values / values.max(initial=1e-12))
    return np.ascontiguousarray(vectors, dtype=np.float32)


def singular_vectors(
    matrix: csr_array, dimensions: int, *, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The leading singular values (r,), largest first, and right singular vectors (columns, r).

    r is `dimensions`, or one less than the smaller side of the matrix. Deterministic: the start is drawn by `seed`, and
    the largest component of each vector is positive.
    """
    # scipy takes longer to import than the rest of the package, and serving needs none of it
    from scipy.sparse.linalg import svds

    smaller = min(matrix.shape)
    r = min(dimensions, smaller - 1)
    if r < 1 or not matrix.nnz:
        return np.zeros(0), np.zeros((matrix.shape[1], 0))
    start = np.random.default_rng(seed).standard_normal(smaller)
    _, values, rows = svds(matrix.astype(np.float64), k=r, v0=start)
    order = np.argsort(-values, kind="stable")
    vectors = rows[order].T
    sign = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(r)])
    return values[order].astype(np.float64), np.asarray(vectors * sign, dtype=np.float64)
