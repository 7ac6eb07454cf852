"""Solves the sequence ridge: one Cholesky factor of the normal equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.model import unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders.normal_equations import NormalEquations

BACKWARD = 0.5
"""What goes together in one order is evidence, of this weight, that it goes together in the other."""

_LEAST_ENERGY = 0.01
_ROWS_AT_ONCE = 1_000
_COLUMNS_AT_ONCE = 500
_FACTOR = 0.25
"""The factor's share of all work."""


@dataclass(frozen=True, eq=False)
class RidgeWeights:
    """The probability of each item to come next: Σ_k W_k' h_k + c, with decayed histories h_k.

    `blocks`: W_k (n_items, n_items) each; `intercept` (n_items,): c.
    """

    blocks: tuple[NDArray[np.float32], ...]
    intercept: NDArray[np.float32]


def ridge_weights(
    equations: NormalEquations, strength: float, *, progress: Callable[[float], None] = unheard
) -> RidgeWeights:
    """Minimises Σ_t w_t ‖y(t) − Σ_k W_k' h_k(t) − c‖² + Σ_ki λ_ki ‖W_ki‖². The equations' `products` are used up.

    λ_ki = `strength` · √(d_ki d̄), where d is the diagonal of the products: items of many events are regularised
    more, and the strength means the same for few events and many. In place of the targets H'Y stands
    (H'Y + β (H'Y)') / (1 + β) of each block, with β = ½ (`BACKWARD`).
    """
    # scipy takes longer to import than the rest of the package, and serving needs none of it
    from scipy.linalg import cho_solve

    n = equations.n_items
    factor, right = _factored(equations, strength)
    progress(_FACTOR)
    for start in range(0, n, _COLUMNS_AT_ONCE):
        some = slice(start, start + _COLUMNS_AT_ONCE)
        right[:, some] = cho_solve(factor, right[:, some], overwrite_b=True, check_finite=False)
        progress(_FACTOR + (1 - _FACTOR) * min(1.0, some.stop / n))
    return RidgeWeights(tuple(right[k * n : (k + 1) * n] for k in range(len(equations.decays))), right[-1])


def ridge_answers(
    equations: NormalEquations, strength: float, histories: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """(m, n_items): what the weights of `ridge_weights` make of m histories, (m, n_items) of each decay.

    Fewer histories than items are faster solved for than weights. The equations' `products` are used up.
    """
    from scipy.linalg import cho_solve

    asked = np.concatenate([*histories, np.ones((len(histories[0]), 1), dtype=np.float32)], axis=1)
    factor, right = _factored(equations, strength)
    if len(asked) < equations.n_items:
        return np.asarray(cho_solve(factor, asked.T, overwrite_b=True, check_finite=False).T @ right)
    return np.asarray(asked @ cho_solve(factor, right, overwrite_b=True, check_finite=False))


def _factored(
    equations: NormalEquations, strength: float
) -> tuple[tuple[NDArray[np.float32], bool], NDArray[np.float32]]:
    """The Cholesky factor, as scipy has it, and the right-hand side of the equations that the weights solve."""
    from scipy.linalg import cho_factor

    n, blocks = equations.n_items, len(equations.decays)
    # the upper triangle in rows is the lower one in columns, which LAPACK works on in place
    left = equations.products.T
    energy = left.diagonal()[:-1].astype(np.float64)
    energy = np.maximum(energy, _LEAST_ENERGY * energy.mean() + 1e-6) if n else energy
    ridge = np.append(strength * np.sqrt(energy * energy.mean()) if n else energy, 0.0)
    # with no position at all the intercept must not make the matrix singular
    ridge[-1] = 1.0 if not left[-1, -1] else 0.0
    left[np.diag_indices(len(left))] += ridge.astype(np.float32)
    # as LAPACK has it, a column of the right-hand side is a row of the targets
    right = np.empty(equations.targets.shape, dtype=np.float32)
    right[:, -1] = equations.targets[:, -1]
    for k in range(blocks):
        some = slice(k * n, (k + 1) * n)
        forward, both = equations.targets[:, some], right[:, some]
        # in place: of many items, a block is a tenth of all the memory
        np.multiply(forward.T, np.float32(BACKWARD), out=both)
        both += forward
        both /= np.float32(1 + BACKWARD)
    return cho_factor(left, lower=True, overwrite_a=True, check_finite=False), right.T


def largest(weights: NDArray[np.float32], count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """(n, count or fewer) twice: the columns, in order, and values of each row's weights of largest magnitude."""
    n, width = len(weights), min(count, weights.shape[1])
    columns, values = np.empty((n, width), dtype=np.int32), np.empty((n, width), dtype=np.float32)
    for start in range(0, n, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        some = np.ascontiguousarray(weights[rows])
        if width < some.shape[1]:
            columns[rows] = np.sort(np.argpartition(-np.abs(some), width, axis=1)[:, :width], axis=1)
        else:
            columns[rows] = np.arange(width)
        values[rows] = np.take_along_axis(some, columns[rows], axis=1)
    return columns, values
