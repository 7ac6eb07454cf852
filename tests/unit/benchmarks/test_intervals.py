"""Intervals over draws, by values worked out by hand and by how often they hold what they should."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.intervals import over_draws, ratio_over_draws


def test_the_interval_is_students_t() -> None:
    # s = 1, √3 in the denominator, t(2; 0.975) = 4.3027
    interval = over_draws([1.0, 2.0, 3.0])

    assert interval.value == pytest.approx(2.0)
    assert interval.half == pytest.approx(4.3027 / 3**0.5, abs=1e-4)


def test_one_draw_has_a_value_and_no_interval() -> None:
    interval = over_draws([0.5])

    assert (interval.value, interval.low, interval.high, interval.half) == (0.5, None, None, None)


def test_nineteen_of_twenty_intervals_hold_the_mean_that_was_drawn_from() -> None:
    draws = np.random.default_rng(3).normal(0.4, 0.05, size=(2_000, 10))

    held = [(each := over_draws(row.tolist())).low < 0.4 < each.high for row in draws]  # type: ignore[operator]  # ten draws have an interval

    # four standard errors of a share of 95 % in 2,000
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_a_ratio_is_paired_so_the_luck_that_both_share_does_not_widen_it() -> None:
    theirs = [0.1, 0.2, 0.3, 0.4]

    ratio = ratio_over_draws([1.5 * value for value in theirs], theirs)

    assert ratio is not None
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx([1.5, 1.5, 1.5])


def test_the_other_way_round_the_ratio_is_its_reciprocal() -> None:
    ours, theirs = [0.3, 0.5, 0.4], [0.2, 0.2, 0.3]

    ahead, behind = ratio_over_draws(ours, theirs), ratio_over_draws(theirs, ours)

    assert ahead is not None
    assert ahead.low is not None
    assert behind is not None
    assert behind.value == pytest.approx(1 / ahead.value)
    assert behind.high == pytest.approx(1 / ahead.low)


def test_nothing_is_a_multiple_of_nothing() -> None:
    assert ratio_over_draws([0.3, 0.4], [0.1, 0.0]) is None


def test_other_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="2 draws and 1 draws are not the same draws"):
        ratio_over_draws([0.3, 0.4], [0.1])
