"""Recipes are compared on the same requests, and broken down to where they are good."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.evaluation import (
    LEAVE_ONE_OUT,
    PERSONALIZE,
    Comparison,
    Evaluation,
    Judged,
    OfflineProtocol,
    RepeatLast,
    Request,
    Split,
    as_imported,
    by_history_length,
    by_item_popularity,
    coverage_curve,
    judge,
    over_users,
    popularity_tenths,
    repeats_removed,
)
from tastemaker.recommenders import Interactions, Popularity, Recipe, SequenceRidge
from tests.unit.recommenders.planted import random_interactions

KEY = "normalized_discounted_cumulative_gain_at_25"


def _evaluations(log: Interactions, protocol: OfflineProtocol, seeds: int) -> list[dict[str, Evaluation]]:
    recipes: dict[str, Recipe] = {"popularity": Popularity(), "repeat-last": RepeatLast()}
    splits = [protocol.split(log, seed) for seed in range(seeds)]
    return [
        {name: protocol.measure(recipe, split, seed=seed) for name, recipe in recipes.items()}
        for seed, split in enumerate(splits)
    ]


def _comparison(protocol: OfflineProtocol, seeds: int, *, over_seeds: bool) -> Comparison:
    draws = _evaluations(random_interactions(60, 40, 900, seed=4), protocol, seeds)
    return Comparison(tuple(draws), baseline="popularity", over_seeds=over_seeds)


def test_the_metrics_are_the_means_of_what_the_requests_are_worth() -> None:
    (draw,) = _evaluations(random_interactions(60, 40, 900, seed=4), PERSONALIZE, 1)

    for evaluation in draw.values():
        for metrics, judged in (
            (evaluation.metrics, evaluation.requests),
            (evaluation.metrics_new_items, evaluation.requests_new_items),
        ):
            assert set(metrics) == {*judged.values, "coverage"}
            for key, values in judged.values.items():
                assert metrics[key] == round(float(values.mean()), 4)


def test_over_users_a_difference_is_taken_request_by_request() -> None:
    comparison = _comparison(LEAVE_ONE_OUT, 2, over_seeds=False)

    for view in (as_imported, repeats_removed):
        figures = comparison.figures(view)["repeat-last"]
        own, popular = comparison.judged("repeat-last", view), comparison.judged("popularity", view)
        ids = np.unique([user for judged in own for user in judged.user_ids], return_inverse=True)[1]
        for key, figure in figures.items():
            assert figure.over_baseline is not None
            expected = None
            if key != "coverage_at_10":
                apart = [one.values[key] - other.values[key] for one, other in zip(own, popular, strict=True)]
                expected = over_users(np.concatenate(apart), ids)
            assert figure.over_baseline.interval == expected
            draws = [one.metrics[key] - other.metrics[key] for one, other in zip(own, popular, strict=True)]
            assert figure.over_baseline.mean == pytest.approx(np.mean(draws))


def test_a_small_but_steady_difference_is_beyond_chance_where_both_intervals_overlap() -> None:
    # draws that are hard for both alike, and of which one recipe always gets one user more
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(6):
        hits = int(rng.integers(4, 16))
        draws.append({"popularity": _hitting(hits), "own": _hitting(hits + 1)})

    figures = Comparison(tuple(draws), baseline="popularity", over_seeds=True).figures(as_imported)

    own, popular = figures["own"][KEY], figures["popularity"][KEY]
    assert own.interval is not None
    assert popular.interval is not None
    assert own.interval.low < popular.interval.high
    assert own.over_baseline is not None
    assert own.over_baseline.interval is not None
    assert own.over_baseline.mean == pytest.approx(1 / 20)
    assert own.over_baseline.interval.beyond_chance
    assert popular.over_baseline is None


def _hitting(hits: int) -> Evaluation:
    """Of twenty requests the first ones are answered rightly."""
    catalogue = Interactions.from_columns(["other"] * 2, ["i0", "i1"], range(2))
    nothing = np.empty(0, dtype=np.int32)
    requests = [
        Request(f"u{n}", nothing, np.array([int(n >= hits)], dtype=np.int32), np.zeros(1, np.int64)) for n in range(20)
    ]
    return judge(lambda *_: np.array([0], dtype=np.int32), Split(catalogue, tuple(requests)), fit_seconds=0)


@pytest.mark.parametrize("protocol", [PERSONALIZE, LEAVE_ONE_OUT])
def test_groups_by_history_are_all_requests_each_once(protocol: OfflineProtocol) -> None:
    comparison = _comparison(protocol, 3, over_seeds=False)
    key = next(iter(comparison.judged("popularity", as_imported)[0].values))
    draws, users = comparison.judged("popularity", as_imported), comparison.users(as_imported)

    groups = by_history_length(draws, key, users)

    lengths = np.concatenate([judged.history_lengths for judged in draws])
    values = np.concatenate([judged.values[key] for judged in draws])
    assert sum(group.size for group in groups) == len(lengths)
    assert 2 < len(groups) <= 6
    longest_before = -1
    for group in groups:
        shortest, _, longest = group.label.partition("–")
        mine = (lengths >= int(shortest)) & (lengths <= int(longest or shortest))
        assert int(shortest) > longest_before
        assert group.size == mine.sum()
        assert group.mean == pytest.approx(values[mine].mean())
        assert group.interval == over_users(values[mine], users[mine])
        longest_before = int(longest or shortest)


def test_groups_by_item_are_the_held_out_items_found_by_tenth_of_the_catalogue() -> None:
    log = random_interactions(60, 40, 900, seed=4)
    comparison = _comparison(PERSONALIZE, 2, over_seeds=False)
    splits = [PERSONALIZE.split(log, seed) for seed in range(2)]
    tenths = [popularity_tenths(split.train) for split in splits]
    draws = comparison.judged("repeat-last", as_imported)

    groups = by_item_popularity(draws, tenths, comparison.users(as_imported))

    found: list[list[bool]] = [[] for _ in range(10)]
    for split, judged in zip(splits, draws, strict=True):
        users = {item: len(set(split.train.user[split.train.item == item].tolist())) for item in range(40)}
        ranking = sorted(range(40), key=lambda item: (-users[item], item))
        for row, request in enumerate(split.test):
            for item in set(request.truth.tolist()):
                found[ranking.index(item) // 4].append(item in judged.recommended[row].tolist())
    assert [group.size for group in groups] == [len(of_tenth) for of_tenth in found]
    assert [group.mean for group in groups] == [
        pytest.approx(np.mean(of_tenth)) if of_tenth else None for of_tenth in found
    ]


def test_the_coverage_curve_ends_at_the_coverage_and_counts_what_it_says() -> None:
    comparison = _comparison(PERSONALIZE, 2, over_seeds=False)
    draws = comparison.judged("repeat-last", as_imported)

    curve = coverage_curve(draws)

    written_out = [
        np.mean(
            [len({item for row in judged.recommended.tolist() for item in row[:k]} - {-1}) / 40 for judged in draws]
        )
        for k in range(1, 26)
    ]
    assert curve.tolist() == pytest.approx(written_out)
    assert curve[-1] == pytest.approx(comparison.figures(as_imported)["repeat-last"]["coverage"].mean, abs=1e-4)


ROWS = st.lists(st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdefgh")), min_size=4, max_size=40).map(
    lambda pairs: [(user, item, when) for when, (user, item) in enumerate(pairs)]
)


def _log(rows: Sequence[tuple[str, str, int]]) -> Interactions:
    users, items, times = zip(*rows, strict=True)
    return Interactions.from_columns(users, items, times)


def _measured(recipe: Recipe, protocol: OfflineProtocol, log: Interactions) -> Sequence[dict[str, float]]:
    evaluation = protocol.measure(recipe, protocol.split(log, 0), seed=0)
    return evaluation.metrics, evaluation.metrics_new_items


@settings(deadline=None, max_examples=30)
@given(ROWS, st.randoms(use_true_random=False), st.sampled_from([PERSONALIZE, LEAVE_ONE_OUT]))
def test_neither_the_order_of_rows_nor_the_names_of_items_change_a_figure(
    rows: list[tuple[str, str, int]], luck: random.Random, protocol: OfflineProtocol
) -> None:
    shuffled = luck.sample(rows, len(rows))
    # other names in the same order, which is what breaks ties
    renamed = [(user, f"item {item}", when) for user, item, when in shuffled]

    for recipe in (Popularity(), RepeatLast(), SequenceRidge(decays=((0.8,),))):
        expected = _measured(recipe, protocol, _log(rows))
        assert _measured(recipe, protocol, _log(shuffled)) == expected
        assert _measured(recipe, protocol, _log(renamed)) == expected


@settings(deadline=None, max_examples=30)
@given(ROWS, st.permutations("uvwxyz"))
def test_where_all_are_asked_the_names_of_users_change_no_figure(
    rows: list[tuple[str, str, int]], others: list[str]
) -> None:
    renamed = [(others["uvwxyz".index(user)], item, when) for user, item, when in rows]

    for recipe in (Popularity(), RepeatLast()):
        expected = _measured(recipe, LEAVE_ONE_OUT, _log(rows))
        assert _measured(recipe, LEAVE_ONE_OUT, _log(renamed)) == expected


def test_the_users_of_two_draws_have_the_same_numbers() -> None:
    def judged(*users: str) -> Judged:
        requests = tuple(
            Request(user, np.zeros(1, np.int32), np.ones(1, np.int32), np.zeros(1, np.int64)) for user in users
        )
        catalogue = Interactions.from_columns(["other"] * 2, ["i0", "i1"], range(2))
        return judge(lambda *_: np.zeros(1, np.int32), Split(catalogue, requests), fit_seconds=0).requests

    first, second = (Evaluation(one, one, 0.0) for one in (judged("b", "a"), judged("c", "b")))

    numbers = Comparison(({"popularity": first}, {"popularity": second}), "popularity", over_seeds=True).users(
        as_imported
    )

    assert numbers.tolist() == [0, 1, 2, 0]
