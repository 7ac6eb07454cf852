"""A shop with datasets on which every recipe could be trained, and the configurations of its solutions."""

from __future__ import annotations

import json
from typing import Any

from tastemaker.recommenders import RECIPES
from tests.unit.personalize.scene import ARN, RECIPE, Scene

UP, V2, RANKING_V2 = "aws-user-personalization", "aws-user-personalization-v2", "aws-personalized-ranking-v2"
GROUP = f"{ARN}:dataset-group/shop"
EVERY_RECIPE = (*RECIPES, "aws-semantic-similarity", "aws-next-best-action", "aws-item-attribute-affinity")


def avro(name: str, *fields: dict[str, Any]) -> str:
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "version": "1.0",
            "fields": list(fields),
        }
    )


def text(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "string", **more}


EVENTS = avro(
    "Interactions",
    text("USER_ID"),
    text("ITEM_ID"),
    {"name": "TIMESTAMP", "type": "long"},
    text("EVENT_TYPE"),
    {"name": "EVENT_VALUE", "type": "float"},
    text("DEVICE", categorical=True),
)
ITEMS = avro(
    "Items",
    text("ITEM_ID"),
    text("GENRES", categorical=True),
    {"name": "PRICE", "type": "float"},
    {"name": "RATING", "type": ["null", "float"]},
    text("TITLE"),
)
TEXTS = avro("Items", text("ITEM_ID"), text("TITLE", itemName=True), text("PLOT", textual=True))
ACTIONS = avro("Actions", text("ACTION_ID"), {"name": "VALUE", "type": "long"})


def add_dataset(scene: Scene, dataset_type: str, schema: str) -> None:
    arn = scene.control.create_dataset(
        name=dataset_type.lower(),
        datasetGroupArn=GROUP,
        schemaArn=scene.schema(dataset_type.lower(), schema),
        datasetType=dataset_type,
    )["datasetArn"]
    scene.until_active(lambda: scene.control.describe_dataset(datasetArn=arn)["dataset"])


def with_data(scene: Scene) -> Scene:
    add_dataset(scene, "INTERACTIONS", EVENTS)
    add_dataset(scene, "ITEMS", ITEMS)
    return scene


def create(scene: Scene, recipe: str = "aws-user-personalization", name: str = "s", **more: Any) -> str:
    return scene.control.create_solution(name=name, datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{recipe}", **more)[
        "solutionArn"
    ]


def describe(scene: Scene, arn: str) -> Any:
    return scene.control.describe_solution(solutionArn=arn)["solution"]


def active(scene: Scene, recipe: str = "aws-user-personalization", **more: Any) -> str:
    arn = create(scene, recipe, performAutoTraining=False, **more)
    scene.until_active(lambda: describe(scene, arn))
    return arn


def hpo(**ranges: list[dict[str, Any]]) -> dict[str, Any]:
    lists = {f"{kind}HyperParameterRanges": ranges.get(kind, []) for kind in ("integer", "continuous", "categorical")}
    return {"performHPO": True, "solutionConfig": {"hpoConfig": {"algorithmHyperParameterRanges": lists}}}


def resources(**given: str) -> dict[str, Any]:
    return {"performHPO": True, "solutionConfig": {"hpoConfig": {"hpoResourceConfig": given}}}


def events(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"solutionConfig": {"eventsConfig": {"eventParametersList": list(entries)}}}


def columns(**given: dict[str, list[str]]) -> dict[str, Any]:
    return {"solutionConfig": {"trainingDataConfig": {f"{kind}DatasetColumns": map_ for kind, map_ in given.items()}}}


def objective(**given: str) -> dict[str, Any]:
    return {"solutionConfig": {"optimizationObjective": given}}
