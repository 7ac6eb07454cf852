"""A dataset of items or users gets another schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.personalize.scene import ARN, INTERACTIONS, Scene, refused

TITLE = {"name": "TITLE", "type": ["null", "string"]}
COLOUR = {"name": "COLOUR", "type": ["string", "null"], "categorical": True}


def items(*fields: dict[str, Any]) -> str:
    listed = [{"name": "ITEM_ID", "type": "string"}, *fields]
    return json.dumps(
        {"type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema", "fields": listed}
    )


@pytest.fixture
def dataset(scene: Scene) -> str:
    """An ACTIVE dataset of items with a title."""
    group, schema = scene.group(), scene.schema("items-v1", items(TITLE))
    made = scene.control.create_dataset(name="items", datasetGroupArn=group, schemaArn=schema, datasetType="ITEMS")
    scene.until_active(lambda: scene.control.describe_dataset(datasetArn=made["datasetArn"])["dataset"])
    return made["datasetArn"]


def test_the_update_passes_through_its_states_and_then_the_schema_is_the_new_one(scene: Scene, dataset: str) -> None:
    old = f"{ARN}:schema/items-v1"
    new = scene.schema("items-v2", items(TITLE, COLOUR))
    scene.control.update_dataset(datasetArn=dataset, schemaArn=new)

    seen = [scene.control.describe_dataset(datasetArn=dataset)["dataset"] for _ in range(3)]

    assert [(shown["status"], shown["latestDatasetUpdate"]["status"], shown["schemaArn"]) for shown in seen] == [
        ("UPDATE PENDING", "CREATE PENDING", old),
        ("UPDATE IN_PROGRESS", "CREATE IN_PROGRESS", old),
        ("ACTIVE", "ACTIVE", new),
    ]
    assert seen[-1]["latestDatasetUpdate"]["schemaArn"] == new


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([COLOUR], "TITLE"),
        ([{**TITLE, "type": "string"}], "keep it unchanged"),
        ([TITLE, {**COLOUR, "type": "string"}], "COLOUR must allow null"),
    ],
)
def test_a_schema_that_does_not_extend_the_old_one_is_refused(
    scene: Scene, dataset: str, fields: list[dict[str, Any]], words: str
) -> None:
    new = scene.schema("items-v2", items(*fields))
    with refused("InvalidInputException", words):
        scene.control.update_dataset(datasetArn=dataset, schemaArn=new)


def test_a_second_update_waits_for_the_first(scene: Scene, dataset: str) -> None:
    new = scene.schema("items-v2", items(TITLE, COLOUR))
    scene.control.update_dataset(datasetArn=dataset, schemaArn=new)
    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.update_dataset(datasetArn=dataset, schemaArn=new)


def test_the_schema_that_a_dataset_is_being_updated_to_stays(scene: Scene, dataset: str) -> None:
    new = scene.schema("items-v2", items(TITLE, COLOUR))
    scene.control.update_dataset(datasetArn=dataset, schemaArn=new)

    with refused("ResourceInUseException", dataset):
        scene.control.delete_schema(schemaArn=new)


def test_interactions_keep_their_schema(scene: Scene) -> None:
    dataset = scene.dataset()
    with refused("InvalidInputException", "only ITEMS and USERS can change"):
        scene.control.update_dataset(datasetArn=dataset, schemaArn=scene.schema("events-v2", INTERACTIONS))


def test_a_schema_of_another_type_is_refused(scene: Scene, dataset: str) -> None:
    with refused("InvalidInputException", "describes INTERACTIONS, not ITEMS"):
        scene.control.update_dataset(datasetArn=dataset, schemaArn=scene.schema("events", INTERACTIONS))
