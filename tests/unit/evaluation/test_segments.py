"""Segments are measured by the users that are really found, on each user's newest fifth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.evaluation import (
    SegmentSplit,
    attributes_asked,
    items_asked,
    measure_segments,
    segment_metrics,
    segment_split,
)
from tastemaker.recommenders import Attributes, Interactions, Segments
from tests.unit.recommenders.planted import checkerboard, interactions_of, random_interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Oracle:
    """Knows who holds an event of the items; `turned`: names everyone else first."""

    def __init__(self, split: SegmentSplit, *, turned: bool = False) -> None:
        self.split, self.turned = split, turned

    def users_for(self, items: NDArray[np.int32], k: int) -> NDArray[np.int32]:
        real = np.zeros(len(self.split.test.user_ids), dtype=np.bool_)
        real[self.split.test.user[np.isin(self.split.test.item, items)]] = True
        return np.argsort(real if self.turned else ~real, kind="stable")[:k].astype(np.int32)


def test_of_each_user_the_newest_fifth_is_held_out_and_at_least_one_event_is_trained_on() -> None:
    log = interactions_of({"ten": list("abcdefghij"), "four": list("abcd"), "one": ["a"]})

    split = segment_split(log)

    held_out = {str(log.user_ids[user]): split.test.item_ids[split.test.history(user)].tolist() for user in range(3)}
    assert held_out == {"ten": ["i", "j"], "four": ["d"], "one": []}
    assert len(split.train) + len(split.test) == len(log)
    assert split.train.user_ids.tolist() == split.test.user_ids.tolist() == log.user_ids.tolist()


def test_the_split_does_not_depend_on_the_order_of_rows_even_within_a_second() -> None:
    items = [f"i{n}" for n in range(10)]
    there, back = (
        segment_split(Interactions.from_columns(["u"] * 10, order, [5] * 10)) for order in (items, items[::-1])
    )

    assert sorted(there.test.item.tolist()) == sorted(back.test.item.tolist()) == [8, 9]


def test_the_metrics_written_out() -> None:
    # of 300 users, 3 are judged; what comes after them is not looked at
    metrics = segment_metrics([[0, 1, 2, 9], [0, 5, 6]], [{0, 2, 9, 50}, {7}], 300)

    assert metrics == {"coverage": 0.0167, "hits_at_1_percent": 1.0, "recall_at_1_percent": 0.3333}
    assert set(segment_metrics([], [], 0).values()) == {0.0}
    with pytest.raises(ValueError, match="1 segments"):
        segment_metrics([[0]], [], 10)


def test_who_knows_the_truth_is_perfect_and_who_turns_it_round_finds_nobody() -> None:
    log = random_interactions(n_users=200, n_items=6, n_events=3_000, seed=1)
    split = segment_split(log)
    questions = items_asked(split, seed=0)

    assert [question.tolist() for question in questions] == [[n] for n in range(6)]
    perfect = measure_segments(Oracle(split), split, questions)
    assert (perfect["hits_at_1_percent"], perfect["recall_at_1_percent"]) == (2.0, 1.0)
    assert measure_segments(Oracle(split, turned=True), split, questions)["hits_at_1_percent"] == 0.0


def test_questions_that_nobody_answers_are_not_asked() -> None:
    log = interactions_of({f"u{n}": ["a", "b", "a", "b", "c"] for n in range(50)})
    split = segment_split(log)

    metrics = measure_segments(Oracle(split), split, [np.array([n], dtype=np.int32) for n in range(3)])

    assert metrics["hits_at_1_percent"] == 1.0


def test_a_thousand_items_are_asked_at_most_and_the_seed_draws_them() -> None:
    split = segment_split(random_interactions(n_users=300, n_items=3_000, n_events=20_000, seed=1))

    first, again, other = (np.concatenate(items_asked(split, seed=seed)).tolist() for seed in (1, 1, 2))

    assert len(first) == len(set(first)) == 1_000
    assert first == again != other


def test_attributes_are_asked_by_the_items_that_have_them() -> None:
    items = Attributes.from_columns(["a", "b", "c"], {"KIND": ["x", "x|y", None]}, {})

    assert [question.tolist() for question in attributes_asked(items)] == [[0, 1], [1]]


def test_trained_segments_find_the_users_of_a_colour() -> None:
    log = checkerboard(n_users=400, n_items=20, seed=3)
    split = segment_split(log)
    colour = Attributes.from_columns(
        log.item_ids.tolist(), {"COLOUR": ["even" if n % 2 == 0 else "odd" for n in range(20)]}, {}
    )

    model = Segments().fit(split.train)
    by_item = measure_segments(model, split, items_asked(split, seed=0))
    by_attribute = measure_segments(model, split, attributes_asked(colour))

    # seven of ten had, five trained on: two of the five left are held out, so 0.4 of the right colour, 0.2 at random
    assert by_item["recall_at_1_percent"] > 0.3
    assert by_attribute["recall_at_1_percent"] == 1.0
