"""The best of many values are those of a stable sort, however they are found."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders.model import best


@pytest.mark.parametrize("kinds", [3, 1_000, 10**6])
@pytest.mark.parametrize("size", [10, 3_200, 3_201, 10_000])
@pytest.mark.parametrize("allowed", [0.3, 1.0])
def test_the_best_are_the_first_of_a_stable_sort(size: int, kinds: int, allowed: float) -> None:
    rng = np.random.default_rng(size + kinds)
    values = rng.integers(kinds, size=size).astype(np.float32)
    candidates = rng.random(size) < allowed
    order = np.argsort(-values, kind="stable")

    np.testing.assert_array_equal(best(values, 25, candidates), order[candidates[order]][:25])
    np.testing.assert_array_equal(best(values, 25), order[:25])
