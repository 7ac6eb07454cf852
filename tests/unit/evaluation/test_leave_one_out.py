"""Leave-one-out: the last event of each user, ranked among everything that is new to the user."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.evaluation import (
    LEAVE_ONE_OUT,
    RepeatLast,
    Request,
    Split,
    judge_last,
    last_item,
    leave_one_out_split,
    textbook_metrics,
    whole_history,
)
from tastemaker.recommenders import (
    RECIPES,
    RELATED_ITEMS,
    Attributes,
    Interactions,
    Popularity,
    Recipe,
    SequenceRidge,
)
from tests.unit.recommenders.planted import cycles, interactions_of, random_interactions

Row = tuple[str, str, int]

EVENTS = st.lists(
    st.tuples(st.sampled_from("uvwx"), st.sampled_from("abcdef"), st.integers(0, 5)), min_size=1, max_size=30
)


def _log(rows: list[Row]) -> Interactions:
    users, items, times = zip(*rows, strict=True)
    return Interactions.from_columns(users, items, times)


def _rows(log: Interactions) -> list[Row]:
    users, items = log.user_ids[log.user].tolist(), log.item_ids[log.item].tolist()
    return list(zip(users, items, log.timestamp.tolist(), strict=True))


def _split(*requests: tuple[list[int], int]) -> Split:
    catalogue = Interactions.from_columns(["other"] * 20, [f"i{n:02d}" for n in range(20)], range(20))
    made = (
        Request("u", np.array(history, np.int32), np.array([truth], np.int32), np.zeros(1, np.int64))
        for history, truth in requests
    )
    return Split(catalogue, tuple(made))


def _of_ranks(metrics: dict[str, float]) -> dict[str, float]:
    return {key: metrics[key] for key in ("hit_rate_at_10", "mean_reciprocal_rank", "ndcg_at_10")}


def _in_order_of_the_catalogue(_: Request, candidates: np.ndarray | None) -> np.ndarray:
    assert candidates is not None
    return np.flatnonzero(candidates).astype(np.int32)


@given(EVENTS, st.integers(0, 3))
def test_each_user_with_two_events_loses_one_of_the_last_second_and_nothing_else_is_lost(
    rows: list[Row], seed: int
) -> None:
    log = _log(rows)

    split = leave_one_out_split(log, seed)

    held_out = []
    for request in split.test:
        own = [row for row in rows if row[0] == request.user_id]
        item = str(log.item_ids[request.truth[0]])
        assert request.times.tolist() == [max(time for _, _, time in own)]
        history = [(request.user_id, str(log.item_ids[place])) for place in request.history]
        assert sorted([*history, (request.user_id, item)]) == sorted(row[:2] for row in own)
        held_out.append((request.user_id, item, int(request.times[0])))
    assert sorted([*_rows(split.train), *held_out]) == sorted(rows)
    asked = {user for user in "uvwx" if sum(row[0] == user for row in rows) > 1}
    assert {request.user_id for request in split.test} == asked
    assert split.train.item_ids.tolist() == log.item_ids.tolist()


@given(EVENTS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_rows_does_not_choose_the_last_event(orders: tuple[list[Row], list[Row]]) -> None:
    first, second = (
        [(request.user_id, request.truth.tolist()) for request in leave_one_out_split(_log(rows), 0).test]
        for rows in orders
    )

    assert first == second


def test_another_seed_breaks_ties_of_the_last_second_otherwise() -> None:
    log = _log([(f"u{n}", item, 1) for n in range(30) for item in "ab"])

    first, second = ([r.truth.tolist() for r in leave_one_out_split(log, seed).test] for seed in (0, 1))

    assert first != second
    assert {item for (item,) in first} == {0, 1}


def test_the_history_is_in_order_of_time() -> None:
    (request,) = leave_one_out_split(interactions_of({"u": "cabd"}), 0).test

    assert (request.history.tolist(), request.truth.tolist()) == ([2, 0, 1], [3])


def test_the_rank_is_that_among_the_items_which_are_new_to_the_user() -> None:
    evaluation = judge_last(_in_order_of_the_catalogue, _split(([0, 1, 1], 4)), fit_seconds=1.5)

    assert _of_ranks(evaluation.metrics) == {"hit_rate_at_10": 1.0, "mean_reciprocal_rank": 0.3333, "ndcg_at_10": 0.5}
    assert evaluation.metrics_new_items == evaluation.metrics
    assert evaluation.fit_seconds == 1.5


def test_a_repeat_is_a_miss_as_imported_and_not_asked_with_repeats_removed() -> None:
    evaluation = judge_last(_in_order_of_the_catalogue, _split(([0], 1), ([0, 1], 0)), fit_seconds=0)

    assert evaluation.metrics["hit_rate_at_10"] == 0.5
    assert evaluation.metrics_new_items["hit_rate_at_10"] == 1.0


def test_a_rank_beyond_ten_is_no_hit_and_still_counts_for_the_reciprocal_rank() -> None:
    evaluation = judge_last(_in_order_of_the_catalogue, _split(([0], 16)), fit_seconds=0)

    assert _of_ranks(evaluation.metrics) == {"hit_rate_at_10": 0.0, "mean_reciprocal_rank": 0.0625, "ndcg_at_10": 0.0}


def test_no_request_at_all_gives_zeros() -> None:
    assert set(textbook_metrics([]).values()) == {0.0}


@given(st.lists(st.none() | st.integers(1, 40), min_size=1, max_size=30))
def test_the_metrics_of_ranks_equal_their_definitions_written_out(ranks: list[int | None]) -> None:
    metrics = textbook_metrics(ranks)

    assert list(metrics) == ["hit_rate_at_10", "mean_reciprocal_rank", "ndcg_at_10"]
    assert metrics == pytest.approx(_of_ranks_written_out(ranks), abs=0.51e-4)


def _of_ranks_written_out(ranks: list[int | None]) -> dict[str, float]:
    hits, reciprocal, gain = 0, 0.0, 0.0
    for rank in ranks:
        if rank is not None:
            reciprocal += 1 / rank
            if rank <= 10:
                hits += 1
                gain += math.log(2) / math.log(rank + 1)
    written_out = {"hit_rate_at_10": hits, "mean_reciprocal_rank": reciprocal, "ndcg_at_10": gain}
    return {key: total / len(ranks) if ranks else 0.0 for key, total in written_out.items()}


def _by_popularity(rows: list[Row], split: Split) -> list[tuple[list[str], int | None]]:
    """Of each request the items new to the user, those with most users first, and the rank of the right one."""
    catalogue = sorted({item for _, item, _ in rows})
    train = _rows(split.train)
    users = {item: len({user for user, had, _ in train if had == item}) for item in catalogue}
    answers: list[tuple[list[str], int | None]] = []
    for request in split.test:
        seen = {had for who, had, _ in train if who == request.user_id}
        ranking = sorted(set(catalogue) - seen, key=lambda new: (-users[new], new))
        item = str(split.train.item_ids[request.truth[0]])
        answers.append((ranking, ranking.index(item) + 1 if item in ranking else None))
    return answers


def _written_out(rows: list[Row], split: Split, answers: list[tuple[list[str], int | None]]) -> dict[str, float]:
    """All five metrics from their definitions."""
    train = _rows(split.train)
    everybody = {user for user, _, _ in rows}
    covered: set[str] = set()
    novelties = []
    for ranking, _ in answers:
        covered |= set(ranking[:10])
        shares = [max(1, len({u for u, had, _ in train if had == item})) / len(everybody) for item in ranking[:10]]
        if shares:
            novelties.append(sum(-math.log2(share) for share in shares) / len(shares))
    return {
        **_of_ranks_written_out([rank for _, rank in answers]),
        "coverage_at_10": len(covered) / len({item for _, item, _ in rows}),
        "novelty_at_10": sum(novelties) / len(novelties) if novelties else 0.0,
    }


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("uvwxyz"), st.integers(0, 25).map("i{:02d}".format), st.integers(0, 5)),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 2),
)
def test_the_whole_protocol_equals_a_brute_force_twin_for_popularity(rows: list[Row], seed: int) -> None:
    split = LEAVE_ONE_OUT.split(_log(rows), seed)
    answers = _by_popularity(rows, split)

    evaluation = LEAVE_ONE_OUT.measure(Popularity(), split, seed=seed)

    assert list(evaluation.metrics) == sorted(evaluation.metrics)
    assert evaluation.metrics == pytest.approx(_written_out(rows, split, answers), abs=0.51e-4)
    asked = [answer for answer in answers if answer[1] is not None]
    assert evaluation.metrics_new_items == pytest.approx(_written_out(rows, split, asked), abs=0.51e-4)


@pytest.mark.parametrize("name", [*RECIPES, "repeat-last"])
def test_the_rank_by_scores_is_that_of_the_whole_ranking(name: str) -> None:
    # few users and coarse counts: many items share a score, and many a one has none
    log = random_interactions(80, 60, 900, seed=3)
    ids = log.item_ids.tolist()
    items = Attributes.from_columns(
        ids,
        {"KIND": [str(n % 3) for n in range(len(ids))]},
        {},
        texts={"TITLE": [f"word{n % 4} word{n % 7}" for n in range(len(ids))]},
    )
    split = LEAVE_ONE_OUT.split(log, 0)
    recipe: Recipe = RepeatLast() if name == "repeat-last" else RECIPES[name]({})
    model = recipe.fit(split.train, items=items, seed=0)
    asked_with = last_item if name in RELATED_ITEMS else whole_history
    n_items = len(ids)

    quick = LEAVE_ONE_OUT.judge_model(model, split, asked_with=asked_with, fit_seconds=0)
    whole = LEAVE_ONE_OUT.judge(
        lambda request, unseen: model.recommend(asked_with(request), n_items, unseen)[0], split, fit_seconds=0
    )

    for key, values in whole.requests.values.items():
        np.testing.assert_array_equal(quick.requests.values[key], values)
    np.testing.assert_array_equal(quick.requests.recommended, whole.requests.recommended)
    assert quick.metrics_new_items == whole.metrics_new_items
    # of some the first ten did not tell
    assert (np.abs(whole.requests.values["mean_reciprocal_rank"] - 0.05) < 0.05).any()


def test_a_planted_sequence_is_found_by_the_ridge_and_not_by_popularity() -> None:
    split = LEAVE_ONE_OUT.split(cycles(), 0)

    ridge, popularity = (LEAVE_ONE_OUT.measure(recipe, split, seed=0) for recipe in (SequenceRidge(), Popularity()))

    # four items of the ring are known and two are left, of which one comes next: luck finds three quarters
    assert ridge.metrics["mean_reciprocal_rank"] == 1.0
    assert popularity.metrics["mean_reciprocal_rank"] < 1.0
    assert ridge.fit_seconds > 0
