"""The sequence ridge finds what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import Attributes, SequenceRidge
from tastemaker.recommenders.nearness import damped_cosines, transition_rates
from tastemaker.recommenders.normal_equations import normal_equations
from tastemaker.recommenders.ridge import largest, ridge_weights
from tastemaker.recommenders.sequence_ridge_model import SequenceRidgeModel
from tastemaker.recommenders.sequences import Sequences
from tests.unit.recommenders.explicit import positions
from tests.unit.recommenders.planted import (
    checkerboard,
    cycles,
    interactions_of,
    names,
    places,
    random_interactions,
)


@pytest.mark.parametrize(("history", "successor"), [("a", "b"), ("bc", "d"), ("ef", "a"), ("fabc", "d")])
def test_the_next_of_a_planted_sequence_comes_first(history: str, successor: str) -> None:
    model = SequenceRidge().fit(cycles())

    items, _ = model.recommend(places(model, list(history)), 1)

    assert names(model, items) == [successor]


def test_what_comes_after_outranks_what_came_before() -> None:
    model = SequenceRidge().fit(cycles())

    scores = model.scores(places(model, ["c"]))

    after, before = places(model, ["d", "b"])
    assert scores[after] > 1.2 * scores[before]


@pytest.mark.parametrize("parity", [0, 1])
def test_on_a_checkerboard_all_unseen_items_of_the_own_colour_come_first(parity: int) -> None:
    model = SequenceRidge().fit(checkerboard())
    history = places(model, [f"i{item:02d}" for item in (parity + 2, parity + 6, parity + 10)])
    unseen = np.ones(20, dtype=np.bool_)
    unseen[history] = False

    items, _ = model.recommend(history, 7, unseen)

    assert {int(name[1:]) % 2 for name in names(model, items)} == {parity}


def test_where_everything_is_consumed_twice_the_last_item_comes_first_and_then_not_again() -> None:
    rng = np.random.default_rng(0)
    twice = {f"u{n:03d}": [i for i in rng.permutation(list("abcdefghij")) for _ in range(2)] for n in range(60)}
    model = SequenceRidge().fit(interactions_of(twice))

    once, _ = model.recommend(places(model, ["c", "c", "g"]), 1)
    again, _ = model.recommend(places(model, ["c", "c", "g", "g"]), 8)

    assert names(model, once) == ["g"]
    assert not {"c", "g"} & set(names(model, again))


def test_the_latest_items_weigh_most() -> None:
    model = SequenceRidge(decays=((0.3,),)).fit(checkerboard())

    to_odd = model.scores(places(model, ["i00", "i02", "i01"]))
    to_even = model.scores(places(model, ["i01", "i00", "i02"]))

    odd = places(model, ["i05", "i07", "i09"])
    assert to_odd[odd].sum() > to_even[odd].sum()


def test_items_outside_the_regression_are_expected_by_their_nearness_and_a_little_by_how_often_they_come() -> None:
    log = checkerboard()
    model = SequenceRidge(exact_items=6).fit(log)
    outside = np.argsort(-model.popularity.users, kind="stable")[6:]
    history = np.sort(outside)[[1, 5, 2]].astype(np.int32)

    expected = model.expected(history)

    scales = model.choice.scales
    near = scales.rates * transition_rates(log).toarray() + scales.cosines * damped_cosines(log).toarray()
    by_hand = 0.1 * model.rate + 0.64 * near[history[0]] + 0.8 * near[history[1]] + near[history[2]]
    others = np.setdiff1d(outside, history)
    np.testing.assert_allclose(expected[others], by_hand[others] / (1 - 0.8), rtol=1e-4)
    assert len(set(expected[others].tolist())) == len(others)


def test_an_item_that_nothing_is_near_to_leaves_what_comes_next_to_the_rates() -> None:
    log = interactions_of({**{f"u{n:02d}": ["a", "b", "a", "c"] for n in range(30)}, "loner": ["z"]})
    model = SequenceRidge(exact_items=3).fit(log)

    expected = model.expected(places(model, ["z"]))

    # of b and c, new to the user once in two events each, as the second a is the first one again, five events count:
    # 1 ÷ (1 − 0.8)
    assert expected[:3].tolist() == pytest.approx([0, 5 / 2, 5 / 2], abs=1e-4)
    assert expected[3] == model.repeats.recent[0, 0]


def test_what_only_a_few_users_have_had_is_left_to_nearness() -> None:
    log = interactions_of(
        {f"u{n:02d}": ["a", "b", "few" if n < 7 else "some" if n < 15 else "c", "d", "e"] for n in range(60)}
    )
    model = SequenceRidge().fit(log)

    regressed = {model.item_ids[item] for item in np.flatnonzero(model.weights[0].row >= 0)}

    assert regressed == {"a", "b", "c", "d", "e", "some"}


def test_what_follows_late_counts_more_than_what_follows_early() -> None:
    # x is followed by y in the middle of as many sequences as by z at their end
    early = {f"u{n:02d}": ["x", "y", *"abcdef"] for n in range(40)}
    late = {f"v{n:02d}": [*"abcdef", "x", "z"] for n in range(40)}
    log = interactions_of(early | late)

    model = SequenceRidge(nearness=False).fit(log)

    y, z = model.expected(places(model, ["x"]))[places(model, ["y", "z"])]
    assert z > 1.1 * y


def test_one_event_of_one_user_is_enough_to_fit() -> None:
    model = SequenceRidge().fit(interactions_of({"u": ["a"]}))

    items, scores = model.recommend(np.array([0], dtype=np.int32), 5)

    assert items.tolist() == [0]
    assert scores.tolist() == [1.0]


@pytest.mark.parametrize("strength", [0.3, 3.0])
def test_the_weights_solve_the_regression_on_explicit_histories(strength: float) -> None:
    """The gradient of the penalised squared error vanishes, at targets blended with the reverse order."""
    decays, n = (0.5, 0.9), 9
    sequences = Sequences.of(random_interactions(n_users=12, n_items=n, n_events=300, seed=7))
    features, targets = positions(sequences, decays)

    solved = ridge_weights(normal_equations(sequences, decays, negligible=1e-9), strength)

    energy = (features**2).sum(axis=0)[:-1]
    ridge = np.append(strength * np.sqrt(energy * energy.mean()), 0.0)
    towards = features.T @ targets
    for block in (slice(0, n), slice(n, 2 * n)):
        towards[block] = (towards[block] + 0.5 * towards[block].T) / 1.5
    weights = np.vstack([*solved.blocks, solved.intercept])
    gradient = features.T @ (features @ weights) + ridge[:, None] * weights - towards
    assert np.abs(gradient).max() < 1e-3 * np.abs(towards).max()


def test_items_without_events_neither_spoil_the_regression_nor_get_weights() -> None:
    log = interactions_of({f"u{n}": ["a", "b", "c"][n % 3 :] for n in range(9)}).with_items(["z"])

    solved = ridge_weights(normal_equations(Sequences.of(log), (0.5, 0.95)), 1.0)

    for block in solved.blocks:
        assert np.isfinite(block).all()
        assert not block[3].any()
        assert np.abs(block[:, 3]).max() < 1e-6
        assert block[:3, :3].any()


def test_what_is_expected_is_the_sum_of_what_the_events_add_and_repeats_are_looked_up() -> None:
    log = random_interactions(n_users=60, n_items=15, n_events=900, seed=5)
    model = SequenceRidge(second_opinions=0.0).fit(log)
    history = np.array([3, 8, 8, 1, 9, 10, 3], dtype=np.int32)

    expected = model.expected(history)

    added = np.zeros(15)
    for each in model.weights:
        for ago, item in enumerate([3, 10, 9, 1, 8, 3][: each.memory]):
            if each.row[item] >= 0:
                np.add.at(added, each.columns[each.row[item]], each.decay**ago * each.values[each.row[item]])
    by_hand = (model.base + added) / (1 - 0.8)
    items, repeats = model.repeats.values(history)
    by_hand[items] = repeats + 0.02 * by_hand[items]
    assert sorted(items.tolist()) == [1, 3, 8, 9, 10]
    np.testing.assert_allclose(expected, by_hand, rtol=1e-4, atol=1e-5)


def test_what_comes_several_times_in_a_row_teaches_and_says_what_it_does_once() -> None:
    once = {f"u{n:02d}": [*"abcdefghij"[n % 7 :], *"abcdefghij"[: n % 5]] for n in range(60)}
    often = {user: [item for n, item in enumerate(items) for _ in range(1 + n % 3)] for user, items in once.items()}

    model, same = (SequenceRidge().fit(interactions_of(histories)) for histories in (once, often))

    assert same.choice == model.choice
    np.testing.assert_array_equal(same.base, model.base)
    for one, other in zip(model.weights, same.weights, strict=True):
        np.testing.assert_array_equal(one.columns, other.columns)
        np.testing.assert_array_equal(one.values, other.values)
    had = places(model, list("adg"))
    plainly, repeated = (np.delete(model.expected(places(model, list(each))), had) for each in ("adg", "aadddgg"))
    np.testing.assert_array_equal(plainly, repeated)


def test_one_decay_alone_works_as_well() -> None:
    model = SequenceRidge(decays=((0.99,),)).fit(cycles())

    assert model.choice.decays == (0.99,)
    assert [each.decay for each in model.weights] == [0.99, 0.8]
    assert names(model, model.recommend(places(model, ["a", "b", "c"]), 1)[0]) == ["d"]


def test_the_largest_weights_of_each_row_are_kept_whatever_their_sign() -> None:
    weights = np.array([[0.1, -3.0, 2.0, 0.0], [5.0, 0.2, -0.3, 4.0]], dtype=np.float32)

    columns, values = largest(weights, 2)

    assert columns.tolist() == [[1, 2], [0, 3]]
    assert values.tolist() == [[-3.0, 2.0], [5.0, 4.0]]


def test_progress_is_told_from_little_to_all() -> None:
    told: list[float] = []

    SequenceRidge().fit(checkerboard(), progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 3


def test_who_has_had_everything_near_gets_it_again_before_what_is_far() -> None:
    rings = ("abcdefgh", "stuvwxyz")
    log = interactions_of({f"u{n:03d}": (ring := rings[n % 2])[n // 2 % 8 :] + ring[: n // 2 % 8] for n in range(80)})
    model = SequenceRidge().fit(log)

    for ring in rings:
        items, _ = model.recommend(places(model, list(ring)), 5)

        assert set(names(model, items)) < set(ring)


def test_the_surer_the_next_item_is_the_higher_is_its_score() -> None:
    sure, unsure = (_mean_score_of_the_successor(share) for share in (0.9, 0.3))

    # without anything learned, each of the forty items has the same share
    assert sure > 1.5 * unsure > 2.5 / 40


def _mean_score_of_the_successor(share: float) -> float:
    """Of walks round forty items in which that share of the steps goes to the next one, the others anywhere."""
    rng = np.random.default_rng(0)
    ring = [f"i{n:02d}" for n in range(40)]
    walks = {}
    for n in range(300):
        steps = np.cumsum(np.where(rng.random(8) < share, 1, rng.integers(40, size=8)))
        walks[f"u{n:03d}"] = [ring[step % 40] for step in (int(rng.integers(40)) + steps).tolist()]
    model = SequenceRidge(decays=((0.3,),)).fit(interactions_of(walks))
    return float(np.mean([model.scores(places(model, [ring[n]]))[(n + 1) % 40] for n in range(40)]))


@pytest.mark.parametrize("exact_items", [0, 4_000])
def test_of_items_that_hardly_anybody_has_had_attributes_tell_more_than_nearness(exact_items: int) -> None:
    # 400 users keep to one of 20 brands with 50 items each, which one or two of them have had
    draw = np.random.default_rng(0)
    brands = draw.integers(0, 20, 400)
    log = interactions_of(
        {
            f"u{user:03d}": [f"i{brand:02d}-{n:02d}" for n in draw.permutation(50)[:4]]
            for user, brand in enumerate(brands)
        }
    )
    items = Attributes.from_columns(log.item_ids.tolist(), {"BRAND": [name[:3] for name in log.item_ids.tolist()]}, {})

    without, informed = (
        _share_of_the_brand(SequenceRidge(exact_items=exact_items).fit(log, items=some)) for some in (None, items)
    )

    assert informed > 0.95 > without + 0.1


def _share_of_the_brand(model: SequenceRidgeModel) -> float:
    """Of the first ten new items after one item, the mean over every fourth item."""
    asked = np.arange(0, len(model.item_ids), 4)
    answers = [model.recommend(np.array([item]), 10, np.arange(len(model.item_ids)) != item)[0] for item in asked]
    brand = np.array([name[:3] for name in model.item_ids.tolist()])
    return float(np.mean([(brand[found] == brand[item]).mean() for item, found in zip(asked, answers, strict=True)]))


def test_of_items_that_nobody_has_had_those_come_first_that_are_like_the_history() -> None:
    news = [f"{colour}-new-{n}" for n in range(3) for colour in ("even", "odd")]
    log = checkerboard().with_items(news)
    colours = [
        name.split("-")[0] if name in news else ("even", "odd")[int(name[1:]) % 2] for name in log.item_ids.tolist()
    ]
    items = Attributes.from_columns(log.item_ids.tolist(), {"COLOUR": colours}, {})
    model = SequenceRidge().fit(log, items=items)
    unseen = np.isin(model.item_ids, news)

    for colour, history in (("even", ["i02", "i08"]), ("odd", ["i03", "i11"])):
        chosen, _ = model.recommend(places(model, history), 3, unseen)
        first, _ = model.recommend(places(model, history), 8)

        assert {name.split("-")[0] for name in names(model, chosen)} == {colour}
        assert not set(names(model, first)) & set(news)
