"""The closed form of the sequence ridge: sums over events instead of a matrix of histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tastemaker.recommenders.sequences import Sequences

NEGLIGIBLE = 1e-3
"""Weights below this share are not summed."""


def history_products(sequences: Sequences, decay: float, *, negligible: float = NEGLIGIBLE) -> NDArray[np.float32]:
    """S'S, (n_items, n_items): Σ_t h(t) h(t)' over all positions t ≥ 1, where h(t) = Σ_{p<t} g^(t−1−p) e_{x_p}.

    For a pair of events q − d and q of one user, Σ_{t>q} g^(t−1−q+d) g^(t−1−q) is
    g^d (1 − g^(2 rem(q))) / (1 − g²), with rem(q) later events: O(lags · T) in all.
    """
    total = 1 / (1 - decay**2) * (1 - decay ** (2.0 * sequences.remaining))
    sums = np.zeros(sequences.n_items**2, dtype=np.float32)
    for lag, weight in _powers(decay, negligible):
        if lag == 0:
            continue
        now = sequences.lagged(lag)
        np.add.at(sums, _cell(sequences, now - lag, now), (weight * total[now]).astype(np.float32))
    products = sums.reshape(sequences.n_items, sequences.n_items)
    products += products.T.copy()
    products[np.diag_indices(sequences.n_items)] += np.bincount(sequences.item, total, sequences.n_items).astype(
        np.float32
    )
    return products


def history_targets(sequences: Sequences, decay: float, *, negligible: float = NEGLIGIBLE) -> NDArray[np.float32]:
    """S'Y, (n_items, n_items): Σ_t h(t) y(t)', where y(t) = Σ_{s≥t} g^(s−t) e_{x_s} over what is new to the user at s.

    For a pair of events D apart, Σ_t g^(t−1−p) g^(s−t) is D g^(D−1). Where events have weights, that of s is a factor.
    """
    sums = np.zeros(sequences.n_items**2, dtype=np.float32)
    new = sequences.occurrence == 1
    for power, weight in _powers(decay, negligible):
        lag = power + 1
        now = sequences.lagged(lag)
        now = now[new[now]]
        np.add.at(
            sums, _cell(sequences, now - lag, now), np.asarray(lag * weight * sequences.weights(now), dtype=np.float32)
        )
    return sums.reshape(sequences.n_items, sequences.n_items)


def history_total(sequences: Sequences, decay: float) -> NDArray[np.float32]:
    """S'1, (n_items,): Σ_t h(t)."""
    weight = (1 - decay ** sequences.remaining.astype(np.float64)) / (1 - decay)
    return np.bincount(sequences.item, weight, sequences.n_items).astype(np.float32)


def target_total(sequences: Sequences, decay: float) -> NDArray[np.float32]:
    """1'Y, (n_items,): Σ_t y(t), by weight."""
    weight = (1 - decay ** sequences.position.astype(np.float64)) / (1 - decay) * (sequences.occurrence == 1)
    weight = weight * sequences.weights(np.arange(len(sequences)))
    return np.bincount(sequences.item, weight, sequences.n_items).astype(np.float32)


def _powers(decay: float, negligible: float) -> Iterator[tuple[int, float]]:
    power, weight = 0, 1.0
    while weight >= negligible:
        yield power, weight
        power, weight = power + 1, weight * decay


def _cell(sequences: Sequences, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.int64]:
    return sequences.item[row].astype(np.int64) * sequences.n_items + sequences.item[column]
