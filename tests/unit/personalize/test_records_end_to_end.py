"""Items from PutItems to recommendations, with the real import, the real training and the real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tastemaker.testing import await_active
from tests.unit.testing.shop import BUCKET, KEY, ROLE, campaign_in, events, group_of, import_into

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

ITEMS = json.dumps(
    {
        "type": "record",
        "name": "Items",
        "version": "1.0",
        "fields": [
            {"name": "ITEM_ID", "type": "string"},
            {"name": "KIND", "type": ["null", "string"], "categorical": True},
        ],
    }
)


@pytest.mark.parametrize("imported", [False, True])
def test_items_that_were_put_are_recommended_after_the_next_training(tmp_path: Path, imported: bool) -> None:
    objects = MemoryObjects({})
    objects.store(BUCKET, KEY, events().encode())
    personalize = Personalize(objects=objects, data_dir=tmp_path)
    control = client(personalize, "personalize")
    group = group_of(control)
    await_active(control, import_into(control, group))
    items = made_items(control, group)
    if imported:
        objects.store(BUCKET, "items.csv", b"ITEM_ID,KIND\ncat-thing-0,dog\nbird-thing,bird")
        job = control.create_dataset_import_job(
            jobName="items", datasetArn=items, dataSource={"dataLocation": f"s3://{BUCKET}/items.csv"}, roleArn=ROLE
        )["datasetImportJobArn"]
        await_active(control, job)
    records = [{"itemId": id_, "properties": json.dumps({"kind": "cat"})} for id_ in ("cat-thing-0", "cat-thing-new")]
    put: Any = client(personalize, "personalize-events")
    put.put_items(datasetArn=items, items=records)

    campaign = campaign_in(control, group, "aws-popularity-count")
    cats = control.create_filter(
        name="cats", datasetGroupArn=group, filterExpression='INCLUDE ItemID WHERE Items.KIND IN ("cat")'
    )["filterArn"]
    await_active(control, cats)

    runtime = client(personalize, "personalize-runtime")
    answers = [
        {item["itemId"] for item in runtime.get_recommendations(campaignArn=campaign, userId="u", **more)["itemList"]}
        for more in ({"numResults": 100}, {"filterArn": cats})
    ]
    assert len(answers[0]) == 24 + 1 + imported
    assert {"cat-thing-new", *({"bird-thing"} if imported else ())} < answers[0]
    assert answers[1] == {"cat-thing-0", "cat-thing-new"}
    personalize.close()


def made_items(control: PersonalizeClient, group: str) -> str:
    schema = control.create_schema(name="items", schema=ITEMS)["schemaArn"]
    arn = control.create_dataset(name="items", datasetGroupArn=group, schemaArn=schema, datasetType="Items")[
        "datasetArn"
    ]
    await_active(control, arn)
    return arn
