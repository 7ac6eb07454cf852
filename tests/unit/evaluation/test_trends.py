"""The accuracy of a trend is what the recommended items grew by, of what could have been had."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.evaluation import measure_trending, trend_prediction_accuracy
from tastemaker.recommenders import Interactions, Trending

HOUR = 3600


def _log(counts: dict[str, list[int]]) -> Interactions:
    """Item → interactions of each hour, the last at its very end."""
    rows = [
        (item, (hour + 1) * HOUR - n)
        for item, hours in counts.items()
        for hour, count in enumerate(hours)
        for n in range(count)
    ]
    return Interactions.from_columns([f"u{n}" for n in range(len(rows))], *zip(*rows, strict=True))


def test_the_accuracy_written_out() -> None:
    increase = np.array([10, 5, -3, 0, 1])

    assert trend_prediction_accuracy(np.array([0, 2], dtype=np.int32), increase) == pytest.approx(7 / 16)
    assert trend_prediction_accuracy(np.array([2, 3], dtype=np.int32), increase) == 0.0
    assert trend_prediction_accuracy(np.array([4, 1, 0], dtype=np.int32), increase) == 1.0
    many = np.arange(100)
    assert trend_prediction_accuracy(many[::-1].astype(np.int32), many) == 1.0  # 25 of 25
    assert trend_prediction_accuracy(many.astype(np.int32), many) == pytest.approx(sum(range(25)) / sum(range(75, 100)))
    with pytest.raises(ValueError, match="no item grew"):
        trend_prediction_accuracy(np.array([0], dtype=np.int32), np.array([0, -1]))


def _planted(risers: list[list[int]]) -> Interactions:
    """What rises, beside two hundred items that don't, of which thirty were loved at first."""
    steady = {f"s{n:03d}": [100 if n < 30 else 1, *[1] * 19] for n in range(200)}
    return _log({**steady, **{f"r{n}": hours for n, hours in enumerate(risers)}})


def test_trends_that_last_are_foreseen_and_those_that_have_passed_are_not() -> None:
    lasting = _planted([list(range(20))] * 5)
    # another one of twenty each hour, and back
    passing = _planted([[11 if hour == n else 1 for hour in range(20)] for n in range(20)])

    assert measure_trending(Trending(window=HOUR), lasting)["trend_prediction_accuracy"] > 0.9
    assert measure_trending(Trending(window=HOUR), passing)["trend_prediction_accuracy"] < 0.1


def test_windows_without_interactions_are_passed_over() -> None:
    def accuracy(gap: int) -> dict[str, float]:
        steady = {f"x{n:02d}": [1, 1, 1] for n in range(40)}
        log = _log({"z": [1, 2, 5], **steady})
        again = Interactions.from_columns(
            [*log.user_ids[log.user], *log.user_ids[log.user]],
            [*log.item_ids[log.item], *log.item_ids[log.item]],
            [*log.timestamp, *log.timestamp + gap * HOUR],
        )
        return measure_trending(Trending(window=HOUR), again)

    # a million empty hours would take a while
    assert accuracy(1_000_000) == accuracy(10)
    assert accuracy(10)["trend_prediction_accuracy"] > 0.5


def test_without_growth_or_without_events_it_is_zero() -> None:
    assert measure_trending(Trending(window=HOUR), _log({"a": [3, 2, 1]})) == {"trend_prediction_accuracy": 0.0}
    assert measure_trending(Trending(), Interactions.from_columns([], [], [])) == {"trend_prediction_accuracy": 0.0}
