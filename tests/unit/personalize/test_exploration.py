"""How many places of an answer are explored, and by which items."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest

from tastemaker.personalize.exploration import Exploration

CATALOGUE = np.array([f"item-{number:04}" for number in range(2000)])


def drawn(share: float, seed: str, *, k: int, n_fresh: int = 1000) -> list[int]:
    exploration = Exploration(share=lambda _: share, days=30.0, seed=seed, created_since=None)
    return exploration.drawn(np.arange(n_fresh), CATALOGUE, k)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_each_place_is_explored_by_chance(share: float) -> None:
    seeds = 4000
    counts = Counter(len(drawn(share, f"user-{number}", k=5)) for number in range(seeds))

    for places in range(6):
        likely = comb(5, places) * share**places * (1 - share) ** (5 - places)
        spread = (likely * (1 - likely) / seeds) ** 0.5
        assert counts[places] / seeds == pytest.approx(likely, abs=4.5 * spread)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_the_longest_answers_are_explored_as_much(share: float) -> None:
    places = [len(drawn(share, f"user-{number}", k=500)) for number in range(200)]

    spread = (500 * share * (1 - share)) ** 0.5
    assert np.mean(places) == pytest.approx(500 * share, abs=4.5 * spread / 200**0.5)
    assert np.std(places) == pytest.approx(spread, rel=0.25)


def test_all_places_or_none_are_explored_where_that_is_asked_for() -> None:
    assert {len(drawn(1.0, f"user-{number}", k=25)) for number in range(100)} == {25}
    assert {len(drawn(0.0, f"user-{number}", k=25)) for number in range(100)} == {0}


def test_every_new_item_is_explored_as_often_and_none_twice_in_one_answer() -> None:
    answers = [drawn(0.5, f"user-{number}", k=10, n_fresh=20) for number in range(2000)]

    assert all(len(set(answer)) == len(answer) for answer in answers)
    counts = Counter(place for answer in answers for place in answer)
    assert set(counts) == set(range(20))
    assert max(counts.values()) < 1.3 * min(counts.values())


def test_the_same_is_explored_for_the_same_question() -> None:
    assert drawn(0.5, "user-\ud800", k=25) == drawn(0.5, "user-\ud800", k=25)
    assert drawn(0.5, "user-1", k=25) != drawn(0.5, "user-2", k=25)
