"""SIMS counts what people have in common, and leaves out whom its hyperparameters leave out."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import RECIPES, Interactions, Percentiles, Popularity, SimilarItemsModel, Sims
from tastemaker.recommenders.item_relations import cooccurrence
from tests.unit.recommenders.planted import checkerboard, interactions_of, names, places, random_interactions

EVERYONE = Percentiles()


def _beside(model: SimilarItemsModel, item: str, k: int = 100) -> list[str]:
    return names(model, model.recommend(places(model, [item]), k)[0])


def test_neighbours_are_of_the_own_colour_alone() -> None:
    model = Sims(percentiles=EVERYONE).fit(checkerboard())

    for item in range(20):
        found, _ = model.recommend(np.array([item], dtype=np.int32), 100)
        assert sorted(found.tolist()) == [other for other in range(item % 2, 20, 2) if other != item]


@pytest.mark.parametrize("discount", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("least", [0, 4])
def test_similarity_is_its_formula(discount: float, least: int) -> None:
    log = random_interactions(n_users=40, n_items=15, n_events=300, seed=6)
    has = np.zeros((40, 15))
    has[log.user, log.item] = 1
    together = (has / np.sqrt(has.sum(axis=1, keepdims=True))).T @ has
    wanted = together / (np.diag(together) + 3) ** discount * (has.T @ has >= least)
    np.fill_diagonal(wanted, 0)
    wanted /= wanted.max(axis=1, keepdims=True)

    found = cooccurrence(log, discount=discount, least_together=least).toarray()

    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    model = Sims(popularity_discount=discount, least_together=least, percentiles=EVERYONE).fit(log)
    order = np.argsort(-wanted[3].astype(np.float32), kind="stable")[: int((wanted[3] > 0).sum())]
    assert model.recommend(np.array([3], dtype=np.int32), 100)[0].tolist() == order.tolist()


def test_pairs_of_too_few_common_users_are_dropped() -> None:
    log = interactions_of(
        {**{f"twice{n}": ["a", "b"] for n in range(2)}, **{f"thrice{n}": ["a", "c"] for n in range(3)}}
    )

    assert sorted(_beside(Sims(least_together=2, percentiles=EVERYONE).fit(log), "a")) == ["b", "c"]
    assert _beside(Sims(least_together=3, percentiles=EVERYONE).fit(log), "a") == ["c"]


def test_users_of_extraordinary_histories_and_items_of_extraordinary_counts_take_no_part() -> None:
    log = interactions_of(
        {
            **{f"u{n:02d}": ["a", "b", "hit"] for n in range(20)},
            "collector": ["a", "z", *(f"r{n}" for n in range(30))],
        }
    )
    kept = Percentiles(users=(0.0, 0.9), items=(0.0, 1.0)).apply(log)
    few = Percentiles(users=(0.0, 1.0), items=(0.95, 1.0)).apply(log)

    assert set(kept.user_ids[kept.user]) == {f"u{n:02d}" for n in range(20)}
    assert set(few.item_ids[few.item]) == {"a"}
    assert kept.item_ids.tolist() == few.item_ids.tolist() == log.item_ids.tolist()
    assert "z" not in _beside(Sims(least_together=1, percentiles=Percentiles(users=(0.0, 0.9))).fit(log), "a")


def test_who_lies_on_a_bound_takes_part_and_the_whole_band_changes_nothing() -> None:
    log = interactions_of({f"u{n}": ["x"] * n for n in range(1, 12)})

    assert Percentiles().apply(log) is log
    band = Percentiles(users=(0.1, 0.9)).apply(log)
    assert sorted(set(np.bincount(band.user).tolist()) - {0}) == list(range(2, 11))


def test_quantiles_of_items_are_of_what_happened_so_that_few_popular_items_stay() -> None:
    # a tenth of the items has six tenths of the events
    log = interactions_of({f"u{n:03d}": ["hit", "hit", "hit", f"i{n % 9}", f"i{n % 9}"] for n in range(90)})

    def taking_part(low: float, high: float) -> set[str]:
        chosen = Percentiles(items=(low, high)).apply(log)
        return set(chosen.item_ids[chosen.item].tolist())

    others = {f"i{n}" for n in range(9)}
    assert taking_part(0.01, 0.9) == others | {"hit"}
    assert taking_part(0.0, 0.39) == others
    assert taking_part(0.41, 1.0) == {"hit"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_more_than_the_share_above_the_bound_is_left_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    item = np.minimum(rng.geometric(0.02, size=4_000), 150)
    log = Interactions.from_columns(rng.integers(99, size=4_000).astype(str), item.astype(str), np.arange(4_000))

    for low, high in ((0.0, 0.9), (0.3, 1.0), (0.2, 0.7)):
        left_out = 1 - len(Percentiles(items=(low, high)).apply(log)) / len(log)
        assert low - 0.06 < left_out <= low + 1 - high  # an item of a few hundredths may lie on a bound


def test_an_item_that_took_no_part_gets_what_is_popular_among_all() -> None:
    log = interactions_of({f"u{n:02d}": ["hit", f"i{n % 5}", f"i{(n + 1) % 5}"] for n in range(40)})
    # a third of what happened
    model = Sims(percentiles=Percentiles(items=(0.0, 0.6))).fit(log)
    popular = names(model, Popularity().fit(log).recommend(np.empty(0, dtype=np.int32), 6)[0])

    assert popular[0] == "hit"
    assert _beside(model, "hit") == popular[1:]
    assert "hit" not in _beside(model, "i0")


def test_a_discount_makes_popular_neighbours_rare() -> None:
    log = interactions_of({f"u{n:03d}": [f"i{n % 5}", f"i{(n + 1) % 5}", "hit"] for n in range(100)})

    assert _beside(Sims(popularity_discount=0.0, percentiles=EVERYONE).fit(log), "i0")[0] == "hit"
    assert _beside(Sims(popularity_discount=1.0, percentiles=EVERYONE).fit(log), "i0")[-1] == "hit"


def test_personalizes_hyperparameters_are_heeded() -> None:
    assert RECIPES["aws-sims"]({}) == Sims(
        popularity_discount=0.5, least_together=3, percentiles=Percentiles(users=(0.005, 0.995), items=(0.01, 0.9))
    )
    assert RECIPES["aws-sims"](
        {
            "popularity_discount_factor": "0.2",
            "min_cointeraction_count": "7",
            "max_user_history_length_percentile": "0.8",
            "min_item_interaction_count_percentile": "0.3",
        }
    ) == Sims(popularity_discount=0.2, least_together=7, percentiles=Percentiles(users=(0.005, 0.8), items=(0.3, 0.9)))
    with pytest.raises(ValueError, match=r"min_user_history_length_percentile 0\.9 is above"):
        RECIPES["aws-sims"]({"min_user_history_length_percentile": "0.9", "max_user_history_length_percentile": "0.1"})


def test_no_interactions_make_a_model_that_answers_nothing() -> None:
    model = Sims().fit(Interactions.from_columns([], [], []))

    assert len(model.recommend(np.array([0], dtype=np.int32), 5)[0]) == 0
