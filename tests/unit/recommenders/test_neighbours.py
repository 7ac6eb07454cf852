"""The nearest items, block by block, are those of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from tastemaker.recommenders.item_relations import strongest
from tastemaker.recommenders.nearness import Scales, damped_cosines, transition_rates
from tastemaker.recommenders.neighbours import nearest
from tests.unit.recommenders.planted import random_interactions


@pytest.mark.parametrize("pairs_at_once", [1, 300, 10**9])
@pytest.mark.parametrize(
    "scales",
    [
        Scales(0.2, 0.03, 0.01),
        Scales(0.2, 0.03),
        Scales(0.0, 0.03),
        Scales(0.2, 0.0),
        Scales(0.0, 0.0, 0.1),
        Scales(0, 0),
    ],
)
def test_blocks_of_rows_give_what_the_whole_relation_gives(scales: Scales, pairs_at_once: int) -> None:
    interactions = random_interactions(30, 40, 600, seed=3).with_items(["never", "had"])
    n_items = len(interactions.item_ids)
    draw = np.random.default_rng(4)
    likeness = csr_array(np.triu(draw.random((n_items, n_items)) * (draw.random((n_items, n_items)) < 0.2), 1))
    part = np.random.default_rng(0).choice(np.array([0, 0.25, 1], dtype=np.float32), n_items)
    told: list[float] = []

    near = nearest(
        interactions, scales, part, n_items, likeness=likeness, progress=told.append, pairs_at_once=pairs_at_once
    ).toarray()

    had = np.isin(np.arange(n_items), interactions.item)
    whole = scales.rates * transition_rates(interactions).toarray()
    whole += scales.cosines * damped_cosines(interactions).toarray()
    whole += scales.likeness * likeness.toarray() * had
    np.testing.assert_allclose(near, whole * part, rtol=1e-4, atol=1e-9)
    assert told == sorted(told)
    assert not told or told[-1] == pytest.approx(1)


def test_of_each_row_the_largest_are_kept() -> None:
    interactions = random_interactions(30, 40, 600, seed=3)
    part = np.ones(len(interactions.item_ids), dtype=np.float32)

    some, every = (
        nearest(interactions, Scales(0.2, 0.03), part, kept, progress=_nobody, pairs_at_once=500) for kept in (3, 10**6)
    )

    np.testing.assert_array_equal(some.toarray(), strongest(every, 3).toarray())
    assert np.diff(some.indptr).max() == 3


def test_the_strongest_of_a_row_are_those_of_a_stable_sort() -> None:
    rng = np.random.default_rng(1)
    dense = rng.integers(-2, 5, (60, 400)).astype(np.float32) * (rng.random((60, 400)) < rng.random((60, 1)))

    kept = strongest(csr_array(dense), 20).toarray()

    for row, chosen in zip(dense, kept, strict=True):
        order = np.argsort(-row, kind="stable")[:20]
        expected = np.zeros_like(row)
        expected[order] = np.maximum(row[order], 0)
        np.testing.assert_array_equal(chosen, expected)


def _nobody(share: float) -> None:
    """Hears nothing."""
