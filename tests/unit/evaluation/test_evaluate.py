"""Evaluation tells twice what a recipe is worth: with the repeats and without."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.evaluation import RepeatLast, Request, Split, evaluate, judge
from tastemaker.recommenders import Interactions, Popularity, SequenceRidge
from tests.unit.recommenders.planted import cycles, interactions_of, names, places


def _request(history: list[int], truth: list[int]) -> Request:
    times = np.arange(len(truth), dtype=np.int64)
    return Request("u", np.array(history, dtype=np.int32), np.array(truth, dtype=np.int32), times)


def _split(*requests: Request) -> Split:
    catalogue = Interactions.from_columns(["other"] * 10, [f"i{n}" for n in range(10)], range(10))
    return Split(catalogue, requests)


def test_without_repeats_neither_truth_nor_list_holds_what_the_input_holds() -> None:
    split = _split(_request([0, 1], [1, 5]))
    asked: list[list[int]] = []

    def ranker(_: Request, candidates: np.ndarray | None) -> np.ndarray:
        allowed = np.arange(10) if candidates is None else np.flatnonzero(candidates)
        asked.append(allowed.tolist())
        return allowed.astype(np.int32)

    evaluation = judge(ranker, split, fit_seconds=1.5)

    assert asked == [list(range(10)), list(range(2, 10))]
    # item 1 is at rank 2 of the whole list; item 5, the only new one, at rank 4 of the list without repeats
    assert evaluation.metrics["mean_reciprocal_rank_at_25"] == 0.5
    assert evaluation.metrics_new_items["mean_reciprocal_rank_at_25"] == 0.25
    assert evaluation.metrics_new_items["precision_at_5"] == 0.2
    assert evaluation.fit_seconds == 1.5


def test_a_request_of_nothing_but_repeats_is_not_asked_for_new_items() -> None:
    split = _split(_request([0, 1], [0]), _request([2, 3], [9]))

    def ranker(_: Request, candidates: np.ndarray | None) -> np.ndarray:
        return np.array([9] if candidates is not None else [0], dtype=np.int32)

    evaluation = judge(ranker, split, fit_seconds=0)

    assert evaluation.metrics["mean_reciprocal_rank_at_25"] == 0.5
    assert evaluation.metrics_new_items["mean_reciprocal_rank_at_25"] == 1.0


def test_a_planted_sequence_is_found_by_the_ridge_and_not_by_popularity() -> None:
    ridge, popularity = (evaluate(recipe, cycles(), seed=0) for recipe in (SequenceRidge(), Popularity()))

    assert ridge.metrics["mean_reciprocal_rank_at_25"] == 1.0
    assert popularity.metrics["mean_reciprocal_rank_at_25"] < 0.5
    assert ridge.fit_seconds > 0


def test_repeat_last_recommends_the_latest_items_first_and_then_popular_ones() -> None:
    model = RepeatLast().fit(interactions_of({"u": "abcd", "v": "dab", "w": "da"}))

    items, scores = model.recommend(places(model, list("caca")), 4)

    assert names(model, items) == ["a", "c", "d", "b"]
    assert (np.diff(scores) <= 0).all()
    assert model.scores(places(model, list("ca"))).sum() == pytest.approx(1.0)


def test_repeat_last_under_a_mask_of_new_items_is_popularity() -> None:
    model = RepeatLast().fit(interactions_of({"u": "abcd", "v": "dab", "w": "da"}))
    history = places(model, ["c"])
    unseen = np.array([True, True, False, True])

    items, _ = model.recommend(history, 3, unseen)

    assert names(model, items) == ["a", "d", "b"]
