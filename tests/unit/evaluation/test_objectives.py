"""Weighted hits and rewards, by their definitions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.evaluation import (
    average_rewards,
    event_weighted_ndcg,
    measure_event_weights,
    measure_rewards,
    personalize_metrics,
    personalize_split,
)
from tastemaker.recommenders import Interactions, Popularity
from tests.unit.recommenders.planted import random_interactions

KEY = "normalized_discounted_cumulative_gain_with_event_weights_at_{}"
LISTS = st.lists(st.integers(0, 60), max_size=40, unique=True)


@given(st.lists(st.tuples(LISTS, st.dictionaries(st.integers(0, 60), st.sampled_from([0.1, 0.3, 1.0]))), max_size=6))
def test_the_metric_equals_its_definition_written_out(requests: list[tuple[list[int], dict[int, float]]]) -> None:
    lists, truths = [items for items, _ in requests], [truth for _, truth in requests]

    metrics = event_weighted_ndcg(lists, truths)

    assert list(metrics) == [KEY.format(cut) for cut in (10, 25, 5)]
    for cut in (5, 10, 25):
        total = 0.0
        for items, truth in requests:
            gains = [truth.get(item, 0.0) for item in items[:cut]]
            reached, ideal = (
                sum(gain / math.log(1 + rank) for rank, gain in enumerate(order, start=1))
                for order in (gains, sorted(gains, reverse=True))
            )
            total += reached / ideal if ideal else 0.0
        assert metrics[KEY.format(cut)] == pytest.approx(total / max(1, len(requests)), abs=1.01e-4)


@given(st.lists(st.tuples(LISTS, st.lists(st.integers(0, 60))), max_size=6), st.sampled_from([0.2, 1.0]))
def test_of_equal_weights_it_is_the_usual_one(requests: list[tuple[list[int], list[int]]], weight: float) -> None:
    lists, truths = [items for items, _ in requests], [truth for _, truth in requests]

    weighted = event_weighted_ndcg(lists, [dict.fromkeys(truth, weight) for truth in truths])

    usual = personalize_metrics(lists, truths, 61)
    for cut in (5, 10, 25):
        assert weighted[KEY.format(cut)] == pytest.approx(
            usual[f"normalized_discounted_cumulative_gain_at_{cut}"], abs=1.01e-4
        )


def test_a_heavy_hit_far_down_costs_more_than_a_light_one() -> None:
    heavy_first = event_weighted_ndcg([["buy", "x", "click"]], [{"buy": 0.3, "click": 0.1}])
    light_first = event_weighted_ndcg([["click", "x", "buy"]], [{"buy": 0.3, "click": 0.1}])

    assert heavy_first[KEY.format(5)] > 0.95
    assert light_first[KEY.format(5)] < 0.75
    with pytest.raises(ValueError, match="1 lists"):
        event_weighted_ndcg([["a"]], [])


def test_a_split_hands_the_weights_on_to_the_truth_and_they_change_the_figure() -> None:
    log = random_interactions(n_users=80, n_items=30, n_events=2_000, seed=1)
    popular_is_light = np.where(np.bincount(log.item)[log.item] > 66, 0.01, 1.0).astype(np.float32)
    split = personalize_split(replace(log, weight=popular_is_light), seed=0)
    model = Popularity().fit(split.train)

    for request in split.test:
        assert request.weights is not None
        light = np.bincount(log.item)[request.truth] > 66
        np.testing.assert_allclose(request.weights, np.where(light, 0.01, 1.0).astype(np.float32))
    plain = measure_event_weights(model, personalize_split(log, seed=0))
    weighted = measure_event_weights(model, split)
    asked = [model.recommend(request.history, 25)[0].tolist() for request in split.test]
    usual = personalize_metrics(asked, [request.truth.tolist() for request in split.test], 30)
    assert plain[KEY.format(25)] == usual["normalized_discounted_cumulative_gain_at_25"]
    assert weighted[KEY.format(25)] < plain[KEY.format(25)] - 0.05  # what is recommended first is worth least


def test_an_item_of_several_events_has_the_weight_of_the_heaviest() -> None:
    # held out are a, twice, and b, which is recommended before it
    events = [*["b"] * 27, "a", "a", "b"]
    weights = [*[0.1] * 27, 1.0, 0.5, 0.7]
    split = personalize_split(Interactions.from_columns(["u"] * 30, events, list(range(30)), weights=weights), seed=0)
    log = Interactions.from_columns(["x", "y", "z"], ["a", "b", "b"], [1, 2, 3])

    found = measure_event_weights(Popularity().fit(log), split)[KEY.format(5)]

    first, second = 1 / math.log(2), 1 / math.log(3)
    assert found == pytest.approx((0.7 * first + 1.0 * second) / (1.0 * first + 0.7 * second), abs=1e-4)


def test_rewards_written_out() -> None:
    rewards = np.array([5.0, 1.0, 10.0, 2.0, *[3.0] * 40])
    items = np.arange(44, dtype=np.int32)

    # the 25 of most reward are 2, 0 and of the threes the first 23; 3 and 1 are not among them
    assert average_rewards([items], [np.array([0, 3, 3], dtype=np.int32)], rewards) == pytest.approx(5 / 9, abs=1e-4)
    assert average_rewards([items], [np.array([2, 4], dtype=np.int32)], rewards) == 1.0
    assert average_rewards([items[:2]], [np.array([1, 2], dtype=np.int32)], rewards) == 1.0  # 2 is not recommended
    both = average_rewards([items, items], [np.array([1], dtype=np.int32), np.array([0], dtype=np.int32)], rewards)
    assert both == 0.5
    assert average_rewards([items], [np.empty(0, dtype=np.int32)], rewards) == 0.0


def test_rewards_of_a_model_count_nothing_for_what_has_none() -> None:
    log = random_interactions(n_users=60, n_items=80, n_events=3_000, seed=2)
    split = personalize_split(log, seed=0)
    model = Popularity().fit(split.train)
    rewards = np.random.default_rng(0).integers(1, 9, size=80).astype(float)
    half = np.where(np.arange(80) % 2 == 0, rewards, -5.0)

    found = measure_rewards(model, split, rewards)["average_rewards_at_k"]

    dearest = np.argsort(-rewards[model.recommend(np.empty(0, dtype=np.int32), 80)[0]], kind="stable")[:25]
    chosen = model.recommend(np.empty(0, dtype=np.int32), 80)[0][dearest]
    shares = [
        rewards[request.truth[np.isin(request.truth, chosen)]].sum() / rewards[request.truth].sum()
        for request in split.test
    ]
    assert found == pytest.approx(np.mean(shares), abs=1e-4)
    assert measure_rewards(model, split, half) == measure_rewards(
        model, split, np.where(np.arange(80) % 2 == 0, rewards, np.nan)
    )
