"""The k-core: taking rare ones away may make others rare."""

from __future__ import annotations

from benchmarks.k_core import k_core
from tests.unit.recommenders.planted import interactions_of, random_interactions


def test_who_becomes_rare_by_what_was_taken_away_goes_too() -> None:
    # d alone has y; without y, c has one event left; without c, x has two users still
    given = interactions_of({"a": "xz", "b": "xz", "c": "xy", "d": "y"})

    core = k_core(given, 2)

    assert core.user_ids.tolist() == ["a", "b"]
    assert core.item_ids.tolist() == ["x", "z"]
    assert len(core) == 4


def test_events_keep_their_times_types_and_order() -> None:
    given = random_interactions(n_users=20, n_items=10, n_events=300, seed=1)

    core = k_core(given, 1)

    assert core.user_ids.tolist() == given.user_ids.tolist()
    assert core.item.tolist() == given.item.tolist()
    assert core.timestamp.tolist() == given.timestamp.tolist()
    assert core.event_types == given.event_types


def test_nothing_is_left_where_all_are_rare() -> None:
    assert len(k_core(interactions_of({"a": "xy", "b": "xz"}), 3)) == 0
