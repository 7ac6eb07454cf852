"""What a configuration does to a model: trainings of small data whose right answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tastemaker import recommenders
from tastemaker.personalize.datasets import read_records, write_records
from tastemaker.personalize.histories import interactions_of, load_histories, weighed_events
from tastemaker.personalize.metadata import MetadataFields
from tastemaker.personalize.training_data import TrainingRefused, mean_reward, rewarded
from tastemaker.personalize.training_files import (
    ModelFiles,
    TrainingOrder,
    TrainingReport,
    base_files,
    model_files,
    records_path,
)
from tastemaker.personalize.training_job import train
from tastemaker.personalize.training_spec import EventRule, Objective
from tastemaker.personalize.tuning import Tuning
from tastemaker.recommenders import ActionModel, SegmentModel, SemanticSimilarityModel, locate
from tastemaker.recommenders.kept_sums import KeptSums

UP, V2 = "aws-user-personalization", "aws-user-personalization-v2"
PRICES = pa.table({"ITEM_ID": ["a", "b", "c"], "PRICE": pa.array([1.0, 1.0, 50.0], pa.float32())})


def events(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    """Interactions of `(user, item, event type)`, in the order of time."""
    users, items, kinds = zip(*rows, strict=True)
    return pa.table(
        {
            "USER_ID": pa.array(users).dictionary_encode(),
            "ITEM_ID": pa.array(items).dictionary_encode(),
            "TIMESTAMP": pa.array(range(len(rows)), pa.int64()),
            "EVENT_TYPE": pa.array(kinds).dictionary_encode(),
            "EVENT_VALUE": pa.array([float(n % 10) for n in range(len(rows))], pa.float32()),
        }
    )


def after_a() -> pa.Table:
    """After a, two in three view b, and the others buy c."""
    second = [("c", "Buy") if n % 3 == 0 else ("b", "View") for n in range(600)]
    return events(
        [row for n, (item, kind) in enumerate(second) for row in ((f"u{n}", "a", "View"), (f"u{n}", item, kind))]
    )


def ordered(recipe: str, **more: Any) -> TrainingOrder:
    return TrainingOrder(recipe, None, None, more.pop("hyperparameters", {}), 0, **more)


def trained(
    directory: Path, order: TrainingOrder, interactions: pa.Table, items: pa.Table | None = None
) -> TrainingReport:
    directory.mkdir(exist_ok=True)
    write_records(records_path(directory, "INTERACTIONS"), interactions)
    if items is not None:
        write_records(records_path(directory, "ITEMS"), items)
    order.write(directory)
    return train(directory)


def best_after(directory: Path, *history: str, k: int = 1) -> list[str]:
    """The best items that are not in the history."""
    model = recommenders.load(ModelFiles(directory / "model").model)
    places = locate(model.item_ids, history)
    candidates = np.ones(len(model.item_ids), dtype=np.bool_)
    candidates[places] = False
    return [str(name) for name in model.item_ids[model.recommend(places, k, candidates)[0]]]


def test_events_of_a_greater_weight_count_for_more(tmp_path: Path) -> None:
    weighed = ordered(V2, events=(EventRule("Buy", weight=1.0), EventRule("View", weight=0.1)))

    trained(tmp_path / "alike", ordered(V2), after_a())
    trained(tmp_path / "weighed", weighed, after_a())

    assert best_after(tmp_path / "alike", "a") == ["b"]
    assert best_after(tmp_path / "weighed", "a") == ["c"]


EIGHT = [
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"normalized_discounted_cumulative_gain_at_{cut}" for cut in (10, 25, 5)),
    *(f"precision_at_{cut}" for cut in (10, 25, 5)),
]
WEIGHTED = [f"normalized_discounted_cumulative_gain_with_event_weights_at_{cut}" for cut in (10, 25, 5)]


@pytest.mark.parametrize(
    ("order", "more"),
    [
        (ordered(UP), []),
        (ordered("aws-sims"), []),
        (ordered("aws-personalized-ranking-v2"), []),
        (ordered("aws-popularity-count"), []),
        (ordered("aws-ecomm-recommended-for-you"), []),
        (ordered("aws-trending-now"), ["trend_prediction_accuracy"]),
        (ordered(V2, events=(EventRule("Buy"), EventRule("View", weight=0.1))), WEIGHTED),
        (ordered(UP, objective=Objective("PRICE", 0.0)), ["average_rewards_at_k"]),
    ],
    ids=lambda value: value.recipe if isinstance(value, TrainingOrder) else f"{len(value)} more",
)
def test_every_kind_of_recipe_has_its_metrics(tmp_path: Path, order: TrainingOrder, more: list[str]) -> None:
    report = trained(tmp_path, order, after_a(), PRICES)

    assert list(report.metrics) == sorted([*EIGHT, *more])
    model = recommenders.load(ModelFiles(tmp_path / "model").model)
    choice = recommenders.choice_of(model)
    assert report.choice == (None if choice is None else choice.to_json())
    assert (report.choice is None) == (order.recipe in ("aws-sims", "aws-popularity-count", "aws-trending-now"))


def test_only_the_types_that_are_listed_count_and_only_from_their_value_on() -> None:
    table = events([("u", item, kind) for item, kind in zip("abcdef", ["Buy", "View", "Share"] * 2, strict=True)])

    chosen, weights = weighed_events(table, (EventRule("Buy", 2.0, 0.5), EventRule("Share", None, 0.25)))

    assert list(zip(chosen["ITEM_ID"].to_pylist(), weights.tolist(), strict=True)) == [
        ("d", 0.5),
        ("c", 0.25),
        ("f", 0.25),
    ]
    assert interactions_of(chosen, weights).weight.tolist() == [0.25, 0.5, 0.25]  # type: ignore[union-attr] # has some


def test_too_few_events_of_the_listed_types_are_told_with_their_names(tmp_path: Path) -> None:
    order = ordered(V2, events=(EventRule("Buy"), EventRule("Share")))

    with pytest.raises(TrainingRefused, match="after filtering by event type: Buy, Share"):
        trained(tmp_path, order, after_a())


def test_an_objective_draws_recommendations_to_what_brings_more(tmp_path: Path) -> None:
    priced = ordered(UP, objective=Objective("PRICE", 1.0))

    trained(tmp_path / "plain", ordered(UP), after_a(), PRICES)
    trained(tmp_path / "off", replace(priced, objective=Objective("PRICE", 0.0)), after_a(), PRICES)
    trained(tmp_path / "high", priced, after_a(), PRICES)

    assert best_after(tmp_path / "plain", "a") == best_after(tmp_path / "off", "a") == ["b"]
    assert best_after(tmp_path / "high", "a") == ["c"]


def test_a_reward_weighs_by_its_ratio_to_the_mean() -> None:
    interactions = interactions_of(after_a())

    rewards = np.array([-3.0, 0.0, 9.0])
    half = rewarded(interactions, rewards, 0.5, mean_reward(interactions, rewards))

    # one in six events is on c, whose reward is six times the mean
    assert half.weight is not None
    by_item = {str(interactions.item_ids[item]): float(w) for item, w in zip(half.item, half.weight, strict=True)}
    assert by_item == pytest.approx({"a": 0.5, "b": 0.5, "c": 3.5})
    nothing = np.zeros(3)
    assert rewarded(interactions, nothing, 0.5, mean_reward(interactions, nothing)).weight is None


def pairs() -> pa.Table:
    """150 pairs of items, each bought together by four users."""
    return events([row for n in range(600) for row in ((f"u{n}", f"p{n // 4}", "Buy"), (f"u{n}", f"q{n // 4}", "Buy"))])


def test_a_search_finds_what_is_best_on_users_that_it_does_not_train_on(tmp_path: Path) -> None:
    # pairs that few have bought together are neighbours only where few are enough
    tuning = Tuning(jobs=8, integers={"min_cointeraction_count": (0, 10)})

    plain = trained(tmp_path / "plain", ordered("aws-sims"), pairs())
    tuned = trained(tmp_path / "tuned", ordered("aws-sims", tuning=tuning), pairs())
    again = trained(tmp_path / "again", ordered("aws-sims", tuning=tuning), pairs())

    assert plain.tuned == {}
    assert int(tuned.tuned["min_cointeraction_count"]) < 3
    assert tuned.metrics["precision_at_5"] > plain.metrics["precision_at_5"]
    assert (again.tuned, again.metrics) == (tuned.tuned, tuned.metrics)


def test_hyperparameters_that_mean_nothing_here_are_searched_at_no_price_and_stay_as_they_are(tmp_path: Path) -> None:
    tuning = Tuning(integers={"hidden_dimension": (32, 256), "bptt": (2, 8)})

    plain = trained(tmp_path / "plain", ordered(UP), after_a())
    tuned = trained(tmp_path / "tuned", ordered(UP, tuning=tuning), after_a())

    assert tuned.tuned["hidden_dimension"] == "149"
    assert 2 <= int(tuned.tuned["bptt"]) <= 8
    assert tuned.metrics == plain.metrics
    assert best_after(tmp_path / "tuned", "a", k=2) == best_after(tmp_path / "plain", "a", k=2)


def test_candidates_are_within_their_ranges_and_as_many_as_are_asked_for() -> None:
    tuning = Tuning(4, {"i": (3, 5)}, {"n": (0.2, 0.4)}, {"c": ["x", "y"]})

    drawn = list(tuning.candidates({"i": "9", "n": "0.25", "c": "Y"}, seed=1))

    assert len(drawn) == 4
    assert all(tuning.holds(name, value) for candidate in drawn for name, value in candidate.items())
    assert (drawn[0]["n"], drawn[0]["c"]) == ("0.25", "Y")
    assert drawn == list(tuning.candidates({"i": "9", "n": "0.25", "c": "Y"}, seed=1))
    assert len(list(Tuning(40, {"i": (3, 5)}).candidates({"i": "3"}, seed=1))) == 10


def test_columns_that_are_left_out_teach_nothing(tmp_path: Path) -> None:
    # nobody has had `new`, which has its genre in common with b
    items = pa.table({"ITEM_ID": ["a", "b", "c", "new"], "GENRE": ["x", "y", "x", "y"]})

    trained(tmp_path / "with", ordered("aws-similar-items", item_fields=MetadataFields(("GENRE",))), after_a(), items)
    trained(tmp_path / "without", ordered("aws-similar-items"), after_a(), items)

    assert best_after(tmp_path / "with", "new") == ["b"]
    assert best_after(tmp_path / "without", "new") == ["a"]


def test_metrics_are_of_answers_under_the_circumstances_that_are_served(tmp_path: Path) -> None:
    # what is had next is a matter of the device alone
    draw = np.random.default_rng(0)
    devices = draw.integers(2, size=2000).tolist()
    rows = [(f"u{n // 10:03d}", f"{'pt'[device]}{draw.integers(30)}", "View") for n, device in enumerate(devices)]
    log = events(rows).append_column("DEVICE", pa.array([str(device) for device in devices]))

    alone = trained(tmp_path / "alone", ordered(UP), log)
    found = trained(tmp_path / "device", ordered(UP, context_fields=MetadataFields(("DEVICE",))), log)

    key = "mean_reciprocal_rank_at_25"
    assert found.metrics[key] > 1.3 * alone.metrics[key]


def test_what_follows_in_new_events_alone_is_recommended_after_an_update_and_was_not_before(tmp_path: Path) -> None:
    trained(tmp_path / "old", ordered(UP), after_a())
    # by now all turn from b to c, those whom the training saw and others
    late = [("u1", "c", "View"), *[(f"w{n}", item, "View") for n in range(300) for item in "bc"]]
    now, again = _later(after_a(), events(late)), events([(f"x{n}", item, "View") for n in range(900) for item in "ba"])

    for old, new, table in (("old", "new", now), ("new", "newer", _later(now, again))):
        (tmp_path / new).mkdir()
        model_files(tmp_path / old).link(base_files(tmp_path / new))
        trained(tmp_path / new, ordered(UP, extends=True), table, PRICES)

    assert best_after(tmp_path / "old", "b") == ["a"]
    assert best_after(tmp_path / "new", "b") == ["c"]
    assert best_after(tmp_path / "new", "a") == best_after(tmp_path / "old", "a") == ["b"]
    # an update of the update
    assert best_after(tmp_path / "newer", "b") == ["a"]


def test_an_update_with_an_objective_weighs_new_events_by_it(tmp_path: Path) -> None:
    order = ordered(UP, objective=Objective("PRICE", 1.0))
    trained(tmp_path / "old", order, after_a(), PRICES)
    (tmp_path / "new").mkdir()
    model_files(tmp_path / "old").link(base_files(tmp_path / "new"))
    # nine in ten turn from b to a, but c brings more
    late = events([(f"w{n}", item, "View") for n in range(900) for item in ("b", "a" if n % 10 else "c")])

    trained(tmp_path / "new", replace(order, extends=True), _later(after_a(), late), PRICES)

    assert best_after(tmp_path / "new", "b") == ["c"]


def test_what_brings_more_weighs_as_much_in_updates_as_in_the_training(tmp_path: Path) -> None:
    order = ordered(UP, objective=Objective("PRICE", 0.5))
    trained(tmp_path / "0", order, after_a(), PRICES)
    table = after_a()
    # c after b alone, twice: the mean reward of all events rises
    for step in (1, 2):
        table = _later(table, events([(f"w{step}-{n}", item, "View") for n in range(300) for item in "bc"]))
        (tmp_path / f"{step}").mkdir()
        model_files(tmp_path / f"{step - 1}").link(base_files(tmp_path / f"{step}"))
        trained(tmp_path / f"{step}", replace(order, extends=True), table, PRICES)

    # in the targets of the shorter decay, each user adds the weight of c to the cell of what they had before
    targets = KeptSums.load(model_files(tmp_path / "2").sums).equations.targets
    had_c = recommenders.load(model_files(tmp_path / "0").model, recommenders.SequenceRidgeModel).popularity.users[2]
    assert targets[2, 1] / 600 == pytest.approx(targets[2, 0] / had_c, rel=1e-4)


def _later(first: pa.Table, then: pa.Table) -> pa.Table:
    """Both, the second after the first."""
    times = pa.array([first.num_rows + n for n in range(then.num_rows)], pa.int64())
    then = then.set_column(then.column_names.index("TIMESTAMP"), "TIMESTAMP", times)
    return pa.concat_tables([first, then]).unify_dictionaries()


def _as_of_an_earlier_version(files: ModelFiles) -> None:
    """Without sums and circumstances."""
    files.sums.unlink()
    with np.load(files.model) as kept:
        arrays = {name: kept[name] for name in kept.files if not name.startswith("circumstances")}
    with files.model.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    # beside it first: the records that are read are those of the file
    write_records(files.histories.with_suffix(".old"), read_records(files.histories).drop_columns("CIRCUMSTANCES"))
    files.histories.with_suffix(".old").replace(files.histories)


def test_a_model_of_an_earlier_version_is_brought_up_to_date_with_new_items_and_events_and_keeps_its_weights(
    tmp_path: Path,
) -> None:
    trained(tmp_path / "old", ordered(UP), after_a())
    _as_of_an_earlier_version(model_files(tmp_path / "old"))
    before = recommenders.load(ModelFiles(tmp_path / "old" / "model").model)
    (tmp_path / "new").mkdir()
    model_files(tmp_path / "old").link(base_files(tmp_path / "new"))
    # c is the rule by now, for whoever would train again
    more = pa.concat_tables([after_a(), events([("late", "0", "View"), *[(f"w{n}", "c", "View") for n in range(900)]])])

    report = trained(tmp_path / "new", ordered(UP, extends=True), more.unify_dictionaries(), PRICES)

    files = ModelFiles(tmp_path / "new" / "model")
    after = recommenders.load(files.model)
    assert report.metrics == {}
    assert after.item_ids.tolist() == ["0", "a", "b", "c"]
    old, new = (model.recommend(locate(model.item_ids, ["a"]), 3) for model in (before, after))
    assert after.item_ids[new[0]].tolist() == before.item_ids[old[0]].tolist()
    histories = load_histories(files.histories, after.item_ids)
    assert histories.of("late").tolist() == [0]
    assert histories.circumstances("late") == ()


@pytest.mark.parametrize("recipe", ["aws-item-affinity", "aws-item-attribute-affinity"])
def test_segments_are_measured_by_three_figures_and_answered_from_all_that_users_did(
    tmp_path: Path, recipe: str
) -> None:
    items = pa.table({"ITEM_ID": ["a", "b", "c"], "GENRE": ["x", "y", "z"]})
    rows = [(f"u{n:03d}", item, "View") for n in range(200) for item in ("abababab" if n % 2 else "cccccccc")]

    report = trained(tmp_path, ordered(recipe, item_fields=MetadataFields(("GENRE",))), events(rows), items)

    assert list(report.metrics) == ["coverage", "hits_at_1_percent", "recall_at_1_percent"]
    assert report.metrics["recall_at_1_percent"] == 1.0
    model = recommenders.load(ModelFiles(tmp_path / "model").model, SegmentModel)
    assert len(model.items) == 1600
    fans = model.user_ids[model.users_for(locate(model.item_ids, ["c"]), 100)]
    assert all(int(str(user)[1:]) % 2 == 0 for user in fans)


def test_segments_by_attribute_need_records_of_items(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="needs an Items dataset with records"):
        trained(tmp_path, ordered("aws-item-attribute-affinity"), after_a())


BOOKS = pa.table(
    {
        "ITEM_ID": ["cook", "bake", "stars", "moons"],
        "TITLE": ["The Italian kitchen", "Baking bread", "A field guide to stars", "Moons of Jupiter"],
        "PLOT": [
            "cooking pasta and bread",
            "bread from a stone oven",
            "telescopes and planets",
            "planets and telescopes",
        ],
        "CREATION_TIMESTAMP": pa.array([100, 200, 300, 400], pa.int64()),
    }
)
TEXTS = MetadataFields(texts=("TITLE", "PLOT"), created=True)


def test_texts_alone_are_enough_to_find_what_means_similar_things(tmp_path: Path) -> None:
    tmp_path.joinpath("alone").mkdir()
    write_records(records_path(tmp_path / "alone", "ITEMS"), BOOKS)
    ordered("aws-semantic-similarity", item_fields=TEXTS).write(tmp_path / "alone")

    train(tmp_path / "alone")

    assert best_after(tmp_path / "alone", "cook") == ["bake"]
    assert best_after(tmp_path / "alone", "stars") == ["moons"]
    model = recommenders.load(ModelFiles(tmp_path / "alone" / "model").model, SemanticSimilarityModel)
    assert dict(zip(model.item_ids.tolist(), model.fresh.tolist(), strict=True))["moons"] == 1.0


def test_few_interactions_say_what_is_popular_beside_the_texts(tmp_path: Path) -> None:
    few = events([(f"u{n}", item, "View") for n in range(3) for item in ("moons", "stars")][:5])

    trained(tmp_path, ordered("aws-semantic-similarity", item_fields=TEXTS), few, BOOKS)

    model = recommenders.load(ModelFiles(tmp_path / "model").model, SemanticSimilarityModel)
    popular = dict(zip(model.item_ids.tolist(), model.popular.tolist(), strict=True))
    assert popular["moons"] == 1.0
    assert 0 < popular["stars"] < 1
    assert popular["cook"] == 0
    assert best_after(tmp_path, "cook") == ["bake"]


def test_semantic_similarity_needs_records_of_items(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="needs an Items dataset with records"):
        trained(tmp_path, ordered("aws-semantic-similarity"), after_a())


ACTIONS = pa.table({"ACTION_ID": ["join", "rest", "sell"], "VALUE": pa.array([10, None, 5], pa.int64())})


def met(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    """Action interactions, later than all of `after_a`."""
    table = events(rows).drop_columns(["EVENT_VALUE"])
    table = table.set_column(2, "TIMESTAMP", pa.array(range(10_000, 10_000 + len(rows)), pa.int64()))
    return table.rename_columns(["ACTION_ID" if name == "ITEM_ID" else name for name in table.column_names])


def test_actions_are_learned_from_what_users_did_with_them(tmp_path: Path) -> None:
    # those who have c join, the others do not; nobody has met `rest`
    who = [(f"u{n}", n % 3 == 0) for n in range(600)]
    write_records(records_path(tmp_path, "ACTIONS"), ACTIONS)
    rows = [(user, "join", "Taken" if has_c else "Not Taken") for user, has_c in who]
    write_records(records_path(tmp_path, "ACTION_INTERACTIONS"), met(rows))

    report = trained(tmp_path, ordered("aws-next-best-action"), after_a())

    assert list(report.metrics) == ["area_under_the_curve", "coverage", "precision", "recall"]
    assert report.metrics["coverage"] == pytest.approx(1 / 3, abs=1e-4)
    assert report.metrics["area_under_the_curve"] > 0.9
    model = recommenders.load(ModelFiles(tmp_path / "model").model, ActionModel)
    nothing = np.empty(0, dtype=np.int32)
    joins, others = (model.propensities(locate(model.item_ids, ["a", item]), nothing) for item in ("c", "b"))
    assert model.action_ids.tolist() == ["join", "rest", "sell"]
    assert joins[0] > 0.5 > others[0]
    assert joins[1] == joins[2] == 0.0


def test_a_model_of_actions_is_brought_up_to_date_with_new_actions(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write_records(records_path(tmp_path / "old", "ACTIONS"), ACTIONS)
    rows = [(f"u{n}", "join", "Taken" if n % 3 == 0 else "Not Taken") for n in range(600)]
    write_records(records_path(tmp_path / "old", "ACTION_INTERACTIONS"), met(rows))
    trained(tmp_path / "old", ordered("aws-next-best-action"), after_a())
    (tmp_path / "new").mkdir()
    ModelFiles(tmp_path / "old" / "model").link(base_files(tmp_path / "new"))
    more = pa.table({"ACTION_ID": ["call", "join"], "VALUE": pa.array([3, 9], pa.int64())})
    write_records(records_path(tmp_path / "new", "ACTIONS"), more)

    report = trained(tmp_path / "new", ordered("aws-next-best-action", extends=True), after_a())

    nothing = np.empty(0, dtype=np.int32)
    old, new = (recommenders.load(ModelFiles(tmp_path / age / "model").model, ActionModel) for age in ("old", "new"))
    assert report.metrics == {}
    assert new.action_ids.tolist() == ["call", "join", "rest", "sell"]
    assert new.propensities(nothing, nothing).tolist()[:2] == [0.0, old.propensities(nothing, nothing)[0]]


def test_without_action_interactions_no_action_has_a_propensity(tmp_path: Path) -> None:
    write_records(records_path(tmp_path, "ACTIONS"), ACTIONS)

    report = trained(tmp_path, ordered("aws-next-best-action"), after_a())

    assert set(report.metrics.values()) == {0.0}
    model = recommenders.load(ModelFiles(tmp_path / "model").model, ActionModel)
    assert model.values.tolist()[::2] == [10.0, 5.0]
    assert not model.rates.any()


def test_actions_need_records_of_actions_and_a_thousand_interactions_with_items(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="needs an Actions dataset with records"):
        trained(tmp_path, ordered("aws-next-best-action"), after_a())
    with pytest.raises(TrainingRefused, match="fewer than 1000 interactions"):
        trained(tmp_path, ordered("aws-next-best-action"), after_a().slice(0, 999))
