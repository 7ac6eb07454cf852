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
    They are sums over positions: those of two sets of users are the sum of both, and what users go on to do only adds
    to them.
    """

    decays: tuple[float, ...]
    n_items: int
    products: NDArray[np.float32]
    targets: NDArray[np.float32]

    @classmethod
    def zero(cls, decays: Sequence[float], n_items: int) -> NormalEquations:
        """Those of no position at all."""
        size = len(decays) * n_items + 1
        products, targets = np.zeros((size, size), dtype=np.float32), np.zeros((size, n_items), dtype=np.float32)
        return cls(tuple(decays), n_items, products, targets)


def normal_equations(
    sequences: Sequences,
    decays: Sequence[float],
    *,
    since: NDArray[np.int64] | None = None,
    negligible: float = NEGLIGIBLE,
    progress: Callable[[float], None] = unheard,
) -> NormalEquations:
    """The sums over all positions, or of each user over those from `since` (n_users,) on; their histories are whole."""
    equations = NormalEquations.zero(decays, sequences.n_items)
    add_positions(equations, sequences, since=since, negligible=negligible, progress=progress)
    return equations


def add_positions(
    equations: NormalEquations,
    sequences: Sequences,
    *,
    since: NDArray[np.int64] | None = None,
    worth: NDArray[np.float32] | None = None,
    negligible: float = NEGLIGIBLE,
    progress: Callable[[float], None] = unheard,
) -> None:
    """Adds, in place, what each pair of events of a user, d apart, contributes; O(events · log(negligible) / log(g)).

    An event at p and a later one at q meet in h_k and h_l at each t > q. With r events after q, of whose positions the
    first s are not to be added, that is

        Σ_{s<t−q≤r} g_k^(t−1−p) g_l^(t−1−q) = g_k^d Σ_{s≤i<r} (g_k g_l)^i

    `worth` (T,): what a position adds to the targets where the item is new to the user; without it the weight of the
    event, from `since` on. Users who add nothing cost nothing.
    """
    decays, n, item = equations.decays, sequences.n_items, sequences.item
    size = len(equations.products)
    product_cells, target_cells = equations.products.reshape(-1), equations.targets.reshape(-1)
    blocks = list(enumerate(decays))
    first = np.zeros(len(item), dtype=np.int64) if since is None else since[sequences.user]
    passed = np.clip(first - 1 - sequences.position, 0, sequences.remaining)
    added = sequences.position >= first
    if worth is None:
        worth = np.where(added, sequences.weights(np.arange(len(item))), 0).astype(np.float32)
    gain = np.where(sequences.occurrence == 1, worth, 0).astype(np.float32)
    met = {(j, k): _geometric(g * h, passed, sequences.remaining) for j, g in blocks for k, h in blocks}
    newer, lag = np.flatnonzero((gain > 0) | (passed < sequences.remaining)), 0
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
    behind = sequences.position > 0
    for j, decay in blocks:
        alone = np.bincount(item, _geometric(decay, passed, sequences.remaining), n)
        equations.products[j * n : (j + 1) * n, -1] += alone.astype(np.float32)
    equations.products[-1, -1] += (added & behind).sum()
    equations.targets[-1] += np.bincount(item, gain * behind, n).astype(np.float32)


def _geometric(ratio: float, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float32]:
    """Σ_{start≤i<end} ratio^i."""
    terms = (end - start).astype(np.float64)
    return (ratio ** start.astype(np.float64) * (1 - ratio**terms) / (1 - ratio)).astype(np.float32)
