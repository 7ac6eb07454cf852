"""The split holds out users, and of those the newest tenth of their events."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.evaluation import Split, personalize_split
from tastemaker.recommenders import Interactions


def _log(n_users: int = 50, n_events: int = 20, order: np.ndarray | None = None) -> Interactions:
    users = np.repeat([f"u{n:03d}" for n in range(n_users)], n_events)
    rng = np.random.default_rng(0)
    items = np.array([f"i{n:02d}" for n in rng.integers(30, size=len(users))])
    # three events to a second: ties are the rule
    times = np.tile(np.arange(n_events) // 3, n_users)
    order = np.arange(len(users)) if order is None else order
    return Interactions.from_columns(users[order], items[order], times[order])


def _as_ids(split: Split) -> list[tuple[str, list[str], list[str]]]:
    names = split.train.item_ids
    return [(r.user_id, names[r.history].tolist(), names[r.truth].tolist()) for r in split.test]


def test_a_tenth_of_the_users_is_held_out_and_nobody_is_on_both_sides() -> None:
    log = _log()

    split = personalize_split(log, 0)

    held_out = {request.user_id for request in split.test}
    assert len(held_out) == 5
    assert held_out.isdisjoint(split.train.user_ids.tolist())
    assert held_out | set(split.train.user_ids.tolist()) == set(log.user_ids.tolist())
    assert len(split.train) == 45 * 20


def test_the_item_catalogue_of_the_training_part_is_that_of_all_events() -> None:
    log = Interactions.from_columns(["al", "bo"] * 2, ["x", "y", "z", "w"], [1, 2, 3, 4])

    assert personalize_split(log, 0).train.item_ids.tolist() == ["w", "x", "y", "z"]


@pytest.mark.parametrize(("n_events", "truth"), [(2, 1), (5, 1), (10, 1), (11, 2), (20, 2), (25, 3)])
def test_the_newest_tenth_rounded_up_is_the_truth(n_events: int, truth: int) -> None:
    log = _log(n_events=n_events)

    for request in personalize_split(log, 1).test:
        assert len(request.truth) == truth
        assert len(request.history) == n_events - truth
        user = log.user_ids.tolist().index(request.user_id)
        assert sorted([*request.history, *request.truth]) == sorted(log.history(user))
        assert request.times.tolist() == log.timestamp[log.starts[user + 1] - truth : log.starts[user + 1]].tolist()


def test_the_order_of_rows_does_not_matter_even_within_a_second() -> None:
    shuffled = np.random.default_rng(1).permutation(50 * 20)

    assert _as_ids(personalize_split(_log(), 3)) == _as_ids(personalize_split(_log(order=shuffled), 3))


def test_another_seed_holds_out_other_users() -> None:
    first, second = ({r.user_id for r in personalize_split(_log(), seed).test} for seed in (0, 1))

    assert first != second


def test_a_held_out_user_of_one_event_is_asked_nothing() -> None:
    log = Interactions.from_columns(["al"], ["x"], [1])

    split = personalize_split(log, 0)

    assert split.test == ()
    assert len(split.train) == 0
