"""What a user is and what is so at the moment decides where it was planted to, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.recommenders import (
    Attributes,
    Context,
    Interactions,
    SequenceRidge,
    SequenceRidgeModel,
    TiltedModel,
    circumstances_choice,
    explain,
    lift,
    load,
)
from tastemaker.recommenders.choice import Choice
from tastemaker.recommenders.holding import Category, Strength
from tests.unit.recommenders.planted import names, places

if TYPE_CHECKING:
    from collections.abc import Sequence


NOBODY = np.empty(0, dtype=np.int32)
GROUPS = 2
ITEMS_OF_A_GROUP = 8


def group_of(user: int) -> str:
    return "ab"[user % GROUPS]


def of_two_groups(n_users: int = 120, *, events: int = 6, context: Context | None = None) -> Interactions:
    """Users of group a have items a0 … a7 alone, those of group b b0 … b7: the earlier an item, the more have it."""
    rng = np.random.default_rng(3)
    chance = np.arange(ITEMS_OF_A_GROUP, 0, -1) / (ITEMS_OF_A_GROUP * (ITEMS_OF_A_GROUP + 1) / 2)
    rows = [
        (f"u{user:03d}", f"{group_of(user)}{item}", when)
        for user in range(n_users)
        for when, item in enumerate(rng.choice(ITEMS_OF_A_GROUP, events, replace=False, p=chance).tolist())
    ]
    users, items, times = zip(*rows, strict=True)
    return Interactions.from_columns(users, items, times, context=context)


def of_users(n_users: int, **categories: Sequence[str | None]) -> Attributes:
    return Attributes.from_columns([f"u{user:03d}" for user in range(n_users)], categories, {})


def with_groups(n_users: int = 120) -> Attributes:
    return of_users(n_users, GROUP=[group_of(user) for user in range(n_users)])


def in_rooms(n_users: int = 150, events: int = 8) -> Interactions:
    """Any user has any item, but those whose names begin with p on a phone, with t on a television."""
    rng = np.random.default_rng(7)
    rows, devices = [], []
    for user in range(n_users):
        for when in range(events):
            device = ("phone", "tv")[int(rng.integers(2))]
            rows.append((f"u{user:03d}", f"{device[0]}{rng.integers(8)}", when))
            devices.append(device)
    users, items, times = zip(*rows, strict=True)
    return Interactions.from_columns(users, items, times, context=Context.from_columns({"DEVICE": devices}, {}))


def held_by(model: SequenceRidgeModel, users: Attributes, user_id: str) -> tuple[int, ...]:
    return model.circumstances.of_users(users).of(user_id)


def test_a_new_user_gets_what_is_popular_in_the_own_group() -> None:
    log = of_two_groups()
    # two who have done nothing yet
    users = of_users(122, GROUP=[group_of(user) for user in range(122)])
    model = SequenceRidge().fit(log, users=users)

    for newcomer, group in (("u120", "a"), ("u121", "b")):
        items, scores = model.under(held_by(model, users, newcomer)).recommend(NOBODY, 5)
        assert {name[0] for name in names(model, items)} == {group}
        own = model.popularity.users[items]
        assert (np.diff(own) <= 0).all()
        assert (np.diff(scores) <= 0).all()
    assert {name[0] for name in names(model, model.recommend(NOBODY, 4)[0])} == {"a", "b"}


def test_the_context_of_a_request_decides_among_items() -> None:
    model = SequenceRidge().fit(in_rooms())
    history = places(model, ["p1", "t1"])

    for device in ("phone", "tv"):
        asked = model.under(model.circumstances.of_context({"DEVICE": device}))
        for before in (history, NOBODY):
            items, _ = asked.recommend(before, 6)
            assert {name[0] for name in names(model, items)} == {device[0]}


def test_scores_are_shares_in_the_order_of_the_recommendations_and_keep_what_is_to_be_there() -> None:
    model = SequenceRidge().fit(in_rooms())
    asked = model.under(model.circumstances.of_context({"DEVICE": "tv"}))
    phones = places(model, ["p0"]).tolist()

    for history in (places(model, ["p1", "t1"]), NOBODY):
        scores = asked.scores(history)
        items, given = asked.recommend(history, 16)
        assert scores.sum() == pytest.approx(1)
        np.testing.assert_allclose(scores[items], given)
        assert phones[0] in asked.recommend(history, 3, surely=phones)[0]


@pytest.mark.parametrize("seed", range(3))
def test_attributes_of_chance_change_no_ranking(seed: int) -> None:
    drawn = np.random.default_rng(seed).integers(2, size=120)
    users = of_users(120, SIGN=[f"sign{n}" for n in drawn.tolist()])
    log = of_two_groups()

    model = SequenceRidge().fit(log, users=users, seed=seed)
    without = SequenceRidge().fit(log, seed=seed)

    history = places(model, ["a1", "a3"])
    for before in (history, NOBODY):
        alone = without.recommend(before, 5)[0]
        under = model.under(held_by(model, users, "u000")).recommend(before, 5)[0]
        assert len(np.intersect1d(under, alone)) >= 4


def test_a_user_with_many_interests_gets_an_answer_of_finite_scores() -> None:
    """Each of 400 interests says the same once more, and all of it together is more than single precision holds."""
    log = of_two_groups()
    interests = {group: "|".join(f"{group}-{number}" for number in range(400)) for group in "ab"}
    users = of_users(122, INTERESTS=[interests[group_of(user)] for user in range(122)])
    model = SequenceRidge().fit(log, users=users)
    model = replace(model, circumstances=replace(model.circumstances, strengths=(Strength(1.0), Strength(1.0))))
    asked = model.under(held_by(model, users, "u120"))

    for history in (NOBODY, places(model, ["a0", "b0"])):
        items, scores = asked.recommend(history, 5)
        assert {name[0] for name in names(model, items)} == {"a"}
        assert np.isfinite(scores).all()
        assert np.isfinite(explain(asked, history, items).values).all()


def test_users_are_asked_from_the_first_id_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first quarter of the users tells nothing of themselves, and all others their group."""
    monkeypatch.setattr(circumstances_choice, "_MOST_USERS", 50)
    users = of_users(800, GROUP=[None if user < 200 else group_of(user) for user in range(800)])

    model = SequenceRidge().fit(of_two_groups(800), users=users)

    assert model.circumstances.strengths[1].user > 0


def test_attributes_that_say_nothing_leave_a_context_that_says_much() -> None:
    draw = np.random.default_rng(0)
    devices = ["pt"[place] for place in draw.integers(2, size=3_000)]
    columns = [f"u{n // 10:03d}" for n in range(3_000)], [f"{device}{draw.integers(30)}" for device in devices]
    log = Interactions.from_columns(*columns, list(range(3_000)), context=Context.from_columns({"DEVICE": devices}, {}))
    noise = {f"A{n}": [str(value) for value in draw.integers(20, size=300)] for n in range(20)}

    model = SequenceRidge().fit(log, users=Attributes.from_columns([f"u{n:03d}" for n in range(300)], noise, {}))

    with_history, without = model.circumstances.strengths
    assert (with_history.context, without.context) == (1.0, 1.0)
    assert (with_history.user, without.user) == (0.0, 0.0)
    assert model.choice.circumstances == model.circumstances.strengths
    assert ", context to the power of 1, of 1 without a history" in model.choice.in_words()
    assert "attributes" not in model.choice.in_words()
    assert Choice.from_json(json.dumps(model.choice.to_json())) == model.choice


def test_without_strength_the_model_is_as_without_circumstances() -> None:
    model = SequenceRidge().fit(of_two_groups(), users=with_groups())
    weak = replace(model, circumstances=replace(model.circumstances, strengths=(Strength(), Strength())))

    assert weak.under(held_by(model, with_groups(), "u000")) is weak
    assert model.under(()) is model


@pytest.mark.parametrize("field", ["user", "context"])
def test_lifts_are_those_of_a_count_in_plain_words(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lift, "FEWEST_USERS", 3)
    rng = np.random.default_rng(1)
    n_users, n_events = 40, 400
    who, what = rng.integers(n_users, size=n_events), rng.integers(6, size=n_events)
    colours = [
        ["red", "red|blue", "green", None][n] for n in rng.integers(4, size=n_users if field == "user" else n_events)
    ]
    numbers = [None if n == 9 else float(n) for n in rng.integers(10, size=len(colours))]
    times = list(range(n_events))
    context = Context.from_columns({"COLOUR": colours}, {"AGE": numbers})
    log = Interactions.from_columns(
        [f"u{n:02d}" for n in who], [f"i{n}" for n in what], times, context=context if field == "context" else None
    )
    users = Attributes.from_columns([f"u{n:02d}" for n in range(n_users)], {"COLOUR": colours}, {"AGE": numbers})

    found = lift.learn(log, users if field == "user" else None)

    assert {category.of for category in found.categories} == {field}
    edges = found.edges[field, "AGE"]  # type: ignore[index] # one of the two
    # a user, an item, and of what a category holds: the event, or the user, of whom each item counts once
    cells = {(int(who[e]), int(what[e]), int(who[e]) if field == "user" else e) for e in range(n_events)}
    for category in found.categories:

        def holds(row: int, category: Category = category) -> bool:
            if category.field == "COLOUR":
                return category.value in (colours[row] or "").split("|")
            number = numbers[row]
            return number is not None and sum(edge < number for edge in edges) == int(category.value)

        tilt = np.log(found.factors((found.categories.index(category),), strength=Strength(1.0, 1.0)))
        under = [cell for cell in cells if holds(cell[2])]
        for item in range(6):
            counted = sum(cell[1] == item for cell in under)
            expected = len(under) * sum(cell[1] == item for cell in cells) / len(cells)
            log_lift = np.log((counted + lift.PRIOR) / (expected + lift.PRIOR))
            assert tilt[item] == pytest.approx(log_lift if abs(log_lift) > 0.05 else 0, abs=1e-6)


def test_numbers_fall_into_fifths_and_few_different_ones_are_kept_apart() -> None:
    users = Attributes.from_columns(
        [f"u{n:03d}" for n in range(120)],
        {},
        {"AGE": [float(n) for n in range(120)], "STAFF": [float(n % 2) for n in range(120)], "SAME": [1.0] * 120},
    )

    found = lift.learn(of_two_groups(), users)

    assert found.edges["user", "AGE"].tolist() == [23.5, 47.5, 71.5, 95.5]
    assert found.edges["user", "STAFF"].tolist() == [0.5]
    assert found.edges["user", "SAME"].tolist() == []


def test_a_number_of_the_context_falls_into_the_same_bucket_as_in_training_and_no_number_into_none() -> None:
    hours = [float(n % 24) for n in range(120 * 6)]
    found = lift.learn(of_two_groups(context=Context.from_columns({}, {"HOUR": hours})), None)

    (low,) = found.of_context({"HOUR": "0"})
    (high,) = found.of_context({"HOUR": "1e9"})

    assert (found.categories[low].value, found.categories[high].value) == ("0", "4")
    assert found.of_context({"HOUR": "nan"}) == found.of_context({"HOUR": "noon"}) == found.of_context({"X": "0"}) == ()


def test_a_request_names_a_number_of_single_precision_in_decimals() -> None:
    stars = np.array([(8.3, 8.7, 9.1)[n % 3] for n in range(120 * 6)], dtype=np.float32).astype(np.float64)
    found = lift.learn(of_two_groups(context=Context({}, {"STARS": stars})), None)

    held = [found.of_context({"STARS": text}) for text in ("8.3", "8.7", "9.1")]

    assert [found.categories[place].value for (place,) in held] == ["0", "1", "2"]


def test_what_is_different_for_everyone_costs_nothing() -> None:
    own = of_users(120, ZIP=[f"zip{n}" for n in range(120)])

    model = SequenceRidge().fit(of_two_groups(), users=own)

    assert model.circumstances.categories == ()
    assert not [tried for tried in model.choice.tried if "circumstances" in tried]


def test_only_the_most_frequent_categories_and_their_strongest_items_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lift, "MOST_CATEGORIES", 2)
    monkeypatch.setattr(lift, "MOST_ITEMS", 3)
    kinds = ["big" if user % 4 else f"small{user // 4 % 2}" for user in range(120)]
    users = of_users(120, GROUP=[group_of(user) for user in range(120)], KIND=kinds)

    found = lift.learn(of_two_groups(), users)

    assert [category.value for category in found.categories] == ["big", "a"]
    assert np.diff(found.starts).max() <= 3
    # the most popular items of either group stand out most
    of_a = found.items[found.starts[1] : found.starts[2]]
    assert {of_two_groups().item_ids[item][1] for item in of_a} <= {"0", "1", "2"}


def test_neither_order_nor_ids_matter() -> None:
    log, users = of_two_groups(), with_groups()
    shuffled = np.random.default_rng(0).permutation(len(log))
    again = Interactions.from_columns(
        log.user_ids[log.user][shuffled], np.char.add("z", log.item_ids[log.item][shuffled]), log.timestamp[shuffled]
    )

    one, other = lift.learn(log, users), lift.learn(again, users)

    assert one.categories == other.categories
    np.testing.assert_array_equal(one.items, other.items)
    np.testing.assert_allclose(one.log_lift, other.log_lift)


def test_a_model_file_holds_the_circumstances_and_no_users(tmp_path: Path) -> None:
    users = with_groups()
    model = SequenceRidge().fit(of_two_groups(), users=users)

    model.save(tmp_path / "model.npz")
    loaded = load(tmp_path / "model.npz", SequenceRidgeModel)

    assert b"u000" not in (tmp_path / "model.npz").read_bytes()
    assert loaded.circumstances.categories == model.circumstances.categories
    assert loaded.circumstances.strengths == model.circumstances.strengths
    asked, again = (each.under(held_by(each, users, "u001")) for each in (model, loaded))
    np.testing.assert_array_equal(asked.scores(NOBODY), again.scores(NOBODY))


def test_new_items_of_the_catalogue_are_not_mistaken_for_those_that_were_there() -> None:
    users = with_groups()
    model = SequenceRidge().fit(of_two_groups(), users=users)
    held = held_by(model, users, "u001")

    larger = model.with_items(["a00", "new"])

    assert names(larger, larger.under(held).recommend(NOBODY, 5)[0]) == names(
        model, model.under(held).recommend(NOBODY, 5)[0]
    )


def test_explanations_say_what_circumstances_multiply_by() -> None:
    model = SequenceRidge().fit(in_rooms())
    asked = model.under(model.circumstances.of_context({"DEVICE": "tv"}))
    assert isinstance(asked, TiltedModel)
    items = places(model, ["t3", "p3"])

    history = places(model, ["t1", "p2"])
    after, new = explain(asked, history, items), explain(asked, NOBODY, items)

    assert after.circumstances[0] > 1.2 > 0.8 > after.circumstances[1]
    np.testing.assert_allclose(after.values, asked.expected(history)[items], rtol=1e-5)
    np.testing.assert_allclose(new.values, asked.scores(NOBODY)[items], rtol=1e-5)


def test_the_context_goes_with_its_events() -> None:
    log = in_rooms(10, 4)
    chosen = np.arange(len(log)) % 3 == 0

    def pairs(some: Interactions) -> list[tuple[str, str]]:
        return [(str(some.item_ids[item]), some.context_of(event)["DEVICE"]) for event, item in enumerate(some.item)]

    for some in (log, log.of_events(chosen), log.of_users(np.arange(10) % 2 == 0), log.without_quick_repeats()):
        assert len(some)
        assert all(item[0] == device[0] for item, device in pairs(some))
