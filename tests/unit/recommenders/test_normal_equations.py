"""The closed form equals the sum that it stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.recommenders import normal_equations as normal_equations_module
from tastemaker.recommenders.normal_equations import normal_equations
from tastemaker.recommenders.sequences import Sequences
from tests.unit.recommenders.explicit import positions
from tests.unit.recommenders.planted import interactions_of, random_interactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@pytest.mark.parametrize("decays", [(0.3,), (0.95,), (0.5, 0.95), (0.8, 0.3, 0.6)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_sums_over_pairs_of_events_equal_the_products_of_explicit_histories(
    decays: tuple[float, ...], weighted: bool
) -> None:
    log = random_interactions(n_users=5, n_items=6, n_events=70, seed=len(decays))
    if weighted:
        log = replace(log, weight=np.random.default_rng(1).uniform(0.1, 2.0, 70).astype(np.float32))
    sequences = Sequences.of(log)
    features, targets = positions(sequences, decays)

    sums = normal_equations(sequences, decays, negligible=1e-9)

    assert (sums.decays, sums.n_items) == (decays, 6)
    np.testing.assert_allclose(np.triu(sums.products), np.triu(features.T @ features), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(sums.targets.T, features.T @ targets, rtol=1e-4, atol=1e-4)


def test_in_how_many_parts_they_are_summed_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    sequences = Sequences.of(random_interactions(n_users=9, n_items=8, n_events=200, seed=7))
    at_once = normal_equations(sequences, (0.5, 0.9))

    monkeypatch.setattr(normal_equations_module, "_EVENTS_AT_ONCE", 7)
    monkeypatch.setattr(normal_equations_module, "_BLOCK", 3)
    in_parts = normal_equations(sequences, (0.5, 0.9))

    np.testing.assert_allclose(in_parts.products, at_once.products, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(in_parts.targets, at_once.targets, rtol=1e-4, atol=1e-4)
    # what is below the diagonal is above it by now, so nothing is counted twice where more is added
    assert not np.tril(in_parts.products, -1).any()


def test_those_of_two_sets_of_users_are_the_sum_of_both() -> None:
    log = random_interactions(n_users=8, n_items=6, n_events=150, seed=4)
    some = np.arange(8) % 3 == 0

    together, here, there = (
        normal_equations(Sequences.of(part), (0.5, 0.9)) for part in (log, log.of_users(some), log.of_users(~some))
    )

    np.testing.assert_allclose(together.products, here.products + there.products, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(together.targets, here.targets + there.targets, rtol=1e-4, atol=1e-4)


@given(seed=st.integers(0, 10_000), cut=st.sampled_from([0.0, 0.3, 0.9, 1.0]), weighted=st.booleans())
def test_those_of_old_positions_and_of_new_ones_alone_are_the_sum_over_all(
    seed: int, cut: float, weighted: bool
) -> None:
    draw = np.random.default_rng(seed)
    log = random_interactions(n_users=6, n_items=5, n_events=90, seed=seed)
    if weighted:
        log = replace(log, weight=draw.uniform(0.1, 2.0, 90).astype(np.float32))
    lengths = np.diff(log.starts)
    # some users are new, and some have done nothing since
    known = np.where(draw.random(6) < 0.2, lengths, (cut * draw.random(6) * lengths).astype(np.int64))
    sequences = Sequences.of(log)
    before = _first(sequences, known)

    together, old = (normal_equations(each, (0.5, 0.9), negligible=1e-9) for each in (sequences, before))
    new = normal_equations(sequences, (0.5, 0.9), since=known, negligible=1e-9)

    np.testing.assert_allclose(old.products + new.products, together.products, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(old.targets + new.targets, together.targets, rtol=1e-4, atol=1e-4)
    features, targets = positions(sequences, (0.5, 0.9))
    at = np.flatnonzero(sequences.position)
    chosen = sequences.position[at] >= known[sequences.user[at]]
    products = features[chosen].T @ features[chosen]
    np.testing.assert_allclose(np.triu(new.products), np.triu(products), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(new.targets.T, features[chosen].T @ targets[chosen], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("negligible", [0.7, 0.2, 0.05])
def test_only_pairs_that_weigh_less_than_what_is_negligible_are_left_out(negligible: float) -> None:
    sequences = Sequences.of(random_interactions(n_users=4, n_items=5, n_events=60, seed=9))
    products, targets = _pairs_that_weigh(sequences, (0.5, 0.8), negligible)

    sums = normal_equations(sequences, (0.5, 0.8), negligible=negligible)

    np.testing.assert_allclose(np.triu(sums.products)[:-1, :-1], np.triu(products), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(sums.targets.T[:-1], targets, rtol=1e-4, atol=1e-4)


def test_who_has_had_one_thing_says_nothing() -> None:
    sums = normal_equations(Sequences.of(interactions_of({"al": ["a"], "bo": ["b"]})), (0.5, 0.95))

    assert sums.products.shape == (5, 5)
    assert not sums.products.any()
    assert not sums.targets.any()


def test_sequences_of_chosen_items_close_the_gaps_that_the_others_leave() -> None:
    interactions = random_interactions(n_users=4, n_items=6, n_events=60, seed=3)

    chosen = Sequences.of(interactions, np.array([1, 4], dtype=np.int32))

    kept = np.isin(interactions.item, [1, 4])
    assert chosen.item.tolist() == [[1, 4].index(item) for item in interactions.item[kept]]
    for user in np.unique(chosen.user):
        mine = chosen.user == user
        assert chosen.position[mine].tolist() == list(range(mine.sum()))
        assert chosen.remaining[mine].tolist() == list(reversed(range(mine.sum())))


def _first(sequences: Sequences, count: NDArray[np.int64]) -> Sequences:
    """The first events of each user, as if there were no others; their lateness and weights stay as they are."""
    kept = sequences.position < count[sequences.user]
    last = np.minimum(count[sequences.user], sequences.position + sequences.remaining + 1) - 1
    return Sequences(
        sequences.n_items,
        sequences.user[kept],
        sequences.item[kept],
        sequences.position[kept],
        (last - sequences.position)[kept],
        sequences.occurrence[kept],
        sequences.lateness[kept],
        None if sequences.weight is None else sequences.weight[kept],
    )


def _pairs_that_weigh(
    sequences: Sequences, decays: Sequence[float], negligible: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Σ f f' and Σ f y' without the ones in f, pair by pair: those whose weight at the later event is enough."""
    n, blocks = sequences.n_items, list(enumerate(decays))
    products, targets = np.zeros((len(decays) * n, len(decays) * n)), np.zeros((len(decays) * n, n))
    for user in np.unique(sequences.user):
        items = sequences.item[sequences.user == user].tolist()
        lateness = sequences.lateness[sequences.user == user].tolist()
        for t in range(1, len(items)):
            for p in range(t):
                for j, g in blocks:
                    left = g ** (t - 1 - p)
                    targets[j * n + items[p], items[t]] += (
                        lateness[t] * left * (left >= negligible and items[t] not in items[:t])
                    )
                    for q in range(t):
                        for k, h in blocks:
                            apart = g ** (q - p) if p < q else h ** (p - q)
                            both = lateness[t] * left * h ** (t - 1 - q) * (apart >= negligible)
                            products[j * n + items[p], k * n + items[q]] += both
    return products, targets
