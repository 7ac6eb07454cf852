"""Solves the sequence ridge: one Cholesky factor of the normal equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import normal_equations
from tastemaker.recommenders.neighbourhoods import neighbourhood_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.sequences import Sequences

_RIDGE = 3.0
_NEIGHBOURHOOD_RIDGE = 0.03
_BACKWARD = 0.5


@dataclass(frozen=True, eq=False)
class RidgeWeights:
    """What a decayed history h adds to each item: U'h + N'V'h + c. U is `own` (n_items, n_items), V `vectors`
    (n_items, r), N `shared` (r, n_items), c the `intercept` (n_items,).
    """

    own: NDArray[np.float32]
    vectors: NDArray[np.float32]
    shared: NDArray[np.float32]
    intercept: NDArray[np.float32]


def ridge_weights(sequences: Sequences, decay: float, dimensions: int) -> RidgeWeights:
    """Minimises Σ_t ‖y(t) − (U + V N)' h(t) − c‖² + Σ_i λ_i ‖U_i‖² + μ ‖N‖² over U, N and c.

    V are `neighbourhood_vectors`: an item is expected to be followed by what follows its neighbours, as far as its own
    events don't say otherwise. λ_i = 3 √(d_i d̄), where d is the diagonal of S'S: items of many events are
    regularised more; μ is 0.03 of the mean diagonal of V'S'S V.

    S'Y is taken as (S'Y + β (S'Y)') / (1 + β) with β = ½: what goes together in one order is evidence, of less
    weight, that it goes together in the other.
    """
    # scipy takes longer to import than the rest of the package, and serving needs none of it
    from scipy.linalg import cho_factor, cho_solve

    n = sequences.n_items
    targets = normal_equations.history_targets(sequences, decay)
    vectors = neighbourhood_vectors(targets + targets.T, dimensions)
    targets += np.float32(_BACKWARD) * targets.T.copy()
    targets /= np.float32(1 + _BACKWARD)
    left = _left(sequences, decay, vectors)
    right = np.asfortranarray(
        np.vstack((targets, vectors.T @ targets, normal_equations.target_total(sequences, decay)))
    )
    factor = cho_factor(left, lower=True, overwrite_a=True, check_finite=False)
    weights: NDArray[np.float32] = cho_solve(factor, right, overwrite_b=True, check_finite=False)
    return RidgeWeights(weights[:n], vectors, np.ascontiguousarray(weights[n:-1]), weights[-1])


def largest(weights: NDArray[np.float32], count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """(n, count or fewer) twice: the columns, in order, and values of each row's weights of largest magnitude."""
    if count >= weights.shape[1]:
        columns = np.broadcast_to(np.arange(weights.shape[1]), weights.shape)
    else:
        columns = np.sort(np.argpartition(-np.abs(weights), count, axis=1)[:, :count], axis=1)
    return columns.astype(np.int32), np.take_along_axis(weights, columns, axis=1)


def _left(sequences: Sequences, decay: float, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lower triangle of Σ_t f f' with f = [h, V'h, 1] at t, plus λ and μ; the intercept stays free."""
    n, r = vectors.shape
    left = np.zeros((n + r + 1, n + r + 1), dtype=np.float32, order="F")
    products = normal_equations.history_products(sequences, decay)
    total = normal_equations.history_total(sequences, decay)
    left[:n, :n] = products
    left[n:-1, :n] = vectors.T @ products
    left[n:-1, n:-1] = left[n:-1, :n] @ vectors
    left[-1, :n] = total
    left[-1, n:-1] = total @ vectors
    # with no position at all the intercept must not make the matrix singular
    left[-1, -1] = max(1, int((sequences.position > 0).sum()))
    diagonal = left.diagonal()
    energy = np.maximum(diagonal[:n], 1e-6)
    ridge = np.zeros(len(left), dtype=np.float32)
    if n:
        ridge[:n] = _RIDGE * np.sqrt(energy * energy.mean())
    if r:
        ridge[n:-1] = _NEIGHBOURHOOD_RIDGE * diagonal[n:-1].mean() + 1e-6
    left[np.diag_indices(len(left))] += ridge
    return left
