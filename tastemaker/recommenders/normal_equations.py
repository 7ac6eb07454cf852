"""The closed form of the sequence ridge: sums over pairs of events instead of a matrix of histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.model import unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders.sequences import Sequences

NEGLIGIBLE = 3e-3
"""Pairs of events whose weight is below this are left out."""


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Sums over all positions t ≥ 1 of f(t) = [h_1(t) … h_K(t), 1], with the decayed histories

        h_k(t) = Σ_{p<t} g_k^(t−1−p) e_{x_p}

    and the targets y(t) = a_t e_{x_t}, zero where the user has had x_t before; a_t is the weight of the event.

    `products` (K n + 1, K n + 1): Σ f f', of which only the upper triangle is filled; `targets` (K n + 1, n): Σ f y'.
    They are sums over events: those of two sets of users are the sum of both.
    """

    decays: tuple[float, ...]
    n_items: int
    products: NDArray[np.float32]
    targets: NDArray[np.float32]


def normal_equations(
    sequences: Sequences,
    decays: Sequence[float],
    *,
    negligible: float = NEGLIGIBLE,
    progress: Callable[[float], None] = unheard,
) -> NormalEquations:
    """Adds up what each pair of events of a user, d apart, contributes; O(events · log(negligible) / log(g)).

    An event at p and a later one at q, with r more to come, meet in h_k and h_l at each t > q, which adds up to
    Σ_{t>q} g_k^(t−1−p) g_l^(t−1−q) = g_k^d (1 − (g_k g_l)^r) / (1 − g_k g_l).
    """
    n, item = sequences.n_items, sequences.item
    size = len(decays) * n + 1
    products, targets = np.zeros((size, size), dtype=np.float32), np.zeros((size, n), dtype=np.float32)
    product_cells, target_cells = products.reshape(-1), targets.reshape(-1)
    blocks = list(enumerate(decays))
    met = {(j, k): _geometric(g * h, sequences.remaining) for j, g in blocks for k, h in blocks}
    gain = np.where(sequences.occurrence == 1, sequences.weights(np.arange(len(item))), 0).astype(np.float32)
    newer, lag = np.arange(len(item)), 0
    while len(newer) and max(decays) ** max(0, lag - 1) >= negligible:
        earlier, later = item[newer - lag].astype(np.int64), item[newer].astype(np.int64)
        aim = gain[newer] > 0
        for j, decay in blocks:
            if lag and decay ** (lag - 1) >= negligible:
                weight = gain[newer[aim]] * np.float32(decay ** (lag - 1))
                np.add.at(target_cells, (j * n + earlier[aim]) * n + later[aim], weight)
            if decay**lag < negligible:
                continue
            for k, _ in blocks if lag else blocks[j:]:
                row, column = j * n + earlier, k * n + later
                both = met[j, k][newer] * np.float32(decay**lag)
                if j == k and lag:
                    # the pair stands for both orders, which on the diagonal are one cell
                    both[row == column] *= 2
                np.add.at(product_cells, np.minimum(row, column) * size + np.maximum(row, column), both)
        lag += 1
        progress(1 - max(decays) ** lag)
        newer = newer[sequences.position[newer] >= lag]
    for j, decay in blocks:
        products[j * n : (j + 1) * n, -1] = np.bincount(item, _geometric(decay, sequences.remaining), n)
    products[-1, -1] = (sequences.position > 0).sum()
    targets[-1] = np.bincount(item, gain * (sequences.position > 0), n)
    return NormalEquations(tuple(decays), n, products, targets)


def _geometric(ratio: float, terms: NDArray[np.int64]) -> NDArray[np.float32]:
    """Σ_{i<terms} ratio^i."""
    return ((1 - ratio ** terms.astype(np.float64)) / (1 - ratio)).astype(np.float32)
