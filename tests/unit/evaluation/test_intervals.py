"""Intervals of 95 % are Student's over draws, and over users whatever each user's number of values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tastemaker.evaluation import Interval, over_draws, over_users

VALUES = st.floats(0, 1, allow_nan=False, width=32)


@given(st.lists(VALUES, min_size=2, max_size=12).filter(lambda values: len(set(values)) > 1))
def test_over_draws_it_is_students(values: list[float]) -> None:
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)

    found = over_draws(values)

    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx((found.low + found.high) / 2)


@given(st.lists(VALUES, min_size=2, max_size=12).filter(lambda values: len(set(values)) > 1))
def test_of_a_value_a_user_it_is_students_over_users_too(values: list[float]) -> None:
    found, expected = over_users(np.array(values), np.arange(len(values))), over_draws(values)

    assert found is not None
    assert expected is not None
    assert (found.mean, found.low, found.high) == pytest.approx((expected.mean, expected.low, expected.high))


@given(st.lists(st.tuples(st.integers(0, 5), VALUES | st.just(math.nan)), min_size=1, max_size=30))
def test_of_several_values_a_user_it_equals_its_definition_written_out(rows: list[tuple[int, float]]) -> None:
    found = over_users(np.array([value for _, value in rows]), np.array([user for user, _ in rows]))

    there = [(user, value) for user, value in rows if not math.isnan(value)]
    everybody = {user for user, _ in there}
    if len(everybody) < 2:
        assert found is None
        return
    mean = sum(value for _, value in there) / len(there)
    squares = sum(sum(value - mean for own, value in there if own == user) ** 2 for user in everybody)
    n = len(everybody)
    half = stats.t.ppf(0.975, n - 1) * math.sqrt(n / (n - 1) * squares) / len(there)
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((mean, mean - half, mean + half), abs=1e-9)


def test_the_same_answers_of_another_seed_make_nothing_surer() -> None:
    values, users = np.random.default_rng(0).random(50), np.arange(50)

    once, thrice = over_users(values, users), over_users(np.tile(values, 3), np.tile(users, 3))

    assert once is not None
    assert thrice is not None
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))


def test_nineteen_of_twenty_intervals_hold_the_truth_where_users_differ_in_taste_and_number() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        users = np.repeat(np.arange(60), rng.integers(1, 6, size=60))
        values = 0.5 + rng.normal(0, 1, size=60)[users] + rng.normal(0, 0.5, size=len(users))
        interval = over_users(values, users)
        assert interval is not None
        held += interval.low <= 0.5 <= interval.high

    assert 0.92 <= held / 400 <= 0.975


def test_of_one_draw_or_one_user_there_is_none() -> None:
    assert over_draws([0.5]) is None
    assert over_users(np.array([0.5, 0.7]), np.array([3, 3])) is None
    assert over_users(np.empty(0), np.empty(0, dtype=np.int64)) is None


@pytest.mark.parametrize(("low", "high", "sure"), [(0.1, 0.3, True), (-0.3, -0.1, True), (-0.1, 0.3, False)])
def test_a_difference_is_beyond_chance_where_nothing_lies_outside(low: float, high: float, sure: bool) -> None:
    assert Interval((low + high) / 2, low, high).beyond_chance is sure
