"""Interactions are the same whatever order the rows come in."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import Interactions, locate


def test_events_are_sorted_by_user_and_time_and_ties_keep_the_order_of_the_input() -> None:
    made = Interactions.from_columns(
        ["bo", "al", "bo", "al", "al"],
        ["x", "z", "y", "y", "x"],
        [5, 2, 1, 2, 1],
        ["click", "buy", "buy", "buy", "buy"],
    )

    assert made.user_ids.tolist() == ["al", "bo"]
    assert made.item_ids.tolist() == ["x", "y", "z"]
    assert made.item_ids[made.history(0)].tolist() == ["x", "z", "y"]
    assert made.item_ids[made.history(1)].tolist() == ["y", "x"]
    assert [made.event_types[kind] for kind in made.event_type] == ["buy", "buy", "buy", "buy", "click"]
    assert made.timestamp.tolist() == [1, 2, 2, 1, 5]


def test_without_event_types_all_events_are_of_one_unnamed_type() -> None:
    made = Interactions.from_columns(["al"], ["x"], [1])

    assert made.event_types == ("",)
    assert made.event_type.tolist() == [0]


def test_columns_of_different_length_are_refused_by_name_and_size() -> None:
    with pytest.raises(ValueError, match="item_ids has 2"):
        Interactions.from_columns(["al"], ["x", "y"], [1])


def test_no_events_make_empty_interactions() -> None:
    made = Interactions.from_columns([], [], [])

    assert len(made) == 0
    assert len(made.item_ids) == 0


def test_choosing_users_keeps_their_events_and_the_whole_item_catalogue() -> None:
    made = Interactions.from_columns(["al", "bo", "cy", "bo"], ["x", "y", "z", "x"], [1, 2, 3, 4])

    chosen = made.of_users(np.array([False, True, True]))

    assert chosen.user_ids.tolist() == ["bo", "cy"]
    assert chosen.item_ids.tolist() == ["x", "y", "z"]
    assert chosen.item_ids[chosen.history(0)].tolist() == ["y", "x"]
    assert chosen.item_ids[chosen.history(1)].tolist() == ["z"]


def test_ids_are_located_in_a_catalogue_and_unknown_ones_are_minus_one() -> None:
    catalogue = np.array(["a", "c", "e"])

    assert locate(catalogue, ["e", "b", "a", "z", "é"]).tolist() == [2, -1, 0, -1, -1]
    assert locate(catalogue[:0], ["a"]).tolist() == [-1]


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="a weight is not finite"):
        Interactions.from_columns(["u", "u"], ["a", "b"], [1, 2], weights=[1.0, weight])
