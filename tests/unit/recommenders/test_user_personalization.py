"""The sequence ridge finds what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.recommenders import SequenceRidge
from tastemaker.recommenders.ridge import largest, ridge_weights
from tastemaker.recommenders.sequences import Sequences
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
    model = SequenceRidge(decays=(0.3,)).fit(checkerboard())

    to_odd = model.scores(places(model, ["i00", "i02", "i01"]))
    to_even = model.scores(places(model, ["i01", "i00", "i02"]))

    odd = places(model, ["i05", "i07", "i09"])
    assert to_odd[odd].sum() > to_even[odd].sum()


def test_items_outside_the_regression_are_scored_by_how_often_they_come_next() -> None:
    log = checkerboard(n_items=20)
    model = SequenceRidge(exact_items=6).fit(log)

    items, _ = model.recommend(places(model, ["i00"]), 20)

    assert len(model.head) == 6
    tail = [item for item in items.tolist() if item not in model.head]
    assert tail == sorted(tail, key=lambda item: -model.rate[item])
    assert len(set(model.rate[tail].tolist())) > 3


def test_a_history_of_items_outside_the_regression_gets_an_answer_too() -> None:
    model = SequenceRidge(exact_items=6).fit(checkerboard())
    outside = next(item for item in range(20) if item not in model.head)

    items, _ = model.recommend(np.array([outside], dtype=np.int32), 3)

    assert len(items) == 3
    assert outside not in items


def test_one_event_of_one_user_is_enough_to_fit() -> None:
    model = SequenceRidge().fit(interactions_of({"u": ["a"]}))

    items, scores = model.recommend(np.array([0], dtype=np.int32), 5)

    assert items.tolist() == [0]
    assert scores.tolist() == [1.0]


def test_the_weights_solve_the_regression_on_explicit_histories() -> None:
    """The gradient of the penalised squared error vanishes, at targets blended with the reverse order."""
    decay, sequences = 0.6, Sequences.of(random_interactions(n_users=12, n_items=9, n_events=300, seed=7))
    histories, targets = _explicit(sequences, decay)

    solved = ridge_weights(sequences, decay, 0)

    energy = (histories**2).sum(axis=0)
    ridge = 3 * np.sqrt(energy * energy.mean())
    towards = histories.T @ targets
    towards = (towards + 0.5 * towards.T) / 1.5
    gradient = histories.T @ (histories @ solved.own + solved.intercept) + ridge[:, None] * solved.own - towards
    # pairs whose weight is below a thousandth are left out of the sums
    assert np.abs(gradient).max() < 0.02 * np.abs(towards).max()
    intercept = (histories @ solved.own + solved.intercept).sum(axis=0) - targets.sum(axis=0)
    assert np.abs(intercept).max() < 0.02 * targets.sum(axis=0).max()


def test_an_item_is_followed_by_what_follows_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    left, right = [f"l{n}" for n in range(12)], [f"r{n}" for n in range(12)]
    histories = {f"u{n:03d}": [str(i) for i in rng.choice((left, right)[n % 2], 4, replace=False)] for n in range(120)}
    histories["newcomer"] = ["fresh", left[0]]
    log = interactions_of(histories)

    apart = SequenceRidge(decays=(0.8,), dimensions=0).fit(log)
    together = SequenceRidge(decays=(0.8,), dimensions=2).fit(log)

    own_side = places(together, left[1:])
    from_fresh = places(together, ["fresh"])
    assert together.scores(from_fresh)[own_side].sum() > 1.05 * apart.scores(from_fresh)[own_side].sum()


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


def test_a_domain_of_successors_gets_a_shorter_memory_than_one_of_tastes() -> None:
    rng = np.random.default_rng(0)
    ring = [f"i{n:02d}" for n in range(40)]
    walks = {}
    for n in range(200):
        start = int(rng.integers(40))
        steps = np.cumsum(rng.choice([1, 17], p=[0.8, 0.2], size=12))
        walks[f"u{n:03d}"] = [ring[(start + step) % 40] for step in steps]

    successors = SequenceRidge().fit(interactions_of(walks))

    fans = {}
    for n in range(200):
        # six in ten events are of the own half, so that one event alone says little about the next
        own = rng.random(15) < 0.6
        halves = np.where(own, n % 2, 1 - n % 2)
        fans[f"u{n:03d}"] = [ring[20 * half + int(rng.integers(20))] for half in halves]
    tastes = SequenceRidge().fit(interactions_of(fans))

    assert successors.decay < tastes.decay


def _explicit(sequences: Sequences, decay: float) -> tuple[np.ndarray, np.ndarray]:
    histories, targets = [], []
    for user in np.unique(sequences.user):
        items = sequences.item[sequences.user == user].tolist()
        history = np.zeros(sequences.n_items)
        for t in range(1, len(items)):
            history = decay * history
            history[items[t - 1]] += 1
            target = np.zeros(sequences.n_items)
            for s in range(t, len(items)):
                target[items[s]] += decay ** (s - t) * (items[s] not in items[:s])
            histories.append(history)
            targets.append(target)
    return np.array(histories), np.array(targets)


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
    assert sure > 2 * unsure > 2.5 / 40


def _mean_score_of_the_successor(share: float) -> float:
    """Of walks round forty items in which that share of the steps goes to the next one, the others anywhere."""
    rng = np.random.default_rng(0)
    ring = [f"i{n:02d}" for n in range(40)]
    walks = {}
    for n in range(300):
        steps = np.cumsum(np.where(rng.random(8) < share, 1, rng.integers(40, size=8)))
        walks[f"u{n:03d}"] = [ring[step % 40] for step in (int(rng.integers(40)) + steps).tolist()]
    model = SequenceRidge(decays=(0.3,)).fit(interactions_of(walks))
    return float(np.mean([model.scores(places(model, [ring[n]]))[(n + 1) % 40] for n in range(40)]))
