"""Similar items: planted neighbours, brute-force twins, and what is known of items that nobody has taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tastemaker.recommenders import RECIPES, Attributes, Interactions, Popularity, SimilarItems, choice_of, load
from tastemaker.recommenders.item_relations import LONGEST_HISTORY, cooccurrence, strongest, transitions
from tastemaker.recommenders.likeness import alike
from tastemaker.recommenders.similar_items import Blend
from tests.unit.recommenders.planted import checkerboard, cycles, interactions_of, names, places, random_interactions

NOTHING = np.empty(0, dtype=np.int32)


def _categories(**of: str) -> Attributes:
    return Attributes.from_columns(list(of), {"KIND": list(of.values())}, {})


def _first(model: object, item: str, k: int) -> list[str]:
    return names(model, model.recommend(places(model, [item]), k)[0])  # type: ignore[attr-defined, arg-type]  # a Model


def test_what_everybody_takes_next_comes_first_and_what_they_took_before_later() -> None:
    model = SimilarItems().fit(cycles())

    assert [_first(model, item, 1) for item in "abcdef"] == [["b"], ["c"], ["d"], ["e"], ["f"], ["a"]]


def test_the_item_itself_is_never_among_its_neighbours() -> None:
    log = random_interactions(n_users=30, n_items=12, n_events=500, seed=2)
    model = SimilarItems().fit(log)

    for item in range(12):
        found, scores = model.recommend(np.array([item], dtype=np.int32), 100)
        assert item not in found
        assert len(found) == 11
        assert (np.diff(scores) <= 0).all()


def test_neighbours_are_of_the_own_colour_alone() -> None:
    model = SimilarItems().fit(checkerboard())

    for item in range(20):
        found, _ = model.recommend(np.array([item], dtype=np.int32), 100)
        assert sorted(found.tolist()) == [other for other in range(item % 2, 20, 2) if other != item]


def test_of_several_items_the_values_are_added() -> None:
    model = SimilarItems().fit(random_interactions(n_users=30, n_items=12, n_events=500, seed=3))

    def values(*items: int) -> np.ndarray:
        total = np.zeros(12)
        for item in items:
            row = slice(model.starts[item], model.starts[item + 1])
            total[model.neighbours[row]] += model.values[row]
        total[list(items)] = -1
        return total

    found, _ = model.recommend(np.array([3, 7], dtype=np.int32), 10)

    assert found.tolist() == np.argsort(-values(3, 7), kind="stable")[:10].tolist()


@pytest.mark.parametrize("history", [[], [-1], [99]])
def test_an_item_that_is_not_known_gets_what_is_popular(history: list[int]) -> None:
    log = random_interactions(n_users=30, n_items=12, n_events=200, seed=4)

    found, _ = SimilarItems().fit(log).recommend(np.array(history, dtype=np.int32), 5)

    assert found.tolist() == Popularity().fit(log).recommend(NOTHING, 5)[0].tolist()


def test_an_item_without_neighbours_gets_what_is_popular_but_not_itself() -> None:
    log = checkerboard().with_items(["lonely"])
    model = SimilarItems().fit(log)
    popular = names(model, Popularity().fit(log).recommend(NOTHING, 20)[0])

    assert _first(model, "lonely", 100) == popular
    allowed = np.ones(21, dtype=np.bool_)
    allowed[places(model, popular[:1])] = False
    assert names(model, model.recommend(places(model, ["lonely"]), 3, allowed)[0]) == popular[1:4]


def test_only_candidates_are_recommended_and_none_where_no_neighbour_is_allowed() -> None:
    model = SimilarItems().fit(checkerboard())
    asked, allowed = np.array([4], dtype=np.int32), np.zeros(20, dtype=np.bool_)
    allowed[[2, 3, 5, 8]] = True

    assert sorted(model.recommend(asked, 10, allowed)[0].tolist()) == [2, 8]
    assert len(model.recommend(asked, 10, ~(np.arange(20) % 2 == 0))[0]) == 0


def test_an_item_that_nobody_has_taken_is_found_by_its_attributes_and_finds_by_them() -> None:
    items = _categories(**{f"i{n:02d}": "even" if n % 2 == 0 else "odd" for n in range(20)}, new="odd", newer="odd")
    model = SimilarItems().fit(checkerboard().with_items(["new", "newer"]), items=items)

    found = _first(model, "new", 100)

    assert sorted(found) == sorted([*(f"i{n:02d}" for n in range(1, 20, 2)), "newer"])
    assert found[-1] == "newer"  # of items equally alike, what more people have taken comes first


def test_attributes_are_learned_from_where_they_tell_what_comes_next() -> None:
    # a catalogue so large that few items meet twice: what comes next is of the same kind, and no more is known
    rng = np.random.default_rng(0)
    kinds = {f"i{n:04d}": f"k{n % 30}" for n in range(1_500)}
    log = interactions_of(
        {f"u{user}": [f"i{30 * n + user % 30:04d}" for n in rng.integers(50, size=4)] for user in range(400)}
    ).with_items(kinds)
    train, rest = log.of_users(np.arange(400) < 300), log.of_users(np.arange(400) >= 300)

    def share_of_kind(items: Attributes | None) -> float:
        model = SimilarItems().fit(train, items=items)
        found = [names(model, model.recommend(item[None], 10)[0]) for item in rest.item[:100]]
        asked = [kinds[str(log.item_ids[item])] for item in rest.item[:100]]
        return float(np.mean([kinds[name] == kind for kind, got in zip(asked, found, strict=True) for name in got]))

    with_kinds, without = share_of_kind(_categories(**kinds)), share_of_kind(None)

    assert with_kinds == 1.0
    assert without < 0.95


def test_attributes_that_say_nothing_are_left_alone() -> None:
    log = cycles(120)
    noise = _categories(a="x", b="y", c="z", d="x", e="y", f="z")

    found = SimilarItems().fit(log, items=noise)

    assert [_first(found, item, 1) for item in "abcdef"] == [["b"], ["c"], ["d"], ["e"], ["f"], ["a"]]


def test_the_blend_that_answers_left_out_users_best_is_taken_whatever_its_place() -> None:
    # everybody has all but one of six items: who has both says nothing, and what follows says it all
    log = cycles(120)
    of_people, of_order = Blend(1.0, 0.0, 0.0), Blend(0.0, 1.0, 0.0)
    wanted = SimilarItems(blends=(of_order,)).fit(log)

    for blends in ((of_people, of_order), (of_order, of_people)):
        found = SimilarItems(blends=blends).fit(log)
        np.testing.assert_array_equal(found.neighbours, wanted.neighbours)
        np.testing.assert_array_equal(found.values, wanted.values)
        assert found.choice is not None
        assert found.choice.blend == of_order
        tried = found.choice.tried
        assert tried["what comes at once 1"] > tried["co-occurrence 1"]
    assert (SimilarItems(blends=(of_people,)).fit(log).values != wanted.values).any()


def test_a_blend_is_its_formula() -> None:
    whole = random_interactions(n_users=40, n_items=15, n_events=400, seed=9)
    items = _categories(**{f"i{n}": f"k{n % 4}|k{n % 3}" for n in range(15)})
    whole = whole.with_items(items.ids)
    log = whole.without_quick_repeats()
    users = np.array([len(set(log.user[log.item == item].tolist())) for item in range(15)])
    wanted = (
        cooccurrence(log).toarray()
        + 2 * transitions(log).toarray()
        + 3 * transitions(log, steps=32, per_step=0.93).toarray()
        + 4 * alike(items.of(log.item_ids), users).toarray()
    ) / users**0.3

    model = SimilarItems(popularity_discount=0.3, blends=(Blend(1.0, 2.0, 3.0, 4.0),)).fit(whole, items=items)

    found = np.array([model.strengths(np.array([item], dtype=np.int32)) for item in range(15)])
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_an_item_several_times_in_a_row_is_one_event() -> None:
    log = random_interactions(n_users=40, n_items=15, n_events=400, seed=10).without_quick_repeats()
    twice = np.repeat(np.arange(len(log)), 1 + np.arange(len(log)) % 3)
    repeated = Interactions.from_columns(log.user_ids[log.user[twice]], log.item_ids[log.item[twice]], twice)

    once, again = SimilarItems().fit(log), SimilarItems().fit(repeated)

    np.testing.assert_array_equal(again.neighbours, once.neighbours)
    np.testing.assert_array_equal(again.values, once.values)


def test_a_discount_makes_popular_neighbours_rare() -> None:
    histories = {f"u{n:03d}": ["hit", f"i{n % 5}", f"i{(n + 1) % 5}"] for n in range(100)}
    log = interactions_of({user: items[1:] + items[:1] for user, items in histories.items()})

    plain, discounted = SimilarItems().fit(log), SimilarItems(popularity_discount=1.0).fit(log)

    assert _first(plain, "i0", 1) == ["hit"]
    assert _first(discounted, "i0", 3)[-1] == "hit"


def test_personalizes_hyperparameter_is_heeded() -> None:
    assert RECIPES["aws-similar-items"]({}) == SimilarItems()
    assert RECIPES["aws-similar-items"]({"popularity_discount_factor": "0.5"}) == SimilarItems(popularity_discount=0.5)


def test_a_saved_model_is_the_same_bytes_whatever_the_order_of_rows_and_answers_the_same(tmp_path: Path) -> None:
    log = random_interactions(n_users=60, n_items=15, n_events=900, seed=5)
    items = _categories(**{f"i{n}": f"k{n % 4}|k{n % 3}" for n in range(18)})
    log = log.with_items(items.ids)
    order = np.random.default_rng(0).permutation(len(log))
    shuffled = (
        type(log)
        .from_columns(log.user_ids[log.user[order]], log.item_ids[log.item[order]], log.timestamp[order])
        .with_items(items.ids)
    )

    for number, interactions in enumerate((log, shuffled)):
        SimilarItems().fit(interactions, items=items, seed=1).save(tmp_path / str(number))

    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()
    loaded, model = load(tmp_path / "0"), SimilarItems().fit(log, items=items, seed=1)
    assert choice_of(loaded) == model.choice
    for item in range(len(log.item_ids)):
        asked = np.array([item], dtype=np.int32)
        np.testing.assert_array_equal(loaded.recommend(asked, 7)[0], model.recommend(asked, 7)[0])


def _full(relation: np.ndarray) -> np.ndarray:
    np.fill_diagonal(relation, 0)
    most = relation.max(axis=1, keepdims=True)
    return relation / np.where(most > 0, most, 1)


def test_cooccurrence_is_its_formula() -> None:
    log = random_interactions(n_users=40, n_items=15, n_events=300, seed=6)
    consumed = np.zeros((len(log.user_ids), len(log.item_ids)))
    consumed[log.user, log.item] = 1
    together = (consumed / np.sqrt(consumed.sum(axis=1, keepdims=True))).T @ consumed
    length = np.sqrt(np.diag(together) + 3)

    np.testing.assert_allclose(cooccurrence(log).toarray(), _full(together / np.outer(length, length)), rtol=1e-5)


def test_of_long_histories_the_newest_items_take_part() -> None:
    long = interactions_of({"u": ["old", *(f"i{n:03d}" for n in range(LONGEST_HISTORY))], "v": ["old", "i000"]})

    together = cooccurrence(long).toarray()

    old, first, last = (long.item_ids.tolist().index(name) for name in ("old", "i000", "i099"))
    assert together[old, first] > 0
    assert together[old, last] == 0
    assert together[first, last] > 0


@pytest.mark.parametrize(("steps", "per_step"), [(8, 0.8), (3, 0.5), (32, 0.93)])
@pytest.mark.parametrize("pairs_at_once", [1, 700, 4_000_000])
def test_transitions_are_their_formula(
    steps: int, per_step: float, pairs_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastemaker.recommenders.item_relations._PAIRS_AT_ONCE", pairs_at_once)
    log = random_interactions(n_users=20, n_items=15, n_events=300, seed=7)
    follows = np.zeros((15, 15))
    for user in range(len(log.user_ids)):
        history = log.history(user)
        for place, item in enumerate(history):
            for apart, later in enumerate(history[place + 1 : place + 1 + steps]):
                follows[item, later] += per_step**apart

    found = transitions(log, steps=steps, per_step=per_step).toarray()

    np.testing.assert_allclose(found, _full(follows + follows.T / 2), rtol=1e-5)


def test_alikeness_is_its_formula() -> None:
    rng = np.random.default_rng(8)
    ids = [f"i{n:02d}" for n in range(30)]
    kinds = ["|".join(sorted({f"k{k}" for k in rng.integers(6, size=2)})) for _ in ids]
    prices = [None if n % 7 == 0 else float(rng.integers(5)) for n in range(30)]
    attributes = Attributes.from_columns(ids, {"KIND": kinds}, {"PRICE": prices})
    weighted = attributes.categories.toarray()
    weighted = weighted * np.log1p(30 / weighted.sum(axis=0))
    unit = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    levels = sorted({price for price in prices if price is not None})
    rank = [np.nan if price is None else levels.index(price) / (len(levels) - 1) for price in prices]
    apart = np.nan_to_num(np.abs(np.subtract.outer(rank, rank)), nan=1.0)

    found = alike(attributes, np.zeros(30, dtype=np.int64)).toarray()

    np.testing.assert_allclose(found, _full(unit @ unit.T * (1 - apart / 5)), atol=2e-3)


def test_many_categories_change_nothing_but_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    items = _categories(**{f"i{n:02d}": f"k{n % 5}|k{n % 7}" for n in range(40)})
    dense = alike(items, np.arange(40)).toarray()
    monkeypatch.setattr("tastemaker.recommenders.likeness._MOST_CELLS", 0)

    np.testing.assert_allclose(alike(items, np.arange(40)).toarray(), dense, rtol=1e-5)


def _shop(n_items: int, seed: int) -> tuple[Attributes, np.ndarray]:
    """Products of some brands and groups with prices, and how many users have had each."""
    rng = np.random.default_rng(seed)
    kinds = [f"g{rng.integers(4)}|b{rng.integers(15)}" for _ in range(n_items)]
    prices = [None if n % 7 == 0 else float(rng.integers(9)) for n in range(n_items)]
    attributes = Attributes.from_columns([f"i{n:03d}" for n in range(n_items)], {"KIND": kinds}, {"PRICE": prices})
    return attributes, rng.permutation(n_items)


@pytest.mark.parametrize("products_at_once", [1_000, 5_000_000])
def test_compared_with_the_most_consumed_of_each_category_where_these_are_all_is_compared_with_each(
    products_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, users = _shop(120, seed=1)
    with_each = alike(items, users).toarray()
    monkeypatch.setattr("tastemaker.recommenders.likeness._COMPARED_WITH_EACH", 100)
    monkeypatch.setattr("tastemaker.recommenders.likeness._PRODUCTS_AT_ONCE", products_at_once)

    np.testing.assert_allclose(alike(items, users).toarray(), with_each, atol=1e-5)


def test_of_a_large_catalogue_the_most_consumed_of_each_category_are_what_others_are_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items, users = _shop(120, seed=2)
    monkeypatch.setattr("tastemaker.recommenders.likeness._COMPARED_WITH_EACH", 100)
    monkeypatch.setattr("tastemaker.recommenders.likeness._LISTED", 3)
    has = items.categories.toarray()
    listed = np.zeros_like(has)
    for category in range(has.shape[1]):
        members = np.flatnonzero(has[:, category])
        listed[members[np.argsort(-users[members])][:3], category] = 1
    share_one = (has @ listed.T) > 0
    np.fill_diagonal(share_one, False)

    found = alike(items, users).toarray()

    assert ((found > 0) == share_one).all()
    assert (found.max(axis=1)[share_one.any(axis=1)] == 1).all()


def test_the_strongest_of_each_row_are_kept_the_earlier_first_among_equals() -> None:
    from scipy.sparse import csr_array

    relation = csr_array(np.array([[1.0, 3, 2, 3], [0, 0, 0, 0], [2, 2, 2, 0], [-1, 0, 1, 0]]))

    found = strongest(relation, 2).toarray()

    assert found.tolist() == [[0, 3, 0, 3], [0, 0, 0, 0], [2, 2, 0, 0], [0, 0, 1, 0]]


def test_attributes_of_an_id_given_twice_are_the_last_and_of_unknown_ids_nothing() -> None:
    found = Attributes.from_columns(["a", "b", "a"], {"KIND": ["x", "x|y", "y"]}, {"PRICE": [1.0, None, 3.0]})
    other = found.of(np.array(["a", "c"]))

    assert found.ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(found.numbers, [[3.0], [np.nan]])
    assert found.categories.sum(axis=1).tolist() == [1, 2]
    np.testing.assert_array_equal(other.numbers, [[3.0], [np.nan]])
    assert other.categories.sum(axis=1).tolist() == [1, 0]
