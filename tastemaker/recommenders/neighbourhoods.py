"""Neighbourhood vectors: a few dimensions in which items are near that are consumed near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def neighbourhood_vectors(together: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """(n_items, dimensions or fewer): leading eigenvectors of D^−½ C D^−½, times D^−½ and the eigenvalues.

    `together` (n_items, n_items) is C, symmetric: how much of each pair there was near each other; D are its row sums,
    the diagonal left out. Spectral embedding; e.g. von Luxburg, "A Tutorial on Spectral Clustering", 2007.
    Items without a neighbour get zeros.
    """
    n = len(together)
    dimensions = min(dimensions, n - 2)
    nearness = together.copy()
    np.fill_diagonal(nearness, 0.0)
    degree = nearness.sum(axis=1)
    if dimensions < 1 or not degree.any():
        return np.zeros((n, 0), dtype=np.float32)
    # scipy takes longer to import than the rest of the package, and serving needs none of it
    from scipy.sparse.linalg import eigsh

    # an item with next to no neighbours would be blown up
    scale = np.where(degree > 0, 1 / np.sqrt(degree + 1e-3 * degree.mean()), 0.0).astype(np.float32)
    nearness *= scale[:, None]
    nearness *= scale[None, :]
    values, vectors = eigsh(nearness, k=dimensions, which="LA", v0=np.ones(n, dtype=np.float32), tol=1e-3)
    scaled = scale[:, None] * vectors * np.maximum(values, 0.0)
    return np.ascontiguousarray(scaled, dtype=np.float32)
