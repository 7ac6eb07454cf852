"""The metrics are Personalize's: keys, rounding, and its own idea of the ideal list."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.evaluation import personalize_metrics

KEYS = [
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "precision_at_10",
    "precision_at_25",
    "precision_at_5",
]

LISTS = st.lists(st.integers(0, 60), max_size=40, unique=True)
TRUTHS = st.lists(st.integers(0, 60), max_size=20)


def test_the_worked_example_hits_at_ranks_two_and_five() -> None:
    metrics = personalize_metrics([["a", "b", "c", "d", "e"]], [{"b", "e"}], 10)

    assert metrics["mean_reciprocal_rank_at_25"] == 0.5
    assert metrics["normalized_discounted_cumulative_gain_at_5"] == 0.6241
    assert metrics["precision_at_5"] == 0.4
    assert metrics["coverage"] == 0.5


def test_exactly_the_eight_keys_come_in_alphabetical_order_rounded_to_four_places() -> None:
    metrics = personalize_metrics([["a"], ["b"], ["b"]], [{"a"}, {"a"}, {"a"}], 3)

    assert list(metrics) == KEYS
    assert metrics["mean_reciprocal_rank_at_25"] == 0.3333
    assert metrics["coverage"] == 0.6667


def test_the_ideal_is_the_recommended_list_and_not_everything_held_out() -> None:
    metrics = personalize_metrics([["a", "x"]], [{"a", "b", "c", "d"}], 10)

    assert metrics["normalized_discounted_cumulative_gain_at_25"] == 1.0


def test_a_request_without_a_hit_counts_zero_in_the_mean() -> None:
    metrics = personalize_metrics([["a"], ["x"]], [{"a"}, {"a"}], 10)

    assert metrics["normalized_discounted_cumulative_gain_at_10"] == 0.5
    assert metrics["mean_reciprocal_rank_at_25"] == 0.5


def test_a_short_list_is_judged_as_if_the_rest_of_it_were_misses() -> None:
    assert personalize_metrics([["a"]], [{"a"}], 10)["precision_at_5"] == 0.2


def test_what_comes_after_the_twenty_fifth_rank_is_not_looked_at() -> None:
    metrics = personalize_metrics([list(range(40))], [{30}], 100)

    assert metrics["mean_reciprocal_rank_at_25"] == 0.0
    assert metrics["coverage"] == 0.25


def test_no_request_at_all_gives_zeros() -> None:
    assert set(personalize_metrics([], [], 10).values()) == {0.0}
    assert set(personalize_metrics([], [], 0).values()) == {0.0}


def test_lists_and_truths_of_different_number_are_refused() -> None:
    with pytest.raises(ValueError, match="1 lists"):
        personalize_metrics([["a"]], [], 10)


@given(st.lists(st.tuples(LISTS, TRUTHS), min_size=1, max_size=8), st.integers(61, 100))
def test_the_metrics_equal_their_definitions_written_out(
    requests: list[tuple[list[int], list[int]]], catalogue_size: int
) -> None:
    lists, truths = [items for items, _ in requests], [truth for _, truth in requests]

    metrics = personalize_metrics(lists, truths, catalogue_size)

    assert metrics == pytest.approx(_written_out(lists, truths, catalogue_size), abs=1.01e-4)


def _written_out(lists: list[list[int]], truths: list[list[int]], catalogue_size: int) -> dict[str, float]:
    shown = {item for items in lists for item in items[:25]}
    out = {"coverage": len(shown) / catalogue_size}
    ranks = []
    for items, truth in zip(lists, truths, strict=True):
        ranks.append([rank for rank, item in enumerate(items[:25], start=1) if item in truth])
    out["mean_reciprocal_rank_at_25"] = sum(1 / found[0] if found else 0 for found in ranks) / len(lists)
    for cut in (5, 10, 25):
        total, precise = 0.0, 0.0
        for found in ranks:
            hits = [rank for rank in found if rank <= cut]
            gained = sum(1 / math.log(1 + rank) for rank in hits)
            ideal = sum(1 / math.log(1 + rank) for rank in range(1, len(hits) + 1))
            total += gained / ideal if hits else 0.0
            precise += len(hits) / cut
        out[f"normalized_discounted_cumulative_gain_at_{cut}"] = total / len(lists)
        out[f"precision_at_{cut}"] = precise / len(lists)
    return out
