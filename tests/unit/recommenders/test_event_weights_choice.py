"""A type of event counts more as what comes next where held-out users say that it tells more."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import Interactions, SequenceRidge
from tastemaker.recommenders.choice import Choice
from tastemaker.recommenders.event_weights_choice import WEIGHT
from tastemaker.recommenders.kept_sums import KeptSums
from tastemaker.recommenders.ridge_update import with_new_events

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = SequenceRidge(decays=((0.5, 0.9),), second_opinions=0.0)
TWO = {"buy": 2.0}


def test_what_can_be_foreseen_counts_more_than_what_cannot() -> None:
    log = _chains(glances=0.8, popular=False)

    assert CHAIN.fit(log).choice.event_weights == {"buy": WEIGHT}


def test_where_glances_tell_as_much_all_types_count_alike() -> None:
    choice = CHAIN.fit(_chains(glances=0.7, popular=True)).choice

    assert choice.event_weights == {}
    assert {"buy 3 times", "glance 3 times"} <= choice.tried.keys()


def test_a_chosen_weight_is_one_of_the_targets_alone() -> None:
    log = _chains(glances=0.8, popular=False)
    chosen, alike = CHAIN.fit(log), CHAIN.fit(replace(log, event_type=np.zeros_like(log.event_type)))

    assert np.abs(chosen.weights[0].values - alike.weights[0].values).max() > 1e-3
    np.testing.assert_array_equal(chosen.repeats.recent, alike.repeats.recent)
    np.testing.assert_array_equal(chosen.rate, alike.rate)


def test_one_type_alone_and_given_weights_are_not_tried() -> None:
    log = _chains(glances=0.8, popular=False)
    one, given = replace(log, event_types=("all", "none"), event_type=np.zeros_like(log.event_type)), log.weighing(TWO)

    for each in (one, given):
        assert not any("times" in name for name in CHAIN.fit(each).choice.tried)


def test_types_that_always_come_together_are_not_tried() -> None:
    log = _chains(glances=0.0, popular=False)
    # each purchase follows a click on the same item: as one event they weigh the same, whichever type counts more
    users, items = (np.repeat(ids[of], 2) for ids, of in ((log.user_ids, log.user), (log.item_ids, log.item)))
    both = Interactions.from_columns(users, items, np.arange(len(users)), ["click", "buy"] * len(log))

    assert not any("times" in name for name in CHAIN.fit(both).choice.tried)


def test_weights_by_type_stay_behind_given_ones() -> None:
    log = Interactions.from_columns(["u"] * 3, ["a", "b", "c"], [1, 2, 3], ["buy", "view", "buy"])

    weighed = log.weighing(TWO)

    assert weighed.weight is not None
    assert weighed.weight.tolist() == [2.0, 1.0, 2.0]
    assert weighed.weighing({"view": 5.0}) is weighed
    assert log.weighing({}) is log


def test_an_update_counts_types_as_given_weights_would(tmp_path: Path) -> None:
    log = _chains(glances=0.8, popular=False)
    choice = Choice((0.5, 0.9), event_weights=TWO)

    chosen = _updated(log, choice, tmp_path / "chosen")
    given = _updated(log.weighing(TWO), replace(choice, event_weights={}), tmp_path / "given")

    assert chosen.weight == given.weight > 1
    np.testing.assert_array_equal(chosen.equations.targets, given.equations.targets)
    np.testing.assert_array_equal(chosen.equations.products, given.equations.products)


def test_a_choice_is_told_and_read_with_its_weights() -> None:
    choice = Choice((0.5, 0.9), mode="exact", event_weights=TWO)

    assert Choice.from_json(json.dumps(choice.to_json())) == choice
    assert choice.in_words().endswith(", buy counted 2 times")


def test_a_choice_of_an_earlier_version_has_none() -> None:
    told = Choice((0.5, 0.9)).to_json()
    del told["event_weights"]

    assert Choice.from_json(json.dumps(told)).event_weights == {}


def _chains(*, glances: float, popular: bool) -> Interactions:
    """What a user buys follows from what the user bought last; glances fall on any item, or on what is popular."""
    draw = np.random.default_rng(0)
    n_users, n_items, length = 400, 60, 40
    after = [draw.choice(n_items, 3, replace=False) for _ in range(n_items)]
    chance = 1 / (np.arange(n_items) + 3) if popular else np.ones(n_items)
    rows: list[tuple[str, str, int, str]] = []
    for user in range(n_users):
        bought = int(draw.integers(n_items))
        for when in range(length):
            if draw.random() < glances:
                rows.append((f"u{user}", f"i{draw.choice(n_items, p=chance / chance.sum())}", when, "glance"))
            else:
                bought = int(draw.choice(after[bought]))
                rows.append((f"u{user}", f"i{bought}", when, "buy"))
    return Interactions.from_columns(*zip(*rows, strict=True))


def _updated(log: Interactions, choice: Choice, folder: Path) -> KeptSums:
    """The sums after an update with the last quarter of the events."""
    folder.mkdir()
    first = log.of_events(log.timestamp < 30)
    before = CHAIN._trained(first, choice, CHAIN.exact_items, sums=folder / "0.npz")
    known = np.bincount(first.user, minlength=len(log.user_ids))
    with_new_events(CHAIN, before, log, known, sums=folder / "0.npz", kept=folder / "1.npz")
    return KeptSums.load(folder / "1.npz")
