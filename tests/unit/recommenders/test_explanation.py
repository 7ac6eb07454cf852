"""What an explanation names adds up to what the ranking is by, and names the events that it comes from."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.recommenders import (
    Attributes,
    Explanation,
    Model,
    Popularity,
    SemanticSimilarity,
    SequenceRidge,
    SequenceRidgeModel,
    SimilarItems,
    SimilarItemsModel,
    Trending,
    explain,
)
from tests.unit.recommenders.planted import checkerboard, cycles, interactions_of, places, random_interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_ITEMS = 30


@lru_cache
def ridge(name: str) -> SequenceRidgeModel:
    if name == "repeats":
        return SequenceRidge().fit(random_interactions(80, N_ITEMS, 1500, seed=1))
    if name == "few in the regression":
        return SequenceRidge(exact_items=8, second_opinions=1.0).fit(random_interactions(80, N_ITEMS, 1500, seed=2))
    if name == "new items":
        grown = SequenceRidge(second_opinions=0.5).fit(checkerboard(n_items=20))
        return grown.with_items(f"j{n}" for n in range(N_ITEMS - 20))
    return SequenceRidge(second_opinions=1.0).fit(checkerboard(n_items=N_ITEMS))


@lru_cache
def similar() -> SimilarItemsModel:
    return SimilarItems().fit(random_interactions(80, N_ITEMS, 900, seed=3))


# some are no item of the catalogue
histories = st.lists(st.integers(-2, N_ITEMS + 1), max_size=150).map(lambda some: np.array(some, dtype=np.int32))
distinct = st.permutations(range(N_ITEMS)).flatmap(
    lambda order: st.integers(0, N_ITEMS).map(lambda n: np.array(order[:n], dtype=np.int32))
)


@pytest.mark.parametrize("name", ["repeats", "few in the regression", "new items", "checkerboard"])
@settings(max_examples=60, deadline=None)
@given(history=histories, items=distinct)
def test_the_parts_add_up_to_what_is_expected(name: str, history: NDArray[np.int32], items: NDArray[np.int32]) -> None:
    model = ridge(name)
    asked = history[(history >= 0) & (history < N_ITEMS)]

    found = explain(model, history, items)

    expected = model.expected(asked) if len(asked) else model.popularity.scores(asked)
    assert (model.pool is None) == (name == "repeats")
    assert found.events.shape == (len(items), len(history))
    assert found.kind == ("history" if len(asked) else "everyone")
    # what the model rounds to float32 is the only difference
    np.testing.assert_allclose(found.values, expected[items], rtol=1e-5, atol=1e-6)
    assert not found.events[:, (history < 0) | (history >= N_ITEMS)].any()
    assert not found.repeats[~np.isin(items, asked)].any()


@settings(max_examples=60, deadline=None)
@given(history=histories, items=distinct)
def test_neighbours_add_up_to_their_strength(history: NDArray[np.int32], items: NDArray[np.int32]) -> None:
    model = similar()
    asked = history[(history >= 0) & (history < N_ITEMS)]

    found = explain(model, history, items)

    strengths = model.strengths(asked)
    expected = strengths if strengths.any() else model.popularity.scores(asked)
    assert found.kind == ("neighbours" if strengths.any() else "everyone")
    np.testing.assert_allclose(found.values, expected[items], rtol=1e-5, atol=1e-6)


def test_in_a_planted_sequence_the_event_before_has_most_of_it() -> None:
    model = SequenceRidge().fit(cycles())
    history = places(model, list("fabc"))

    found = explain(model, history, places(model, ["d"]))

    assert found.strongest(0, 1) == [3]
    assert found.share[0, 3] > 0.5


def test_what_comes_several_times_in_a_row_counts_once_and_as_the_last_of_them() -> None:
    model = SequenceRidge().fit(cycles())
    items = places(model, ["d", "e"])

    once = explain(model, places(model, list("abc")), items)
    thrice = explain(model, np.insert(places(model, list("abccc")), 4, -1), items)

    np.testing.assert_allclose(thrice.events[:, [0, 1, 5]], once.events)
    assert not thrice.events[:, [2, 3, 4]].any()


def test_what_the_user_has_had_is_there_by_the_repeat_table() -> None:
    rng = np.random.default_rng(0)
    twice = {f"u{n:03d}": [i for i in rng.permutation(list("abcdefghij")) for _ in range(2)] for n in range(60)}
    model = SequenceRidge().fit(interactions_of(twice))

    found = explain(model, places(model, ["c", "c", "g"]), places(model, ["g", "h"]))

    assert found.repeats[0] > 0.9 * found.values[0]
    assert found.repeats[1] == 0


def test_events_against_an_item_are_not_among_its_reasons() -> None:
    found = Explanation(
        "history",
        items=np.array([0], dtype=np.int32),
        base=np.array([1.0]),
        events=np.array([[2.0, -5.0, 0.0, 3.0]]),
        repeats=np.array([4.0]),
        circumstances=np.array([1.5]),
    )

    assert found.strongest(0, 3) == [3, 0]
    assert found.share.tolist() == [[0.2, -0.5, 0.0, 0.3]]
    assert found.values.tolist() == [7.5]


@pytest.mark.parametrize("recipe", [Popularity(), Trending()])
def test_what_is_the_same_for_everyone_has_no_events(recipe: Popularity | Trending) -> None:
    model: Model = recipe.fit(cycles())
    items = places(model, ["a", "f"])

    found = explain(model, places(model, ["b", "c"]), items)

    assert found.kind == "everyone"
    np.testing.assert_allclose(found.values, model.scores(items)[items])
    assert found.strongest(0, 3) == []


def test_texts_have_neighbours_too() -> None:
    log = cycles()
    texts = {"TITLE": ["red wool socks", "red wool hat", "steel pan", "steel pot", "red wool scarf", "glass"]}
    model = SemanticSimilarity(dimensions=5).fit(
        log, items=Attributes.from_columns(list("abcdef"), {}, {}, texts=texts)
    )

    found = explain(model, places(model, ["a"]), places(model, ["b"]))

    assert (found.kind, found.strongest(0, 3)) == ("neighbours", [0])
