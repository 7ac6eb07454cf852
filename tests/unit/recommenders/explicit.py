"""What the models compute in closed form, written out position by position."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders.sequences import Sequences


def positions(sequences: Sequences, decays: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """√w f(t) and √w y(t) of `NormalEquations`, a row each for every position t ≥ 1, where w is its lateness."""
    n = sequences.n_items
    weights = np.ones(len(sequences)) if sequences.weight is None else sequences.weight
    features, targets = [], []
    for user in np.unique(sequences.user):
        items, worth = sequences.item[sequences.user == user].tolist(), weights[sequences.user == user]
        lateness = sequences.lateness[sequences.user == user]
        for t in range(1, len(items)):
            histories, target = np.zeros((len(decays), n)), np.zeros(n)
            for history, decay in zip(histories, decays, strict=True):
                for p in range(t):
                    history[items[p]] += decay ** (t - 1 - p)
            target[items[t]] = worth[t] * (items[t] not in items[:t])
            features.append(np.sqrt(lateness[t]) * np.array([*histories.ravel(), 1.0]))
            targets.append(np.sqrt(lateness[t]) * target)
    return np.array(features), np.array(targets)
