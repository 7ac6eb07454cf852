"""The use cases of the domains, and which recipes are asked with what."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import (
    RECIPES,
    RELATED_ITEMS,
    WITHOUT_HISTORY,
    Attributes,
    BoughtTogether,
    Interactions,
    Percentiles,
    SequenceRidge,
    SimilarItems,
)
from tests.unit.recommenders.planted import checkerboard, interactions_of, names, places

DAY = 86_400


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_trains_on_a_checkerboard_and_answers_by_what_it_is_asked(name: str) -> None:
    colours = Attributes.from_columns(
        [f"i{n:02d}" for n in range(20)], {}, {}, texts={"TITLE": [("even", "odd")[n % 2] for n in range(20)]}
    )
    model = RECIPES[name]({}).fit(checkerboard(), items=colours)

    lists = {tuple(model.recommend(np.array([item], dtype=np.int32), 5)[0].tolist()) for item in range(20)}

    assert all(len(items) == 5 for items in lists)
    assert (len(lists) == 1) == (name in WITHOUT_HISTORY)


@pytest.mark.parametrize("name", sorted(RELATED_ITEMS - {"aws-sims", "aws-semantic-similarity"}))
def test_related_items_are_of_the_own_colour(name: str) -> None:
    model = RECIPES[name]({}).fit(checkerboard())

    for item in range(20):
        found = model.recommend(np.array([item], dtype=np.int32), 5)[0]
        assert set(found % 2) == {item % 2}
        assert item not in found


def test_bought_together_is_what_is_in_the_same_basket_before_what_the_same_people_buy() -> None:
    rows = []
    for n in range(40):
        rows += [(f"u{n}", "shoes", 0), (f"u{n}", "laces", 600)]  # always one basket
        rows += [(f"u{n}", "bread", 10 * DAY), (f"u{n}", "butter", 10 * DAY + 60)]
        rows += [(f"u{n}", f"rare{n % 4}", 20 * DAY)]
    model = BoughtTogether().fit(Interactions.from_columns(*zip(*rows, strict=True)))

    def beside(item: str) -> list[str]:
        return names(model, model.recommend(places(model, [item]), 10)[0])

    assert beside("shoes")[0] == "laces"
    assert beside("butter")[0] == "bread"
    assert set(beside("rare0")) == {"shoes", "laces", "bread", "butter"}  # alone in its basket, not in the history


def test_a_pause_ends_a_basket() -> None:
    rows = [(f"u{n}", item, when) for n in range(9) for item, when in (("a", 0), ("b", 2 * DAY))]
    log = Interactions.from_columns(*zip(*rows, strict=True)).with_items(["c"])

    def value(pause: int) -> float:
        return float(BoughtTogether(pause=pause).fit(log).values.max())

    assert value(2 * DAY) == pytest.approx(1.05)
    assert value(2 * DAY - 1) == pytest.approx(0.05)


def test_more_like_x_leans_on_attributes_where_similar_items_learns_that_they_say_nothing() -> None:
    # everybody goes on to what is of another kind
    log = interactions_of({f"u{n:03d}": [f"red{n % 5}", f"blue{n % 5}", f"red{n % 5}"] for n in range(100)})
    kinds = Attributes.from_columns(log.item_ids.tolist(), {"COLOUR": [str(name)[:-1] for name in log.item_ids]}, {})

    def beside(recipe: str) -> str:
        model = RECIPES[recipe]({}).fit(log, items=kinds)
        return names(model, model.recommend(places(model, ["red1"]), 1)[0])[0]

    assert beside("aws-vod-because-you-watched-x") == "blue1"
    assert beside("aws-vod-more-like-x").startswith("red")


def test_ranking_is_the_model_of_personalization_with_its_switches_and_percentiles() -> None:
    assert RECIPES["aws-personalized-ranking"]({"bptt": "20"}) == SequenceRidge()
    assert RECIPES["aws-personalized-ranking-v2"]({"apply_recency_bias": "false"}) != SequenceRidge()
    assert RECIPES["aws-personalized-ranking"]({"max_user_history_length_percentile": "0.5"}) == SequenceRidge(
        percentiles=Percentiles(users=(0.0, 0.5))
    )
    assert RECIPES["aws-ecomm-customers-who-viewed-x-also-viewed"]({}) == SimilarItems()


def test_users_outside_the_percentiles_do_not_teach_the_ridge() -> None:
    # one user in five walks a long way that leads elsewhere
    log = interactions_of({f"u{n:03d}": ["a", "x"] * 10 if n % 5 == 0 else ["a", "b"] for n in range(100)})
    model = SequenceRidge(percentiles=Percentiles(users=(0.0, 0.5))).fit(log)

    assert names(model, model.recommend(places(model, ["a"]), 1)[0]) == ["b"]
    assert model.popularity.users.tolist() == [80, 80, 0]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_of_no_events_has_a_model_that_answers_with_the_catalogue(name: str) -> None:
    texts = Attributes.from_columns(["a", "b"], {}, {}, texts={"TITLE": ["even", "odd"]})

    model = RECIPES[name]({}).fit(Interactions.from_columns([], [], []).with_items(["a", "b"]), items=texts)

    assert names(model, model.recommend(np.array([], dtype=np.int32), 5)[0]) == ["a", "b"]
