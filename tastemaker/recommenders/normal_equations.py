"""The closed form of the sequence ridge: sums over pairs of events instead of a matrix of histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.model import unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders.sequences import Sequences

NEGLIGIBLE = 3e-3
"""Pairs of events whose weight is below this are left out."""

_EVENTS_AT_ONCE = 8_192
_BLOCK = 512
_ENDLESS = 1e-6
"""What weighs less than this is as good as nothing."""


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Sums over all positions t ≥ 1 of f(t) = [h_1(t) … h_K(t), 1], with the decayed histories

        h_k(t) = Σ_{p<t} g_k^(t−1−p) e_{x_p}

    and the targets y(t) = a_t e_{x_t}, zero where the user has had x_t before; a_t is the weight of the event. Each
    position counts w_t, its `lateness`.

    `products` (K n + 1, K n + 1): Σ w f f', of which only the upper triangle is filled; `targets` (n, K n + 1):
    Σ w y f'.
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
        products, targets = np.zeros((size, size), dtype=np.float32), np.zeros((n_items, size), dtype=np.float32)
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

    An event at p and a later one at q meet in h_k and h_l at each t > q, which adds up to

        Σ_{t>q} w_t g_k^(t−1−p) g_l^(t−1−q) = g_k^d Σ_{t>q} w_t (g_k g_l)^(t−1−q)

    where w_t is 0 of a position that is not to be added. `worth` (T,): what a position adds to the targets, times its
    lateness, where the item is new to the user; without it the weight of the event, from `since` on. Users who add
    nothing cost nothing.
    """
    decays, n, item = equations.decays, sequences.n_items, sequences.item
    blocks = list(enumerate(decays))
    first = np.zeros(len(item), dtype=np.int64) if since is None else since[sequences.user]
    added = np.where(sequences.position >= first, sequences.lateness, np.float32(0))
    if worth is None:
        worth = np.where(added > 0, sequences.weights(np.arange(len(item))), 0).astype(np.float32)
    gain = np.where(sequences.occurrence == 1, worth * sequences.lateness, 0).astype(np.float32)
    met = {(j, k): _ahead(sequences, added, g * h) for j, g in blocks for k, h in blocks}
    longest = decays.index(max(decays))
    # by the later item: what a part of them adds to is a few rows, which stay in the processor's cache
    newer = np.argsort(item, kind="stable")
    newer = newer[((gain > 0) | (met[longest, longest] > 0))[newer]]
    parts = range(0, len(newer), _EVENTS_AT_ONCE)
    for number, start in enumerate(parts):
        some = newer[start : start + _EVENTS_AT_ONCE]
        # those of many earlier events come first, so that at each lag it is the first that have a partner
        some = some[np.argsort(-sequences.position[some], kind="stable")]
        weights = {pair: each[some] for pair, each in met.items()}
        for share in _adding_pairs(equations, sequences, some, gain[some], weights, negligible):
            progress((number + share) / len(parts))
    _fold(equations.products)
    behind = sequences.position > 0
    for j, decay in blocks:
        alone = np.bincount(item, _ahead(sequences, added, decay), n)
        equations.products[j * n : (j + 1) * n, -1] += alone.astype(np.float32)
    equations.products[-1, -1] += added[behind].sum(dtype=np.float64)
    equations.targets[:, -1] += np.bincount(item, gain * behind, n).astype(np.float32)


def _adding_pairs(
    equations: NormalEquations,
    sequences: Sequences,
    newer: NDArray[np.int64],
    gain: NDArray[np.float32],
    met: dict[tuple[int, int], NDArray[np.float32]],
    negligible: float,
) -> Iterator[float]:
    """Adds what the events `newer`, those of later positions first, contribute with all earlier ones of their users:
    `gain` to the targets, `met` to the products, in the row of the newer event, above or below the diagonal. After each
    lag it tells the share that is done.
    """
    decays, n, item = equations.decays, sequences.n_items, sequences.item
    size = len(equations.products)
    product_cells, target_cells = equations.products.reshape(-1), equations.targets.reshape(-1)
    later = item[newer].astype(np.int64)
    fewest = -sequences.position[newer]
    lag = 0
    while (some := int(np.searchsorted(fewest, -lag, side="right"))) and max(decays) ** max(0, lag - 1) >= negligible:
        earlier = item[newer[:some] - lag]
        cell, same = later[:some] * size + earlier, np.flatnonzero(later[:some] == earlier)
        for j, decay in enumerate(decays):
            if lag and decay ** (lag - 1) >= negligible:
                np.add.at(target_cells, cell + j * n, gain[:some] * np.float32(decay ** (lag - 1)))
            if decay**lag < negligible:
                continue
            for k in range(0 if lag else j, len(decays)):
                both = met[j, k][:some] * np.float32(decay**lag)
                if j == k and lag:
                    # the pair stands for both orders, which on the diagonal are one cell
                    both[same] *= 2
                np.add.at(product_cells, cell + (k * n * size + j * n), both)
        lag += 1
        yield 1 - max(decays) ** lag


def _fold(products: NDArray[np.float32]) -> None:
    """Moves what is below the diagonal to where it is in the transpose, a block at a time."""
    size = len(products)
    for start in range(0, size, _BLOCK):
        some = slice(start, start + _BLOCK)
        within = np.tril(products[some, some], -1)
        products[some, some] += within.T - within
        for other in range(start + _BLOCK, size, _BLOCK):
            below = products[other : other + _BLOCK, some]
            products[some, other : other + _BLOCK] += below.T
            below[:] = 0


def _ahead(sequences: Sequences, counted: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """(T,): Σ_{t>q} counted_t ratio^(t−1−q) over the user's later positions; up to spans that double each time."""
    total = np.zeros_like(counted)
    total[:-1] = counted[1:]
    total[sequences.remaining == 0] = 0
    span = 1
    while ratio**span >= _ENDLESS and len(reaching := np.flatnonzero(sequences.remaining >= span)):
        total[reaching] += np.float32(ratio**span) * total[reaching + span]
        span *= 2
    return total
