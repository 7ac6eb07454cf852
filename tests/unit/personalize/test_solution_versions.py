"""Solution versions: what their trainings are told, bringing a model up to date, and what a search has found."""

from __future__ import annotations

from typing import Any

import pytest

from tastemaker.personalize.metadata import MetadataFields
from tastemaker.personalize.training_spec import EventRule, Objective
from tests.unit.personalize.scene import METRICS, Scene, refused
from tests.unit.personalize.solution_scene import (
    ITEMS,
    UP,
    V2,
    active,
    add_dataset,
    avro,
    columns,
    events,
    hpo,
    objective,
    text,
    with_data,
)


def train(scene: Scene, solution: str, **more: Any) -> str:
    arn = scene.control.create_solution_version(solutionArn=solution, **more)["solutionVersionArn"]
    scene.jobs.succeed()
    scene.until_active(lambda: scene.describe_version(arn))
    return arn


def begun(scene: Scene, solution: str, **more: Any) -> Any:
    """What the jobs are told of a training that begins."""
    scene.control.create_solution_version(solutionArn=solution, **more)
    return scene.jobs.trainings[-1][1]


def test_a_training_is_told_the_weights_of_events(shop: Scene) -> None:
    config = events({"eventType": "Buy", "eventValueThreshold": 2.5}, {"eventType": "View", "weight": 0.25})

    spec = begun(shop, active(with_data(shop), V2, **config))

    assert spec.events == (EventRule("Buy", 2.5, 1.0), EventRule("View", None, 0.25))


def test_a_training_is_told_the_objective(shop: Scene) -> None:
    spec = begun(shop, active(with_data(shop), **objective(itemAttribute="PRICE", objectiveSensitivity="HIGH")))

    assert spec.objective == Objective("PRICE", 1.0)


@pytest.mark.parametrize(
    ("given", "learned"),
    [
        ({}, MetadataFields(("GENRES",), ("PRICE", "RATING"))),
        (columns(excluded={"ITEMS": ["GENRES", "RATING"]}), MetadataFields((), ("PRICE",))),
        (columns(included={"items": ["GENRES"]}), MetadataFields(("GENRES",), ())),
        (columns(included={"INTERACTIONS": ["DEVICE"]}), MetadataFields(("GENRES",), ("PRICE", "RATING"))),
    ],
)
def test_a_training_learns_from_the_chosen_columns(shop: Scene, given: Any, learned: MetadataFields) -> None:
    assert begun(shop, active(with_data(shop), **given)).item_fields == learned


def test_columns_that_come_after_a_solution_are_not_its_own(shop: Scene) -> None:
    before = active(with_data(shop), name="before")
    items = shop.control.list_datasets()["datasets"][0]["datasetArn"]
    longer = avro(
        "Items",
        text("ITEM_ID"),
        text("GENRES", categorical=True),
        {"name": "PRICE", "type": "float"},
        {"name": "RATING", "type": ["null", "float"]},
        text("TITLE"),
        {"name": "YEAR", "type": ["null", "int"]},
    )
    shop.control.update_dataset(datasetArn=items, schemaArn=shop.schema("longer", longer))
    shop.until_active(lambda: shop.control.describe_dataset(datasetArn=items)["dataset"]["latestDatasetUpdate"])

    after = active(shop, name="after")

    assert begun(shop, before).item_fields.numbers == ("PRICE", "RATING")
    assert begun(shop, after).item_fields.numbers == ("PRICE", "RATING", "YEAR")


def test_a_dataset_that_comes_after_a_solution_is_learned_from(shop: Scene) -> None:
    add_dataset(shop, "INTERACTIONS", avro("Interactions", text("USER_ID"), text("ITEM_ID"), TIMESTAMP))
    solution = active(shop)
    add_dataset(shop, "ITEMS", ITEMS)

    assert begun(shop, solution).item_fields.categories == ("GENRES",)


TIMESTAMP = {"name": "TIMESTAMP", "type": "long"}


def test_a_search_is_told_its_ranges_and_what_it_finds_is_shown(shop: Scene) -> None:
    ranges = hpo(
        integer=[{"name": "bptt", "minValue": 4, "maxValue": 8}],
        categorical=[{"name": "recency_mask", "values": ["True", "False"]}],
    )
    ranges["solutionConfig"]["hpoConfig"]["hpoResourceConfig"] = {"maxNumberOfTrainingJobs": "3"}
    solution = active(with_data(shop), **ranges)
    shop.jobs.tuned = {"bptt": "5", "recency_mask": "False"}

    version = shop.describe_version(train(shop, solution))

    tuning = shop.jobs.trainings[-1][1].tuning
    assert tuning is not None
    assert tuning.jobs == 3
    assert (tuning.integers, tuning.choices) == ({"bptt": (4, 8)}, {"recency_mask": ["True", "False"]})
    assert version["performHPO"] is True
    assert version["tunedHPOParams"] == {"algorithmHyperParameters": {"bptt": "5", "recency_mask": "False"}}
    assert version["solutionConfig"] == ranges["solutionConfig"]


def test_a_search_without_ranges_varies_all_that_the_recipe_can_tune(shop: Scene) -> None:
    tuning = begun(shop, active(with_data(shop), performHPO=True)).tuning

    assert tuning.integers == {"bptt": (2, 32), "hidden_dimension": (32, 256)}
    assert list(tuning.choices) == ["recency_mask"]
    assert begun(shop, active(shop, name="plain")).tuning is None


def test_an_update_brings_the_latest_full_version_up_to_date(shop: Scene) -> None:
    solution = active(with_data(shop))
    with refused("InvalidInputException", "no ACTIVE solution version of trainingMode FULL"):
        shop.control.create_solution_version(solutionArn=solution, trainingMode="UPDATE")
    train(shop, solution)
    full = train(shop, solution)
    shop.jobs.metrics = {}

    update = train(shop, solution, trainingMode="UPDATE")
    again = train(shop, solution, trainingMode="UPDATE")

    assert shop.describe_version(update)["trainingMode"] == "UPDATE"
    for _, spec in shop.jobs.trainings[-2:]:
        assert spec.extends is not None
        assert spec.extends.name == full.rpartition("/")[2]
    assert shop.control.get_solution_metrics(solutionVersionArn=again)["metrics"] == METRICS


def test_only_the_latest_full_version_keeps_what_an_update_adds_to(shop: Scene) -> None:
    solution = active(with_data(shop))
    first = train(shop, solution)
    assert shop.jobs.without_sums == []

    train(shop, solution)
    assert {path.name for path in shop.jobs.without_sums} == {first.rpartition("/")[2]}
    shop.jobs.without_sums.clear()
    update = train(shop, solution, trainingMode="UPDATE")

    assert {path.name for path in shop.jobs.without_sums} == {each.rpartition("/")[2] for each in (first, update)}


def test_only_user_personalization_is_updated_and_nobody_asks_for_autotrain(shop: Scene) -> None:
    solution = active(with_data(shop), V2)
    train(shop, solution)
    with refused("InvalidInputException", "trainingMode UPDATE is only for aws-user-personalization,"):
        shop.control.create_solution_version(solutionArn=solution, trainingMode="UPDATE")
    with refused("InvalidInputException", "trainingMode AUTOTRAIN"):
        shop.control.create_solution_version(solutionArn=solution, trainingMode="AUTOTRAIN")


def test_a_training_that_nobody_looked_at_ends_all_the_same(shop: Scene) -> None:
    solution = active(with_data(shop), UP)
    shop.control.create_solution_version(solutionArn=solution)
    shop.jobs.succeed()
    shop.clock.advance(60)

    campaign = shop.control.create_campaign(name="live", solutionVersionArn=f"{solution}/$LATEST")

    assert campaign["campaignArn"].endswith("campaign/live")
