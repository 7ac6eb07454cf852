"""Events that count more than others, as targets: only ratios matter, and without weights nothing changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.recommenders import Interactions, SequenceRidge
from tastemaker.recommenders.repeat_table import DEPTH, RepeatTable
from tests.unit.recommenders.planted import checkerboard, cycles, interactions_of, names, places, random_interactions


def test_weights_follow_their_events_into_order_and_through_choices() -> None:
    made = Interactions.from_columns(["bo", "al", "bo"], ["x", "y", "z"], [9, 5, 1], weights=[1.0, 2.0, 3.0])

    assert made.weight is not None
    assert made.weight.tolist() == [2.0, 3.0, 1.0]
    assert made.of_users(np.array([False, True])).weight.tolist() == [3.0, 1.0]  # type: ignore[union-attr]  # has some
    assert made.with_items(["a"]).of_events(np.array([True, False, True])).weight.tolist() == [2.0, 1.0]  # type: ignore[union-attr]  # has some


def test_weights_of_another_number_than_events_are_refused() -> None:
    with pytest.raises(ValueError, match="weights has 2"):
        Interactions.from_columns(["al"], ["x"], [1], weights=[1.0, 2.0])


def test_weights_that_are_all_alike_change_not_a_byte(tmp_path: Path) -> None:
    log = random_interactions(n_users=60, n_items=15, n_events=900, seed=5)

    SequenceRidge().fit(log, seed=1).save(tmp_path / "none")
    SequenceRidge().fit(replace(log, weight=np.full(900, 0.3, dtype=np.float32)), seed=1).save(tmp_path / "alike")

    assert (tmp_path / "none").read_bytes() == (tmp_path / "alike").read_bytes()


def test_only_the_ratios_of_weights_matter(tmp_path: Path) -> None:
    log = random_interactions(n_users=60, n_items=15, n_events=900, seed=5)
    weight = np.random.default_rng(0).choice([1.0, 4.0], 900).astype(np.float32)

    SequenceRidge().fit(replace(log, weight=weight), seed=1).save(tmp_path / "once")
    SequenceRidge().fit(replace(log, weight=8 * weight), seed=1).save(tmp_path / "eight")
    SequenceRidge().fit(log, seed=1).save(tmp_path / "none")

    assert (tmp_path / "once").read_bytes() == (tmp_path / "eight").read_bytes()
    assert (tmp_path / "once").read_bytes() != (tmp_path / "none").read_bytes()


def test_of_two_successors_the_one_of_heavier_events_comes_first() -> None:
    # after a, two in three go on to b and the others to c; what leads to c is worth five times as much
    log = interactions_of({f"u{n:03d}": ["a", "c" if n % 3 == 0 else "b"] for n in range(90)})
    heavy = np.where(log.item == log.item_ids.tolist().index("c"), 0.5, 0.1).astype(np.float32)

    def first(interactions: Interactions) -> list[str]:
        model = SequenceRidge().fit(interactions)
        return names(model, model.recommend(places(model, ["a"]), 1)[0])

    assert first(log) == ["b"]
    assert first(replace(log, weight=heavy)) == ["c"]


def test_what_is_near_counts_by_the_mean_weight_of_its_events() -> None:
    log = checkerboard()
    weight = np.where(log.item % 3 == 0, 4.0, 1.0).astype(np.float32)
    model, heavy = (SequenceRidge(exact_items=0).fit(some) for some in (log, replace(log, weight=weight)))
    history = places(model, ["i02", "i04"])

    plain, weighted = model.expected(history), heavy.expected(history)

    others = np.delete(np.arange(20), history)
    worth = np.where(others % 3 == 0, 4.0, 1.0) / weight.mean()
    np.testing.assert_allclose(weighted[others], worth * plain[others], rtol=1e-4)
    assert heavy.choice == model.choice


def test_repeats_that_weigh_double_are_expected_double() -> None:
    # x0 x0 x1 x1 …: the second of each pair is the repeat
    log = interactions_of({f"u{n:03d}": [f"i{k // 2}" for k in range(20)] for n in range(200)})
    repeated = np.arange(len(log)) % 2 == 1
    weight = np.where(repeated, 2.0, 1.0).astype(np.float32)

    plain, heavy = RepeatTable.learn(log, 0.3), RepeatTable.learn(replace(log, weight=weight), 0.3)

    assert plain.recent[0, 0] > 0.8
    np.testing.assert_allclose(heavy.recent[0, 0] / plain.recent[0, 0], 2 / 1.5, rtol=1e-3)
    assert heavy.recent.shape == (3, DEPTH)


def test_a_larger_catalogue_knows_the_new_items_and_ranks_the_others_as_before() -> None:
    model = SequenceRidge().fit(cycles())
    larger = model.with_items(["0-new", "b-new", "c"])
    before = [names(model, model.recommend(places(model, [item]), 3)[0]) for item in "abcdef"]

    assert larger.item_ids.tolist() == ["0-new", "a", "b", "b-new", "c", "d", "e", "f"]
    assert [names(larger, larger.recommend(places(larger, [item]), 3)[0]) for item in "abcdef"] == before
    assert larger.scores(places(larger, ["a"])).sum() == pytest.approx(1.0, abs=1e-5)
    only_new = np.isin(larger.item_ids, ["0-new", "b-new"])
    assert len(larger.recommend(places(larger, ["a", "0-new"]), 5, only_new)[0]) == 2
    assert larger.recommend(np.empty(0, dtype=np.int32), 8)[0].tolist()[-2:] == [0, 3]
