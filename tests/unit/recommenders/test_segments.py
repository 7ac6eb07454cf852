"""Segments: the users whose own history expects most of the items, computed for all users at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import SEGMENT_RECIPES, Interactions, SegmentModel, Segments, SequenceRidge, load
from tests.unit.recommenders.planted import checkerboard, cycles, interactions_of, random_interactions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def _users(model: SegmentModel, items: list[str], k: int) -> list[str]:
    place = np.searchsorted(model.item_ids, items).astype(np.int32)
    return [str(name) for name in model.user_ids[model.users_for(place, k)]]


def test_the_users_of_the_items_colour_come_first() -> None:
    model = Segments().fit(checkerboard())

    for item in range(20):
        users = _users(model, [f"i{item:02d}"], 80)
        had = {user for user, name in _had(checkerboard()) if name == f"i{item:02d}"}
        fans = [f"u{n:03d}" for n in range(item % 2, 80, 2) if f"u{n:03d}" not in had]
        assert len(users) == 80
        # nobody repeats there: who has had the item is not expected to turn to it
        assert sorted(users[: len(fans)]) == fans


def test_the_users_whose_last_item_leads_to_it_come_first() -> None:
    model = Segments().fit(cycles(60))

    # who started at b has walked b c d e f, and a comes next
    assert _users(model, ["a"], 10) == [f"u{n:03d}" for n in range(1, 60, 6)]


def test_several_items_add_up() -> None:
    model = Segments().fit(cycles(60))

    assert sorted(_users(model, ["a", "d"], 20)) == [f"u{n:03d}" for n in range(60) if n % 6 in (1, 4)]


@pytest.mark.parametrize("exact_items", [3_000, 7])
@pytest.mark.parametrize("asked", [[3], [0, 1, 2, 9, 14], list(range(15))])
def test_affinity_is_the_sum_of_what_is_expected_of_each_item_times_what_the_user_consumes(
    asked: list[int], exact_items: int
) -> None:
    log = random_interactions(n_users=60, n_items=15, n_events=900, seed=5).with_items(["i0-new"])
    model = Segments(SequenceRidge(exact_items=exact_items)).fit(log)

    items = np.array(asked, dtype=np.int32)
    found, times = model.expected(items), _changes(log)

    one_by_one = np.array([model.ridge.expected(log.history(user))[asked].sum() for user in range(60)])
    np.testing.assert_allclose(found, one_by_one, rtol=1e-4, atol=1e-5)
    consumed = np.where(one_by_one > 0, one_by_one * times, one_by_one)
    np.testing.assert_allclose(model.affinities(items), consumed, rtol=1e-4, atol=1e-4)


def test_a_user_without_items_of_the_regression_gets_the_rate() -> None:
    log = interactions_of({**{f"u{n:02d}": ["a", "b", "a"] for n in range(30)}, "loner": ["z"]})
    model = Segments(SequenceRidge(exact_items=2)).fit(log)

    found = model.expected(np.array([1], dtype=np.int32))

    # b is expected once every five events: 1 ÷ (1 − 0.8), the first of these the next one
    assert found[0] == pytest.approx(5 * float(model.ridge.rate[1]), rel=1e-5)
    assert str(model.user_ids[0]) == "loner"


def test_items_asked_twice_or_not_known_change_nothing_and_nothing_known_gets_nobody() -> None:
    model = Segments().fit(checkerboard())

    once, more = (model.users_for(np.array(items, dtype=np.int32), 9) for items in ([4], [4, 4, -1, 99]))

    assert once.tolist() == more.tolist()
    assert model.users_for(np.array([-1], dtype=np.int32), 9).tolist() == []
    assert len(model.users_for(np.array([4], dtype=np.int32), 1_000)) == 80


def test_pairs_are_gone_through_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    log = random_interactions(n_users=60, n_items=15, n_events=900, seed=6)
    model, items = Segments().fit(log), np.arange(15, dtype=np.int32)
    whole = model.affinities(items)
    monkeypatch.setattr("tastemaker.recommenders.segments._PAIRS_AT_ONCE", 7)

    np.testing.assert_allclose(model.affinities(items), whole, rtol=1e-5)


def test_the_same_model_serves_the_histories_of_others() -> None:
    model = Segments().fit(cycles(60))
    others = interactions_of({"al": ["x", "b", "c"], "bo": ["x"], "cy": ["e", "f", "x"]})

    served = model.with_histories(others)

    assert served.user_ids.tolist() == ["al", "bo", "cy"]
    assert _users(served, ["d"], 1) == ["al"]
    assert _users(served, ["a"], 1) == ["cy"]
    a = np.array([0], dtype=np.int32)
    expected = served.ridge.expected(np.array([4, 5], dtype=np.int32))[0]
    assert served.expected(a)[2] == pytest.approx(expected, rel=1e-5)


def test_without_some_users_the_others_get_what_they_got() -> None:
    log = random_interactions(n_users=40, n_items=12, n_events=500, seed=3)
    model = Segments().fit(log)
    gone = [str(name) for name in log.user_ids[[0, 7, 8, 39]]]

    left = model.without([*gone, "nobody"])

    everybody = _users(model, ["i3"], 40)
    assert _users(left, ["i3"], 40) == [user for user in everybody if user not in gone]
    assert len(left.user_ids) == 36
    assert len(left.items) == left.starts[-1]


def test_a_saved_model_answers_the_same_and_is_read_as_what_it_is(tmp_path: Path) -> None:
    model = Segments().fit(random_interactions(n_users=60, n_items=15, n_events=900, seed=7), seed=3)
    model.save(tmp_path / "model")
    items = np.array([2, 5], dtype=np.int32)

    loaded = load(tmp_path / "model", SegmentModel)

    np.testing.assert_array_equal(loaded.affinities(items), model.affinities(items))
    assert loaded.user_ids.tolist() == model.user_ids.tolist()
    with pytest.raises(ValueError, match="holds a SegmentModel, not a model that recommends items"):
        load(tmp_path / "model")
    model.ridge.save(tmp_path / "ridge")
    with pytest.raises(ValueError, match="holds a SequenceRidgeModel, not a SegmentModel"):
        load(tmp_path / "ridge", SegmentModel)


def test_both_recipes_are_segments() -> None:
    assert SEGMENT_RECIPES["aws-item-affinity"]({"hidden_dimension": "64"}) == Segments()
    assert SEGMENT_RECIPES["aws-item-attribute-affinity"]({}) == Segments()


def _had(log: Interactions) -> set[tuple[str, str]]:
    return {(str(user), str(item)) for user, item in zip(log.user_ids[log.user], log.item_ids[log.item], strict=True)}


def _changes(log: Interactions) -> NDArray[np.int64]:
    """(n_users,): how many events each has, where several of the same item in a row are one."""
    return np.array([1 + np.count_nonzero(np.diff(log.history(user))) for user in range(len(log.user_ids))])
