"""Next best action: planted propensities are found, and only where there is enough to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import ACTION_RECIPES, ActionModel, Attributes, Interactions, NextBestAction, load
from tastemaker.recommenders.logistic import fit_logistic, sigmoid
from tastemaker.recommenders.next_best_action import summaries_before, summary
from tastemaker.recommenders.showings import DAY, Showings
from tests.unit.recommenders.planted import checkerboard

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NOTHING = np.empty(0, dtype=np.int32)
EVEN, ODD = (np.arange(parity, 20, 2, dtype=np.int32)[:7] for parity in (0, 1))
Row = tuple[str, str, int, str]
NOW = 100 * DAY


def _log(rows: list[Row]) -> Interactions:
    return Interactions.from_columns(*zip(*rows, strict=True))


def _shown(n_users: int, chances: dict[str, tuple[float, float]], *, times: int = 1, seed: int = 0) -> list[Row]:
    """Each user is shown each action `times` times; even users take it with the first chance, odd with the second."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(n_users):
        for action, chance in chances.items():
            for turn in range(times):
                taken = rng.random() < chance[n % 2]
                rows.append((f"u{n:03d}", action, NOW + turn * DAY, "Taken" if taken else "NOT_TAKEN"))
    return rows


def _fit(rows: list[Row], actions: Attributes | None = None, **options: int) -> ActionModel:
    return NextBestAction(**options).fit(checkerboard(400), _log(rows), actions)


def _of(model: ActionModel, history: NDArray[np.int32], taken: NDArray[np.int32] = NOTHING) -> dict[str, float]:
    return dict(zip(model.action_ids.tolist(), model.propensities(history, taken).tolist(), strict=True))


def test_planted_propensities_are_found_each_for_itself() -> None:
    model = _fit(_shown(400, {"even": (0.8, 0.2), "odd": (0.1, 0.6), "all": (0.3, 0.3)}))

    even, odd = _of(model, EVEN), _of(model, ODD)

    assert even["even"] == pytest.approx(0.8, abs=0.1)
    assert odd["even"] == pytest.approx(0.2, abs=0.1)
    assert even["odd"] == pytest.approx(0.1, abs=0.1)
    assert odd["odd"] == pytest.approx(0.6, abs=0.1)
    assert even["all"] == pytest.approx(0.3, abs=0.1)
    assert odd["all"] == pytest.approx(0.3, abs=0.1)
    assert sum(even.values()) > 1.05  # no distribution over the actions


def test_of_a_user_without_a_history_about_the_overall_rate_is_said() -> None:
    model = _fit(_shown(400, {"even": (0.8, 0.2), "all": (0.3, 0.3)}))

    nobody = _of(model, NOTHING)

    assert nobody["even"] == pytest.approx(0.5, abs=0.1)
    assert nobody["all"] == pytest.approx(0.3, abs=0.1)
    assert _of(model, np.array([-1, 99], dtype=np.int32)) == nobody


def test_who_has_taken_an_action_takes_it_again_where_that_is_what_people_do() -> None:
    rows = []
    for n in range(300):
        fan = n // 2 % 2 == 0  # of both colours
        for turn in range(4):
            rows.append((f"u{n:03d}", "renew", NOW + turn * DAY, "taken" if fan else "not taken"))
    model = _fit(rows)
    renew = np.array([0], dtype=np.int32)

    assert _of(model, EVEN, np.repeat(renew, 3))["renew"] > 0.9
    assert _of(model, EVEN)["renew"] < 0.5


@pytest.mark.parametrize(("taken", "not_taken"), [(49, 200), (200, 49)])
def test_an_action_with_too_few_outcomes_of_either_kind_has_propensity_zero(taken: int, not_taken: int) -> None:
    enough = [(f"u{n:03d}", "enough", NOW, "taken" if n < 50 else "viewed") for n in range(100)]
    few = [(f"u{n:03d}", "few", NOW, "taken" if n < taken else "Not-Taken") for n in range(taken + not_taken)]

    found = _of(_fit([*enough, *few]), EVEN)

    assert found["few"] == 0.0
    assert 0.3 < found["enough"] < 0.7


def test_outcomes_older_than_six_weeks_do_not_count() -> None:
    old = [(u, "old", when - 43 * DAY, kind) for u, _, when, kind in _shown(400, {"old": (0.5, 0.5)}, seed=1)]

    found = _of(_fit([*old, *_shown(400, {"new": (0.5, 0.5)})]), EVEN)

    assert found["old"] == 0.0
    assert found["new"] == pytest.approx(0.5, abs=0.1)


def test_only_the_days_of_the_period_teach_who_takes_it() -> None:
    # three weeks ago the odd took it, since yesterday the even
    everybody = [*_shown(200, {"a": (0.1, 0.9)}, seed=1), *_shown(400, {"a": (0.9, 0.1)}, seed=2)[200:]]
    rows = [(u, a, when - 21 * DAY * (u < "u200"), kind) for u, a, when, kind in everybody]

    week, month = _fit(rows, period=7), _fit(rows, period=28)

    assert _of(week, EVEN)["a"] - _of(week, ODD)["a"] > 0.5
    assert abs(_of(month, EVEN)["a"] - _of(month, ODD)["a"]) < 0.3


def test_actions_come_by_propensity_and_equal_ones_by_value() -> None:
    actions = Attributes.from_columns(
        ["a", "b", "c", "likely", "d"], {}, {"COST": [9.0, 1, 5, 1, 1], "VALUE": [1.0, 5, 3, 0, None]}
    )
    model = _fit(_shown(200, {"likely": (0.6, 0.6)}), actions)

    found, propensities = model.recommend(EVEN, NOTHING, 10)

    assert [str(model.action_ids[place]) for place in found] == ["likely", "b", "c", "a", "d"]
    assert propensities[0] > 0.4
    assert propensities[1:].tolist() == [0.0] * 4
    allowed = np.array([name in "ac" for name in model.action_ids.tolist()])
    assert [str(model.action_ids[place]) for place in model.recommend(EVEN, NOTHING, 1, allowed)[0]] == ["c"]


def test_new_actions_join_the_catalogue_with_propensity_zero_and_the_others_stay() -> None:
    model = _fit(_shown(200, {"m": (0.6, 0.2)}), Attributes.from_columns(["m"], {}, {"VALUE": [1.0]}))

    grown = model.with_actions(Attributes.from_columns(["a", "m", "z"], {}, {"VALUE": [2.0, 5.0, 9.0]}))

    before, after = _of(model, EVEN), _of(grown, EVEN)
    assert before["m"] > 0.4
    assert after == {"a": 0.0, "m": before["m"], "z": 0.0}
    assert [str(grown.action_ids[place]) for place in grown.recommend(EVEN, NOTHING, 3)[0]] == ["m", "z", "a"]


def test_a_view_that_ends_in_an_outcome_is_no_showing_of_its_own() -> None:
    rows: list[Row] = [
        ("al", "a", 1, "Viewed"),
        ("al", "b", 2, "viewed"),
        ("al", "a", 3, "TAKEN"),
        ("al", "c", 3, "taken"),
        ("al", "a", 4, "purchase"),
        ("al", "a", 5, "viewed"),
        ("al", "a", 6, "view-ed"),
        ("al", "a", 7, "not_taken"),
        ("bo", "a", 8, "viewed"),
        ("bo", "a", 9 + 14 * DAY, "taken"),
        ("bo", "b", 10 + 14 * DAY, "taken"),
    ]

    found = Showings.of(_log(rows), period=14)

    log = _log(rows)
    assert [
        (str(log.user_ids[user]), str(log.item_ids[action]), when, taken, before, own)
        for user, action, when, taken, before, own in zip(
            found.user.tolist(),
            found.action.tolist(),
            found.timestamp.tolist(),
            found.taken.tolist(),
            found.takes_before.tolist(),
            found.own_before.tolist(),
            strict=True,
        )
    ] == [
        ("al", "b", 2, False, 0, False),
        ("al", "a", 3, True, 0, False),
        ("al", "c", 3, True, 0, False),
        ("al", "a", 5, False, 2, True),
        ("al", "a", 7, False, 2, True),
        ("bo", "a", 8, False, 0, False),
        ("bo", "a", 9 + 14 * DAY, True, 0, False),
        ("bo", "b", 10 + 14 * DAY, True, 1, False),
    ]


def test_histories_are_summed_up_to_the_moment_of_the_showing() -> None:
    rng = np.random.default_rng(3)
    log = Interactions.from_columns(
        [f"u{n}" for n in rng.integers(4, size=400)],
        [f"i{n}" for n in rng.integers(9, size=400)],
        rng.integers(1_000, size=400).tolist(),
    )
    vectors = rng.standard_normal((9, 3)).astype(np.float32)
    users, times = rng.integers(5, size=60), rng.integers(-10, 1_100, size=60)

    found = summaries_before(log, vectors, np.array([f"u{n}" for n in users]), times)

    for row, (user, time) in enumerate(zip(users, times, strict=True)):
        history = log.item[(log.user == user) & (log.timestamp <= time)]
        np.testing.assert_allclose(found[row], summary(history, vectors), atol=1e-5)


def test_the_regression_is_at_the_bottom_of_its_sum() -> None:
    rng = np.random.default_rng(4)
    features = rng.standard_normal((200, 3))
    taken = rng.random(200) < sigmoid(features @ [1.0, -2.0, 0.0])

    found = fit_logistic(features, taken, rate=0.3)

    def loss(at: NDArray[np.float64]) -> float:
        logits = at[0] + features @ at[1:]
        observed = np.log1p(np.exp(logits)).sum() - logits[taken].sum()
        return float(observed + 2.5 * (at[1:] ** 2).sum() + 10 * (np.log1p(np.exp(at[0])) - 0.3 * at[0]))

    for step in np.vstack([np.eye(4), -np.eye(4)]) * 1e-3:
        assert loss(found) < loss(found + step)


def test_without_showings_the_rate_that_is_known_stays_and_separable_outcomes_stay_finite() -> None:
    assert sigmoid(fit_logistic(np.empty((0, 2)), np.empty(0, dtype=np.bool_), rate=0.2)[:1])[0] == pytest.approx(0.2)
    column = np.linspace(-50, 50, 100)[:, None]
    assert np.isfinite(fit_logistic(column, column[:, 0] > 0, rate=0.5)).all()


def test_a_saved_model_is_the_same_bytes_whatever_the_order_of_rows_and_answers_the_same(tmp_path: Path) -> None:
    rows = _shown(300, {"a": (0.8, 0.2), "b": (0.5, 0.5)}, times=2)
    _fit(rows).save(tmp_path / "there")
    _fit(rows[::-1]).save(tmp_path / "back")

    loaded = load(tmp_path / "there", ActionModel)

    assert (tmp_path / "there").read_bytes() == (tmp_path / "back").read_bytes()
    assert _of(loaded, ODD) == _of(_fit(rows), ODD)


def test_without_any_interaction_every_propensity_is_zero() -> None:
    empty = Interactions.from_columns([], [], [])
    actions = Attributes.from_columns(["a", "b"], {}, {"VALUE": [1.0, 2.0]})

    model = NextBestAction().fit(empty, empty, actions)

    assert _of(model, NOTHING) == {"a": 0.0, "b": 0.0}
    assert model.recommend(NOTHING, NOTHING, 5)[0].tolist() == [1, 0]


def test_personalizes_period_is_heeded() -> None:
    assert ACTION_RECIPES["aws-next-best-action"]({}) == NextBestAction(period=14)
    assert ACTION_RECIPES["aws-next-best-action"]({"action_optimization_period": "28"}) == NextBestAction(period=28)
    with pytest.raises(ValueError, match="29 is not between 7 and 28"):
        ACTION_RECIPES["aws-next-best-action"]({"action_optimization_period": "29"})
