"""What every model does, whatever it has learned."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import RECIPES, Popularity, SequenceRidge, Trending, load
from tests.unit.recommenders.planted import checkerboard, cycles, names, places, random_interactions

if TYPE_CHECKING:
    from pathlib import Path

    from tastemaker.recommenders import Recipe

RECIPE = pytest.mark.parametrize("recipe", [Popularity(), SequenceRidge()], ids=["popularity", "ridge"])
EVERY = pytest.mark.parametrize(
    "recipe", [Popularity(), SequenceRidge(), Trending(window=120)], ids=["popularity", "ridge", "trending"]
)


@EVERY
def test_scores_are_a_distribution_over_the_whole_catalogue(recipe: Recipe) -> None:
    model = recipe.fit(checkerboard())

    for history in ([], [0], [3, 5, 3, 3], [-1, 99]):
        scores = model.scores(np.array(history, dtype=np.int32))

        assert scores.shape == (20,)
        assert scores.dtype == np.float32
        assert (scores >= 0).all()
        assert scores.sum() == pytest.approx(1.0, abs=1e-5)


@EVERY
def test_recommendations_come_best_first_with_the_scores_of_the_whole_catalogue(recipe: Recipe) -> None:
    model = recipe.fit(checkerboard())
    history = np.array([2, 4], dtype=np.int32)

    items, scores = model.recommend(history, 7)

    assert len(set(items.tolist())) == 7
    assert (np.diff(scores) <= 0).all()
    np.testing.assert_array_equal(scores, model.scores(history)[items])
    np.testing.assert_array_equal(np.sort(scores), np.sort(model.scores(history))[-7:])


@EVERY
def test_more_than_there_is_gives_all_there_is(recipe: Recipe) -> None:
    items, _ = recipe.fit(checkerboard()).recommend(np.array([1], dtype=np.int32), 1_000)

    assert sorted(items.tolist()) == list(range(20))


@EVERY
def test_only_candidates_are_recommended_in_the_order_they_have_without_a_mask(recipe: Recipe) -> None:
    model = recipe.fit(checkerboard())
    history = np.array([1, 3], dtype=np.int32)
    allowed = np.zeros(20, dtype=np.bool_)
    allowed[[2, 3, 5, 8, 19]] = True

    everything, _ = model.recommend(history, 20)
    some, scores = model.recommend(history, 4, allowed)
    none, _ = model.recommend(history, 4, np.zeros(20, dtype=np.bool_))

    assert some.tolist() == [item for item in everything.tolist() if allowed[item]][:4]
    np.testing.assert_array_equal(scores, model.scores(history)[some])
    assert len(none) == 0


@RECIPE
def test_a_history_of_nothing_known_gets_what_most_people_had(recipe: Recipe) -> None:
    log = random_interactions(n_users=60, n_items=12, n_events=400, seed=1)
    popular = Popularity().fit(log).recommend(np.empty(0, dtype=np.int32), 12)[0]
    model = recipe.fit(log)

    for history in ([], [-1], [12, -1]):
        assert model.recommend(np.array(history, dtype=np.int32), 12)[0].tolist() == popular.tolist()


@EVERY
def test_unknown_items_in_a_history_are_passed_over(recipe: Recipe) -> None:
    model = recipe.fit(cycles())

    known = model.scores(np.array([0, 1], dtype=np.int32))
    mixed = model.scores(np.array([0, -1, 1, 99], dtype=np.int32))

    np.testing.assert_array_equal(known, mixed)


@EVERY
def test_a_saved_model_is_the_same_bytes_each_time_and_answers_the_same(recipe: Recipe, tmp_path: Path) -> None:
    first, second = tmp_path / "first.model", tmp_path / "second.npz"
    recipe.fit(checkerboard(), seed=3).save(first)
    recipe.fit(checkerboard(), seed=3).save(second)

    loaded = load(first)

    assert first.read_bytes() == second.read_bytes()
    history = np.array([2, 2, 6], dtype=np.int32)
    model = recipe.fit(checkerboard(), seed=3)
    np.testing.assert_array_equal(loaded.scores(history), model.scores(history))
    assert loaded.item_ids.tolist() == model.item_ids.tolist()


@EVERY
def test_ids_and_their_order_do_not_matter(recipe: Recipe) -> None:
    log = random_interactions(n_users=40, n_items=15, n_events=600, seed=4)
    other = type(log).from_columns(
        [f"{(7 * user + 3) % 41}x" for user in log.user][::-1],
        [f"z{(11 * item + 5) % 15:02d}" for item in log.item][::-1],
        log.timestamp[::-1],
    )

    here, there = recipe.fit(log), recipe.fit(other)

    history = [3, 8, 8, 1]
    translated = places(there, [f"z{(11 * item + 5) % 15:02d}" for item in history])
    expected = here.scores(np.array(history, dtype=np.int32))
    found = there.scores(translated)
    renamed = places(there, [f"z{(11 * item + 5) % 15:02d}" for item in range(15)])
    np.testing.assert_allclose(found[renamed], expected, rtol=2e-3)


def test_the_order_of_rows_does_not_matter_to_a_single_byte(tmp_path: Path) -> None:
    log = random_interactions(n_users=80, n_items=15, n_events=900, seed=5)
    order = np.random.default_rng(0).permutation(len(log))
    shuffled = type(log).from_columns(
        log.user_ids[log.user[order]], log.item_ids[log.item[order]], log.timestamp[order]
    )

    for number, interactions in enumerate((log, shuffled)):
        SequenceRidge().fit(interactions, seed=1).save(tmp_path / str(number))

    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_popularity_counts_people_and_not_events() -> None:
    log = random_interactions(n_users=30, n_items=8, n_events=100, seed=6)
    fans = type(log).from_columns(
        [*log.user_ids[log.user], *["fan"] * 500], [*log.item_ids[log.item], *["i0"] * 500], range(600)
    )

    model = Popularity().fit(fans)

    people = [len(set(fans.user[fans.item == item].tolist())) for item in range(8)]
    assert model.users.tolist() == people
    best = names(model, model.recommend(np.empty(0, dtype=np.int32), 8)[0])
    assert best == [name for _, name in sorted(zip([-n for n in people], model.item_ids.tolist(), strict=True))]


def test_a_file_of_something_else_is_refused_with_its_name(tmp_path: Path) -> None:
    with (tmp_path / "other.npz").open("wb") as file:
        np.savez(file, kind=np.array("oracle"))

    with pytest.raises(ValueError, match=r"other\.npz holds a model of kind 'oracle'"):
        load(tmp_path / "other.npz")


def test_recipes_are_found_by_personalize_s_names_and_heed_its_recency_switch() -> None:
    assert RECIPES["aws-popularity-count"]({}) == Popularity()
    assert RECIPES["aws-user-personalization"]({"hidden_dimension": "64", "recency_mask": "True"}) == SequenceRidge()
    assert RECIPES["aws-user-personalization-v2"]({}) == SequenceRidge()
    for name, switch in (("", "recency_mask"), ("-v2", "apply_recency_bias")):
        assert RECIPES[f"aws-user-personalization{name}"]({switch: "False"}) != SequenceRidge()


def test_importing_the_models_does_not_import_scipy() -> None:
    code = (
        "import sys, tastemaker.recommenders, tastemaker.evaluation, tastemaker.example; print('scipy' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
