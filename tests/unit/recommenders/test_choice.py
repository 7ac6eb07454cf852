"""What the ridge cannot solve for is chosen by what it is trained on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import nnls

from benchmarks.generated import Size, generated
from tastemaker.recommenders import SequenceRidge
from tastemaker.recommenders.choice import (
    MOST_EVENTS,
    MOST_ITEMS,
    MOST_REQUESTS,
    POOLS,
    SHARES,
    STRENGTHS,
    Choice,
    Trial,
    choose,
    non_negative,
)
from tastemaker.recommenders.nearness import Scales, damped_cosines, transition_rates
from tastemaker.recommenders.normal_equations import normal_equations
from tastemaker.recommenders.ridge import ridge_answers, ridge_weights
from tastemaker.recommenders.sequences import Sequences
from tests.unit.recommenders.planted import checkerboard, cycles, interactions_of, random_interactions

if TYPE_CHECKING:
    from tastemaker.recommenders import Interactions


def test_a_domain_of_successors_gets_a_shorter_memory_than_one_of_tastes() -> None:
    options = ((0.3,), (0.95,))

    assert _choice(_successors(), options).decays == (0.3,)
    assert _choice(_tastes(), options).decays == (0.95,)
    assert _choice(_successors(), options[::-1]).decays == (0.3,)
    assert _choice(_tastes(), options[::-1]).decays == (0.95,)


def test_nearness_has_its_share_where_the_regression_remembers_too_little() -> None:
    # of a taste, the very last item says little, and that is nearly all that this regression sees
    options = ((0.1,),)

    assert _choice(_tastes(), options).share == 1
    assert _choice(_successors(), options).share == 0


def test_a_share_of_one_is_nearness_alone_and_a_share_of_none_the_regression_alone() -> None:
    nearness, regression = (SequenceRidge(decays=((0.1,),)).fit(log) for log in (_tastes(), cycles()))

    assert (nearness.choice.share, regression.choice.share) == (1.0, 0.0)
    assert [each.decay for each in nearness.weights] == [0.8]
    ridge, near = regression.weights
    assert (ridge.decay, near.decay) == (0.1, 0.8)
    assert ridge.values.any()
    assert not near.values.any()


def test_the_best_of_what_was_tried_is_chosen_one_thing_after_the_other() -> None:
    choice = _choice(checkerboard(), ((0.5, 0.95), (0.3, 0.8)))

    def tried(beginning: str) -> dict[str, float]:
        return {name: value for name, value in choice.tried.items() if name.startswith(beginning)}

    assert len(choice.tried) == 2 * len(STRENGTHS) + len(SHARES) + 1 + len(POOLS)
    best = f"decays {choice.decays}, strength {choice.strength}"
    assert tried(f"decays {choice.decays}")[best] == max(tried("decays").values())
    assert tried("share")[f"share {choice.share}"] == max(tried("share").values())
    # the share of none is the ridge by itself, and so is a pool that does not count
    assert choice.tried["share 0.0"] == choice.tried[best]
    assert choice.tried["pool 0.0"] == choice.tried[f"share {choice.share}"]
    assert tried("pool")[f"pool {choice.pool}"] == max(tried("pool").values())
    assert all(0 < value < 1 for value in choice.tried.values())


def test_of_fewer_than_fifty_users_nothing_is_tried() -> None:
    choice = _choice(cycles(49), ((0.3, 0.8), (0.5, 0.95)))

    assert choice == Choice((0.3, 0.8))
    assert _choice(cycles(60), ((0.3, 0.8), (0.5, 0.95))).tried


def test_where_nothing_new_ever_comes_nothing_is_tried() -> None:
    log = interactions_of({f"u{n:03d}": ["a"] * 9 for n in range(80)})

    assert _choice(log.without_quick_repeats(), ((0.3, 0.8),)) == Choice((0.3, 0.8))


def test_the_seed_draws_the_users_and_the_same_seed_the_same() -> None:
    log = checkerboard()

    first, again, other = (choose(log, ((0.5, 0.95),), seed=seed, progress=_deaf) for seed in (0, 0, 1))

    assert first == again
    assert first.tried != other.tried


@pytest.mark.parametrize("of_one", [0, 300_000])
def test_however_many_events_there_are_only_so_many_take_part_and_nobody_stands_for_all(of_one: int) -> None:
    log = generated(Size(800_000, 1_500, 20_000))
    # the first user alone has more than fits
    log = replace(log, user=np.where(np.arange(len(log)) < of_one, 0, log.user).astype(np.int32))

    for seed in range(3):
        trial = Trial.of(log, seed)

        assert trial is not None
        assert 0.8 * MOST_EVENTS < len(trial.interactions) <= MOST_EVENTS
        assert len(trial.interactions.item_ids) == MOST_ITEMS
        assert 0.9 * MOST_REQUESTS < len(trial.requests) <= MOST_REQUESTS
        assert np.diff(trial.interactions.starts).max() <= 0.1 * MOST_EVENTS


def test_of_a_few_users_all_are_asked_and_answered_by_what_others_did() -> None:
    log = checkerboard()
    trial = Trial.of(log, 0)
    assert trial is not None
    told: list[float] = []

    answers = trial.regressions(((0.5, 0.95),), told.append)

    assert trial.held_out.sum(axis=0).tolist() == [1] * len(log.user_ids)
    assert told == sorted(told)
    assert set(answers) == {((0.5, 0.95), strength) for strength in STRENGTHS}
    histories = [trial.requests.histories(decay) for decay in (0.5, 0.95)]
    start = 0
    for requests, held_out in zip(trial.folds, trial.held_out, strict=True):
        rows = slice(start, start + len(requests))
        start = rows.stop
        others = Sequences.of(trial.interactions.of_users(~held_out))
        for (decays, strength), found in answers.items():
            weights = ridge_weights(normal_equations(others, decays), strength)
            expected = sum(history[rows] @ block for history, block in zip(histories, weights.blocks, strict=True))
            np.testing.assert_allclose(found[rows], expected + weights.intercept, rtol=1e-3, atol=1e-5)
    assert start == len(trial.requests) > 0


@pytest.mark.parametrize("asked", [3, 40])
def test_fewer_histories_than_items_or_more_get_the_answers_of_the_weights(asked: int) -> None:
    sequences = Sequences.of(random_interactions(n_users=50, n_items=12, n_events=500, seed=2))
    equations, again = (normal_equations(sequences, (0.5, 0.95)) for _ in range(2))
    histories = list(np.random.default_rng(0).random((2, asked, 12)).astype(np.float32))

    answers = ridge_answers(equations, 3.0, histories)

    weights = ridge_weights(again, 3.0)
    expected = sum(history @ block for history, block in zip(histories, weights.blocks, strict=True))
    np.testing.assert_allclose(answers, expected + weights.intercept, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("users", [60, 600, 3_000])
def test_there_are_as_many_folds_as_give_two_thousand_requests(users: int) -> None:
    trial = Trial.of(random_interactions(n_users=users, n_items=80, n_events=20 * users, seed=1), 0)
    assert trial is not None

    assert len(trial.folds) == {60: 5, 600: 5, 3_000: 1}[users]
    assert all(0.5 < len(fold) / len(trial.folds[0]) < 2 for fold in trial.folds)
    assert len(trial.requests) == sum(map(len, trial.folds)) <= MOST_REQUESTS


def test_a_choice_survives_its_json() -> None:
    choice = Choice(
        (0.5, 0.95), 3.0, 0.25, Scales(0.07, 0.0, 0.002), {"decays (0.5, 0.95), strength 3.0": 0.16}, pool=0.5
    )

    assert Choice.from_json(json.dumps(choice.to_json())) == choice


def test_a_choice_tells_people_what_a_training_came_to() -> None:
    whole, sparse = (SequenceRidge(exact_items=items).fit(checkerboard()) for items in (20, 0))

    words = (
        f"strength {whole.choice.strength:g} and {whole.choice.share:.0%} nearness, with all items in the regression"
    )
    if whole.choice.pool:
        words += f", second opinions to the power of {whole.choice.pool:g}"
    assert whole.choice.in_words() == f"decays {' and '.join(map(str, whole.choice.decays))}, {words}"
    assert sparse.choice.in_words() == "nearness alone"


def test_progress_is_told_from_little_to_all() -> None:
    told: list[float] = []

    choose(checkerboard(), ((0.5, 0.95), (0.3, 0.8)), seed=0, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 3


def test_scales_make_a_probability_of_what_is_near() -> None:
    # of five who had a, four had b next; nearness knows it as the rate of a transition
    log = interactions_of({f"u{n:03d}": ["a", "b" if n % 5 else "c"] for n in range(400)})
    choice = _choice(log, ((0.5,),))

    near = choice.scales.rates * transition_rates(log).toarray()
    near += choice.scales.cosines * damped_cosines(log).toarray()

    assert near[0, 1:].tolist() == pytest.approx([0.8, 0.2], abs=0.1)


def test_the_scales_are_the_non_negative_least_squares() -> None:
    draw = np.random.default_rng(0)
    held = []
    for size in (1, 2, 3, 3, 3, 3):
        for _ in range(30):
            matrix, target = draw.normal(size=(6, size)), draw.normal(size=6)

            found = non_negative(matrix.T @ matrix, matrix.T @ target)

            np.testing.assert_allclose(found, nnls(matrix, target)[0], rtol=1e-5, atol=1e-6)
            held.append(int((found == 0).sum()))
    # the limit holds back none, some and all of them
    assert set(held) == {0, 1, 2, 3}


def _choice(interactions: Interactions, options: tuple[tuple[float, ...], ...]) -> Choice:
    return choose(interactions, options, seed=0, progress=_deaf)


def _deaf(share: float) -> None:
    """Nobody listens."""


def _successors() -> Interactions:
    """Walks round forty items: four in five steps go to the next one, the others seventeen on."""
    rng = np.random.default_rng(0)
    walks = {}
    for n in range(200):
        steps = int(rng.integers(40)) + np.cumsum(rng.choice([1, 17], p=[0.8, 0.2], size=12))
        walks[f"u{n:03d}"] = [f"i{step % 40:02d}" for step in steps.tolist()]
    return interactions_of(walks)


def _tastes() -> Interactions:
    """Of sixty items, even users take even ones and odd users odd ones, but for three in ten; in no order, none twice.

    So one event alone says little about the next.
    """
    rng = np.random.default_rng(0)
    fans = {}
    for n in range(600):
        left = {colour: (2 * rng.permutation(30) + colour).tolist() for colour in (0, 1)}
        colours = np.where(rng.random(30) < 0.7, n % 2, 1 - n % 2).tolist()
        fans[f"u{n:03d}"] = [f"i{left[colour].pop():02d}" for colour in colours]
    return interactions_of(fans)
