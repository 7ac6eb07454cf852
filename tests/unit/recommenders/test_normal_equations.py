"""The closed form equals the sum that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import normal_equations
from tastemaker.recommenders.sequences import Sequences
from tests.unit.recommenders.planted import random_interactions


@pytest.mark.parametrize("decay", [0.3, 0.8, 0.95])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_sums_over_pairs_of_events_equal_the_products_of_explicit_histories(decay: float, seed: int) -> None:
    sequences = Sequences.of(random_interactions(n_users=5, n_items=6, n_events=70, seed=seed))
    histories, targets = _explicit(sequences, decay)

    products = normal_equations.history_products(sequences, decay, negligible=1e-9)
    towards = normal_equations.history_targets(sequences, decay, negligible=1e-9)

    np.testing.assert_allclose(products, histories.T @ histories, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(towards, histories.T @ targets, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        normal_equations.history_total(sequences, decay), histories.sum(axis=0), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        normal_equations.target_total(sequences, decay), targets.sum(axis=0), rtol=1e-4, atol=1e-4
    )


def test_sequences_of_chosen_items_close_the_gaps_that_the_others_leave() -> None:
    interactions = random_interactions(n_users=4, n_items=6, n_events=60, seed=3)

    chosen = Sequences.of(interactions, np.array([1, 4], dtype=np.int32))

    kept = np.isin(interactions.item, [1, 4])
    assert chosen.item.tolist() == [[1, 4].index(item) for item in interactions.item[kept]]
    for user in np.unique(chosen.user):
        mine = chosen.user == user
        assert chosen.position[mine].tolist() == list(range(mine.sum()))
        assert chosen.remaining[mine].tolist() == list(reversed(range(mine.sum())))


def _explicit(sequences: Sequences, decay: float) -> tuple[np.ndarray, np.ndarray]:
    histories, targets = [], []
    for user in np.unique(sequences.user):
        items = sequences.item[sequences.user == user].tolist()
        for t in range(1, len(items)):
            history, target = np.zeros(sequences.n_items), np.zeros(sequences.n_items)
            for p in range(t):
                history[items[p]] += decay ** (t - 1 - p)
            for s in range(t, len(items)):
                target[items[s]] += decay ** (s - t) * (items[s] not in items[:s])
            histories.append(history)
            targets.append(target)
    return np.array(histories), np.array(targets)
