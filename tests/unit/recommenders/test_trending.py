"""Trending: planted growth comes first, popularity after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import RECIPES, Interactions, Popularity, Trending, load
from tests.unit.recommenders.planted import names

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600
NOTHING = np.empty(0, dtype=np.int32)


def _log(events: dict[str, list[int]], end: int = 100 * HOUR) -> Interactions:
    """`events`: item → hours before the end; each event is of another user."""
    rows = [(item, end - ago) for item, times in events.items() for ago in times]
    return Interactions.from_columns(
        [f"u{n:04d}" for n in range(len(rows))], [item for item, _ in rows], [when for _, when in rows]
    )


def _list(log: Interactions, window: int, k: int = 10) -> list[str]:
    model = Trending(window=window).fit(log)
    return names(model, model.recommend(NOTHING, k)[0])


def test_items_come_by_growth_between_the_two_last_windows_and_then_by_popularity() -> None:
    log = _log(
        {
            "always": [*range(0, 50 * HOUR, HOUR // 10)],  # the most popular, and as much now as before
            "rising": [0, 1, 2, 3, 4, HOUR],  # 5 now, 1 before
            "new": [10, 20, 30],  # 3 now, none before
            "fading": [5, *range(HOUR, 2 * HOUR, 60)],  # 1 now, 60 before
            "old": [40 * HOUR] * 70,
        }
    )

    assert _list(log, HOUR) == ["rising", "new", "always", "old", "fading"]


def test_of_equal_growth_the_more_popular_comes_first() -> None:
    log = _log({"a": [0, 1], "b": [2, 3, 50 * HOUR], "c": [4, 5, 6]})

    assert _list(log, HOUR) == ["c", "b", "a"]


def test_an_item_on_the_border_belongs_to_the_window_before() -> None:
    assert _list(_log({"a": [0, HOUR], "b": [HOUR - 1]}), HOUR) == ["b", "a"]


def test_the_window_decides_what_trends() -> None:
    log = _log({"hour": [1, 2, 3, *[5 * HOUR] * 4], "day": [2 * HOUR, 3 * HOUR, 0]})

    assert _list(log, HOUR)[0] == "hour"
    assert _list(log, 24 * HOUR)[0] == "hour"  # 7 in the last day, none before
    assert _list(log, 4 * HOUR)[0] == "day"  # hour: 3 now, 4 before


def test_nothing_growing_leaves_what_is_popular() -> None:
    log = _log({"a": [0, HOUR, 2 * HOUR], "b": [HOUR, 1], "c": [HOUR + 1] * 9})

    popular = Popularity().fit(log)
    model = Trending(window=HOUR).fit(log)

    assert model.growth.tolist() == [0, 0, 0]
    assert model.recommend(NOTHING, 9)[0].tolist() == popular.recommend(NOTHING, 9)[0].tolist()


def test_growth_is_told_apart_where_single_precision_cannot() -> None:
    # 20,000 users and growth in the thousands: scores as floats are equal, the order is not
    events = {f"i{n}": [1] * (3000 + n) for n in range(5)} | {"crowd": [50 * HOUR] * 20_000}

    assert _list(_log(events), HOUR, 5) == ["i4", "i3", "i2", "i1", "i0"]


def test_a_saved_model_answers_the_same(tmp_path: Path) -> None:
    model = Trending(window=HOUR).fit(_log({"a": [0, HOUR], "b": [1, 2, 3], "c": [90 * HOUR] * 5}))
    model.save(tmp_path / "model")

    loaded = load(tmp_path / "model")

    assert loaded.recommend(NOTHING, 3)[0].tolist() == model.recommend(NOTHING, 3)[0].tolist() == [1, 2, 0]


def test_no_events_are_no_trend() -> None:
    assert _list(Interactions.from_columns([], [], []), HOUR) == []


def test_personalizes_frequency_is_the_window() -> None:
    assert RECIPES["aws-trending-now"]({}) == RECIPES["aws-vod-trending-now"]({}) == Trending(window=2 * HOUR)
    assert RECIPES["aws-trending-now"]({"trend_discovery_frequency": "30 minutes"}) == Trending(window=HOUR // 2)
    assert RECIPES["aws-trending-now"]({"trend_discovery_frequency": "1 day"}) == Trending(window=24 * HOUR)
    with pytest.raises(ValueError, match="'weekly' is none of 30 minutes"):
        RECIPES["aws-trending-now"]({"trend_discovery_frequency": "weekly"})
