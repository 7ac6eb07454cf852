"""Semantic similarity: what texts are about, planted; and how far popularity and freshness may lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import (
    Attributes,
    Interactions,
    Popularity,
    SemanticSimilarity,
    SemanticSimilarityModel,
    load,
)
from tastemaker.recommenders.semantic_similarity import nearest
from tastemaker.recommenders.texts import text_vectors, weighted_words, words
from tests.unit.recommenders.planted import names, places, random_interactions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOPICS = {
    "space": ["rocket", "orbit", "moon", "astronaut", "launch", "planet"],
    "kitchen": ["onion", "butter", "oven", "recipe", "chef", "pastry"],
    "crime": ["detective", "murder", "clue", "alibi", "inspector", "motive"],
}


def _planted(per_topic: int = 30, seed: int = 0) -> Attributes:
    """Titles of three words of a topic's six, and a description of two words that all have in common."""
    rng = np.random.default_rng(seed)
    titles = {
        f"{topic}{n:02d}": " ".join(rng.choice(vocabulary, 3, replace=False)).title()
        for topic, vocabulary in TOPICS.items()
        for n in range(per_topic)
    }
    return Attributes.from_columns(
        list(titles), {}, {}, texts={"TITLE": list(titles.values()), "DESCRIPTION": ["A story."] * len(titles)}
    )


def _nothing_done(ids: np.ndarray) -> Interactions:
    return Interactions.from_columns([], [], []).with_items(ids.tolist())


def _beside(
    model: SemanticSimilarityModel, item: str, k: int = 100, influence: Mapping[str, float] | None = None
) -> list[str]:
    return names(model, model.recommend(places(model, [item]), k, None, influence or {})[0])


def test_neighbours_are_of_the_own_topic_even_where_they_share_no_word_of_it() -> None:
    items = _planted()
    model = SemanticSimilarity(dimensions=3).fit(_nothing_done(items.ids), items=items)
    text = dict(zip(items.ids.tolist(), items.texts, strict=True))

    for topic in TOPICS:
        found = _beside(model, f"{topic}00", 29)
        assert {name[:-2] for name in found} == {topic}
        own = set(words(text[f"{topic}00"])) - {"a", "story"}
        assert any(not own & set(words(text[name])) for name in found)


def test_words_are_of_any_script_and_case() -> None:
    assert words("Der GRÖSSTE—Straßen_Krimi, 2. Teil: 東京 'noir'") == [
        "der", "grösste", "straßen", "krimi", "2", "teil", "東京", "noir",
    ]  # fmt: skip


def test_weights_are_their_formula() -> None:
    found = weighted_words(["b a a", "b c", ""]).toarray()

    idf = {word: 1 + np.log(4 / (1 + df)) for word, df in {"a": 1, "b": 2, "c": 1}.items()}
    first = np.array([(1 + np.log(2)) * idf["a"], idf["b"], 0])
    second = np.array([0, idf["b"], idf["c"]])
    np.testing.assert_allclose(
        found, [first / np.linalg.norm(first), second / np.linalg.norm(second), [0, 0, 0]], rtol=1e-12
    )


def test_few_texts_keep_every_dimension() -> None:
    texts = ["red moon", "red sun", "blue sun", ""]
    vectors = text_vectors(texts, 50, seed=0)
    whole = weighted_words(texts).toarray()

    np.testing.assert_allclose(vectors @ vectors.T, whole @ whole.T, atol=1e-6)


def test_all_dimensions_but_the_last_are_those_of_the_whole_decomposition() -> None:
    texts = list(_planted().texts)
    whole = weighted_words(texts).toarray()
    left, values, _ = np.linalg.svd(whole, full_matrices=False)
    reduced = left[:, :5] * values[:5]
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)

    vectors = text_vectors(texts, 5, seed=3)

    np.testing.assert_allclose(vectors @ vectors.T, reduced @ reduced.T, atol=1e-4)


def test_the_nearest_are_the_largest_cosines_the_earlier_first_among_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.integers(-1, 2, size=(40, 3)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    monkeypatch.setattr("tastemaker.recommenders.semantic_similarity._AT_ONCE", 150)

    found = nearest(vectors, 6).toarray()

    cosines = (vectors @ vectors.T).round(5)
    np.fill_diagonal(cosines, 0)
    for row, cosine in zip(found, cosines, strict=True):
        chosen = [place for place in np.argsort(-cosine, kind="stable")[:6].tolist() if cosine[place] > 0]
        assert sorted(np.flatnonzero(row).tolist()) == sorted(chosen)
        np.testing.assert_allclose(row[chosen], cosine[chosen])


def _shelf() -> tuple[Interactions, Attributes]:
    """Four items with one text: b is popular, d is new; a is asked about. And `other`, of another text."""
    ids = ["a", "b", "c", "d", "other"]
    items = Attributes.from_columns(
        ids,
        {},
        {},
        texts={"TITLE": ["red shoe", "red shoe", "red shoe", "red shoe", "blue hat"]},
        created=[100.0, 200.0, None, 1_100.0, 1_100.0],
    )
    log = Interactions.from_columns(
        [f"u{n}" for n in range(19)], ["b"] * 4 + ["c"] * 2 + ["d"] * 3 + ["other"] * 10, list(range(19))
    ).with_items(ids)
    return log, items


def test_influence_brings_the_popular_or_the_new_first_and_adds_no_neighbour() -> None:
    log, items = _shelf()
    model = SemanticSimilarity().fit(log, items=items)

    assert _beside(model, "a") == ["b", "c", "d"]
    assert _beside(model, "a", influence={"POPULARITY": 0.0, "FRESHNESS": 0.0}) == ["b", "c", "d"]
    assert _beside(model, "a", influence={"POPULARITY": 0.5}) == ["b", "d", "c"]
    assert _beside(model, "a", influence={"FRESHNESS": 0.5}) == ["d", "b", "c"]
    assert _beside(model, "a", influence={"POPULARITY": 1.0, "FRESHNESS": 0.05}) == ["b", "d", "c"]


def test_the_order_is_by_the_formula() -> None:
    rng = np.random.default_rng(2)
    items = _planted()
    log = random_interactions(n_users=30, n_items=5, n_events=50, seed=2)
    log = Interactions.from_columns(
        log.user.astype(np.str_), items.ids[rng.integers(90, size=50)], log.timestamp
    ).with_items(items.ids.tolist())
    created = rng.uniform(0, 1e9, size=90)
    dated = Attributes(items.ids, items.categories, items.numbers, (), items.texts, created)
    model = SemanticSimilarity(dimensions=10).fit(log, items=dated)
    asked = np.array([17], dtype=np.int32)

    found, scores = model.recommend(asked, 90, None, {"POPULARITY": 0.4, "FRESHNESS": 0.7})

    cosine = model.similar.strengths(asked)
    counts = np.bincount(log.item, minlength=90)
    fresh = 1 - (created.max() - created) / (created.max() - created.min())
    worth = np.where(cosine > 0, cosine / cosine.max() + 0.4 * counts / counts.max() + 0.7 * fresh, 0)
    assert found.tolist() == np.argsort(-worth.astype(np.float32), kind="stable")[: int((cosine > 0).sum())].tolist()
    np.testing.assert_allclose(scores, worth[found] / worth.sum(), rtol=1e-5)


@pytest.mark.parametrize("influence", [{"POPULARITY": 1.1}, {"FRESHNESS": -0.1}, {"PRICE": 0.5}])
def test_other_influences_are_refused(influence: dict[str, float]) -> None:
    log, items = _shelf()

    with pytest.raises(ValueError, match="an influence is POPULARITY or FRESHNESS, from 0 to 1, and not"):
        SemanticSimilarity().fit(log, items=items).recommend(np.array([0], dtype=np.int32), 5, None, influence)


@pytest.mark.parametrize("items", [None, Attributes.from_columns(["a"], {}, {})])
def test_without_texts_everybody_gets_what_is_popular(items: Attributes | None) -> None:
    log, _ = _shelf()
    model = SemanticSimilarity().fit(log, items=items)

    popular = names(model, Popularity().fit(log).recommend(np.empty(0, dtype=np.int32), 5)[0])
    assert _beside(model, "a") == [name for name in popular if name != "a"]


def test_only_candidates_are_recommended() -> None:
    log, items = _shelf()
    allowed = np.array([True, False, True, True, True])

    found = SemanticSimilarity().fit(log, items=items).recommend(np.array([0], dtype=np.int32), 5, allowed)[0]

    assert found.tolist() == [2, 3]


def test_a_saved_model_is_the_same_bytes_whatever_the_order_of_items_and_answers_the_same(tmp_path: Path) -> None:
    items = _planted()
    turned = Attributes.from_columns(items.ids.tolist()[::-1], {}, {}, texts={"TITLE": list(items.texts)[::-1]})
    joined = Attributes.from_columns(items.ids.tolist(), {}, {}, texts={"TITLE": list(items.texts)})
    log = _nothing_done(items.ids)
    for name, attributes in (("there", joined), ("back", turned)):
        SemanticSimilarity(dimensions=8).fit(log, items=attributes, seed=1).save(tmp_path / name)

    loaded = load(tmp_path / "there", SemanticSimilarityModel)

    assert (tmp_path / "there").read_bytes() == (tmp_path / "back").read_bytes()
    model = SemanticSimilarity(dimensions=8).fit(log, items=items, seed=1)
    assert _beside(loaded, "space00", 9) == _beside(model, "space00", 9)
    assert names(load(tmp_path / "there"), load(tmp_path / "there").recommend(np.array([0], dtype=np.int32), 3)[0])


def test_texts_and_dates_follow_their_ids() -> None:
    made = Attributes.from_columns(
        ["b", "a", "b"],
        {},
        {"VALUE": [1.0, 2.0, 3.0]},
        texts={"TITLE": ["old", "A", "B"], "DESCRIPTION": ["old", None, "is second"]},
        created=[1.0, None, 7.0],
    )

    assert made.texts == ("A\n", "B\nis second")
    other = made.of(np.array(["b", "z"]))
    assert other.texts == ("B\nis second", "")
    assert other.created is not None
    np.testing.assert_array_equal(other.created, [7.0, np.nan])
    np.testing.assert_array_equal(other.number("VALUE"), [3.0, np.nan])
    np.testing.assert_array_equal(other.number("COST"), [np.nan, np.nan])
    assert Attributes.from_columns(["a"], {}, {}).of(np.array(["a"])).texts == ()
