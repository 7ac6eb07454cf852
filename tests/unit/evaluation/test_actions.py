"""Propensities are measured on users that were left out, action by action."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.evaluation import action_metrics, action_split, area_under_the_curve, measure_actions
from tastemaker.recommenders import Interactions, NextBestAction
from tests.unit.recommenders.planted import checkerboard

DAY = 86_400


def test_a_tenth_of_the_users_is_left_out_with_all_they_did() -> None:
    log = Interactions.from_columns([f"u{n % 40}" for n in range(200)], ["a", "b"] * 100, list(range(200)))

    split = action_split(log, seed=1)

    assert len(split.test.user_ids) == 4
    assert len(split.test) == 20
    assert not set(split.test.user_ids.tolist()) & set(split.train.user_ids.tolist())
    assert split.test.item_ids.tolist() == split.train.item_ids.tolist()
    assert action_split(log, seed=2).test.user_ids.tolist() != split.test.user_ids.tolist()


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    values, positive = rng.integers(6, size=80) / 5, rng.random(80) < 0.3
    pairs = [(a > b) + (a == b) / 2 for a in values[positive] for b in values[~positive]]

    assert area_under_the_curve(values, positive) == pytest.approx(np.mean(pairs))
    assert area_under_the_curve(np.array([0.1, 0.9]), np.array([False, True])) == 1.0
    assert area_under_the_curve(np.array([0.1, 0.9]), np.array([True, False])) == 0.0


def test_the_metrics_written_out() -> None:
    # action 0: recommended from 0.5 on; 1: never taken here; 2: without a propensity; 3: from 0.2 on
    shown = [
        (0, 0.9, True), (0, 0.6, False), (0, 0.5, True), (0, 0.1, True), (0, 0.2, False),
        (1, 0.9, False), (2, 0.0, True), (2, 0.0, False), (3, 0.1, True), (3, 0.15, False),
    ]  # fmt: skip
    action, propensity, taken = (np.array(column) for column in zip(*shown, strict=True))

    metrics = action_metrics(action.astype(np.int32), propensity, taken, np.array([0.5, 0.1, 0.0, 0.2]))

    assert metrics == {
        "area_under_the_curve": round((3 / 6 + 0) / 2, 4),
        "coverage": 0.75,
        "precision": round((2 / 3 + 0) / 2, 4),
        "recall": round((2 / 3 + 0) / 2, 4),
    }
    nothing = np.empty(0)
    assert set(action_metrics(nothing.astype(np.int32), nothing, nothing > 0, nothing).values()) == {0.0}


def _measured(chances: tuple[float, float], *, seed: int = 0) -> dict[str, float]:
    """Of an action that even users take with the first chance and odd ones with the second."""
    rng = np.random.default_rng(seed)
    taken = [bool(rng.random() < chances[n % 2]) for n in range(2_000)]
    log = Interactions.from_columns(
        [f"u{n:03d}" for n in range(2_000)],
        ["act"] * 2_000,
        [100 * DAY] * 2_000,
        ["taken" if t else "viewed" for t in taken],
    )
    items = checkerboard(2_000)
    split = action_split(log, seed=0)
    return measure_actions(NextBestAction().fit(items, split.train), split, items, period=14)


def test_a_planted_preference_is_measured_for_what_it_is_and_chance_for_chance() -> None:
    planted, chance = _measured((0.8, 0.2)), _measured((0.4, 0.4))

    # of pairs of one taken and one not: 0.64 in the right order, 0.32 equal in colour
    assert planted["area_under_the_curve"] == pytest.approx(0.8, abs=0.06)
    assert planted["precision"] == pytest.approx(0.8, abs=0.08)
    assert planted["recall"] == pytest.approx(0.8, abs=0.08)
    assert planted["coverage"] == 1.0
    assert chance["area_under_the_curve"] == pytest.approx(0.5, abs=0.1)
    assert chance["precision"] == pytest.approx(0.4, abs=0.1)


def test_what_the_user_did_after_the_showing_does_not_help() -> None:
    # the histories tell the colour, but all of it comes after the showing
    log = checkerboard(400)
    late = Interactions.from_columns(log.user_ids[log.user], log.item_ids[log.item], log.timestamp + 200 * DAY)
    shown = Interactions.from_columns(
        [f"u{n:03d}" for n in range(400)],
        ["act"] * 400,
        [100 * DAY] * 400,
        ["taken" if n % 2 else "not taken" for n in range(400)],
    )
    split = action_split(shown, seed=0)
    model = NextBestAction().fit(log, split.train)

    assert measure_actions(model, split, log, period=14)["area_under_the_curve"] == 1.0
    assert measure_actions(model, split, late, period=14)["area_under_the_curve"] == 0.5
