"""The oracle ranks by the generator's own probabilities, so nothing honest can beat it."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.evaluation import RepeatLast, evaluate, judge, personalize_split
from tastemaker.example import Oracle, Shop, open_shop
from tastemaker.example.behaviour import CART
from tastemaker.recommenders import Popularity, SequenceRidge


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop()


def test_the_chances_of_one_next_event_sum_to_one(shop: Shop) -> None:
    events = shop.events
    last_of = np.searchsorted(events.customer, np.arange(1, 60)) - 1
    first_of = np.searchsorted(events.customer, np.arange(59))
    customers = [n for n in range(59) if last_of[n] - first_of[n] >= 2]

    for customer in customers:
        known = int(last_of[customer] - first_of[customer])

        assert Oracle(shop).chances(customer, known).sum() == pytest.approx(1.0, abs=1e-4)


def test_the_chances_are_those_that_come_true(shop: Shop) -> None:
    """Calibration: over many next events the sum of chances given to what happened to be a repeat matches the count."""
    events = shop.events
    oracle = Oracle(shop)
    starts = np.searchsorted(events.customer, np.arange(2_001))
    expected, happened, asked = 0.0, 0, 0
    for customer in range(0, 2_000, 4):
        start, end = int(starts[customer]), int(starts[customer + 1])
        # the last event follows a view of the same visit
        if end - start < 2 or events.visit[end - 1] != events.visit[end - 2] or events.kind[end - 2] != 0:
            continue
        product = events.product[end - 2]
        expected += float(oracle.chances(customer, end - start - 1)[product])
        happened += int(events.product[end - 1] == product)
        asked += 1

    assert asked > 200
    assert expected / asked == pytest.approx(CART, abs=0.02)
    assert happened / asked == pytest.approx(expected / asked, abs=0.06)


def test_the_oracle_is_ahead_of_the_model_and_the_model_of_the_baselines(shop: Shop) -> None:
    key = "normalized_discounted_cumulative_gain_at_10"
    interactions = shop.interactions
    model = evaluate(SequenceRidge(), interactions, seed=0)
    popularity = evaluate(Popularity(), interactions, seed=0)
    repeat_last = evaluate(RepeatLast(), interactions, seed=0)
    split = personalize_split(interactions, 0)
    oracle = judge(Oracle(shop).ranker(interactions.item_ids), split, fit_seconds=0.0)

    assert oracle.metrics[key] > 1.1 * model.metrics[key]
    assert oracle.metrics_new_items[key] > 1.2 * model.metrics_new_items[key]
    assert model.metrics[key] > 1.05 * repeat_last.metrics[key]
    assert model.metrics_new_items[key] > 1.5 * popularity.metrics_new_items[key]
