"""Second opinions: what goes in company and what follows, against sums written out, and where they decide."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.recommenders import SequenceRidge, SequenceRidgeModel, load
from tastemaker.recommenders.nearness import of_items, transition_rates
from tastemaker.recommenders.pool import Opinions, Pool, company_of
from tests.unit.recommenders.planted import checkerboard, interactions_of, random_interactions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

SOME = np.array([1, 2, 4, 5, 7, 8, 9, 11], dtype=np.int32)

_few = st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4).map(lambda some: np.array(some, dtype=np.float32))


def test_company_is_the_regression_of_what_users_have_on_what_else_they_have() -> None:
    log = random_interactions(n_users=40, n_items=7, n_events=180, seed=3)
    had = np.zeros((40, 7))
    had[log.user, log.item] = 1
    had *= had.sum(axis=1, keepdims=True).clip(1) ** -0.25

    company = company_of(log)

    for item in range(7):
        others = np.delete(np.arange(7), item)
        gram = had[:, others].T @ had[:, others] + 20 * np.eye(6)
        wanted = np.linalg.solve(gram, had[:, others].T @ had[:, item])
        np.testing.assert_allclose(company[others, item], wanted, rtol=1e-4)
        assert company[item, item] == 0


@pytest.mark.parametrize("exponent", [1.0, 0.3, 0.0])
@settings(max_examples=100, deadline=None)
@given(expected=_few, company=_few, following=_few)
def test_the_pool_is_a_product_of_powers_with_the_sum_that_was_there(
    exponent: float, expected: NDArray[np.float32], company: NDArray[np.float32], following: NDArray[np.float32]
) -> None:
    rarity = np.array([1, 2, 5, 40], dtype=np.float32)

    opinions = Opinions(company, following, np.array([exponent], dtype=np.float32))

    found = opinions.pooled(expected, rarity)

    def beside(opinion: NDArray[np.float32]) -> list[float]:
        most = max(float(opinion.max()), 1e-6)
        return [max(float(each), 0.0) / most + 0.02 for each in opinion]

    by_hand = [
        max(float(e), 0.0) * (c * f**0.5 * float(r)) ** exponent
        for e, c, f, r in zip(expected, beside(company), beside(following), rarity, strict=True)
    ]
    there, scaled = sum(max(float(e), 0.0) for e in expected), max(sum(by_hand), 1e-12)
    wanted = [h * there / scaled if e > 0 else float(e) for h, e in zip(by_hand, expected, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)


def test_opinions_are_the_sums_of_what_the_events_say() -> None:
    log = random_interactions(n_users=60, n_items=12, n_events=700, seed=4).without_quick_repeats()
    pool = Pool.learn(of_items(log, SOME), SOME, 12, 0.5)
    history = [3, 4, 9, 0, 11, 4, 2]

    said = pool.opinions(np.array(history, dtype=np.int32), np.array([3, 9, 0, 11, 4, 2], dtype=np.int32))

    some = of_items(log, SOME)
    of_company, rates = company_of(some), transition_rates(some).toarray()
    # 3 and 0 are no items of the pool, and 4 is asked for its company where it came last
    by_company = sum(0.98**ago * of_company[item == SOME][0] for ago, item in enumerate([2, 4, 11, 9]))
    by_following = sum(0.8**ago * rates[item == SOME][0] for ago, item in enumerate([2, 4, 11, 9, 4]))
    # the diagonal is of items that the user has had
    new = ~np.isin(SOME, history)
    np.testing.assert_allclose(said.company[new], by_company[new], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(said.following, by_following, rtol=1e-4, atol=1e-6)
    users = [len(set(log.user[log.item == item].tolist())) for item in SOME.tolist()]
    np.testing.assert_allclose(pool.rarity, [1 / (each / max(users) + 0.02) for each in users], rtol=1e-5)


def test_only_the_last_thirty_two_distinct_items_are_asked_for_their_company() -> None:
    log = random_interactions(n_users=90, n_items=80, n_events=6_000, seed=5).without_quick_repeats()
    pool = Pool.learn(log, np.arange(80, dtype=np.int32), 80, 0.5)
    long = np.arange(70, dtype=np.int32)

    whole, last = pool.opinions(long, long).company, pool.opinions(long[38:], long[38:]).company

    np.testing.assert_array_equal(whole, last)
    assert (pool.opinions(long[39:], long[39:]).company != last).any()


@pytest.mark.parametrize(("history", "weight"), [([3, 0], 0.0), ([1], 1.0), ([1, 3, 2, 4, 2], 1 + 0.98 + 0.98**2)])
def test_the_shorter_a_history_the_less_second_opinions_count(history: list[int], weight: float) -> None:
    log = random_interactions(n_users=60, n_items=12, n_events=700, seed=4).without_quick_repeats()
    pool = Pool.learn(of_items(log, SOME), SOME, 12, 0.5)
    distinct = np.array(list(dict.fromkeys(history)), dtype=np.int32)

    # of these, 0 and 3 are no items of the pool
    assert pool.opinions(distinct, distinct).exponent == pytest.approx(0.5 * weight / (weight + 20), rel=1e-6)


def test_items_outside_the_pool_stay_as_they_were_and_those_inside_keep_their_sum() -> None:
    log = random_interactions(n_users=60, n_items=12, n_events=700, seed=4).without_quick_repeats()
    pool = Pool.learn(of_items(log, SOME), SOME, 12, 1.0)
    expected = np.linspace(0.1, 1.2, 12, dtype=np.float32)
    after = expected.copy()

    pool.apply(after, SOME[:3], SOME[:3])

    outside = np.setdiff1d(np.arange(12), SOME)
    np.testing.assert_array_equal(after[outside], expected[outside])
    assert np.abs(after[SOME] - expected[SOME]).max() > 0.01
    assert after[SOME].sum() == pytest.approx(expected[SOME].sum(), rel=1e-5)


def test_what_goes_in_company_is_found_where_the_regression_remembers_the_last_event_alone() -> None:
    log = _shelves()
    one = SequenceRidge(decays=((0.01,),), nearness=False, second_opinions=0.0).fit(log)
    all_items = np.arange(len(one.item_ids), dtype=np.int32)
    some = replace(one, pool=Pool.learn(log.without_quick_repeats(), all_items, len(all_items), 1.0))

    # four items of shelf a, and at last one that all have: the regression sees only that
    history = np.searchsorted(some.item_ids, ["a00", "a01", "a02", "a03", "x0"]).astype(np.int32)
    unseen = np.ones(len(some.item_ids), dtype=np.bool_)
    unseen[history] = False

    def of_shelf(model: SequenceRidgeModel) -> int:
        found = model.item_ids[model.recommend(history, 8, unseen)[0]]
        return sum(str(each).startswith("a") for each in found)

    assert of_shelf(some) == 8
    assert of_shelf(one) < 7


def test_a_model_keeps_its_pool_in_its_file_and_in_a_larger_catalogue(tmp_path: Path) -> None:
    model = SequenceRidge(second_opinions=1.0).fit(checkerboard())
    history = np.array([2, 4, 8], dtype=np.int32)
    model.save(tmp_path / "model.npz")

    again = load(tmp_path / "model.npz", SequenceRidgeModel)
    grown = model.with_items(["a-first", "i055-between"])

    np.testing.assert_array_equal(again.expected(history), model.expected(history))
    place = np.searchsorted(grown.item_ids, model.item_ids).astype(np.int32)
    np.testing.assert_allclose(grown.expected(place[history])[place], model.expected(history), rtol=1e-5)
    plain = replace(model, pool=None)
    assert (plain.expected(history) != model.expected(history)).any()


def _shelves() -> Interactions:
    """Of two shelves of twelve, each user walks through one, in an order of their own; two more items all have,
    between any two others."""
    rng = np.random.default_rng(0)
    walks = {}
    for n in range(200):
        own = [f"{'ab'[n % 2]}{item:02d}" for item in rng.permutation(12).tolist()]
        walks[f"u{n:03d}"] = [own[0], *(each for pair in pairwise(own) for each in (f"x{rng.integers(2)}", pair[1]))]
    return interactions_of(walks)
