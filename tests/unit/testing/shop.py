"""A shop whose users like cats or dogs, and the steps from its events to a campaign, by whatever client a test has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tastemaker.testing import await_active

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

ROLE = "arn:aws:iam::123456789012:role/reader"
BUCKET, KEY = "shop", "events.csv"
LOCATION = f"s3://{BUCKET}/{KEY}"
SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
        ],
    }
)


def events() -> str:
    """1,000 events as CSV: 50 users of each kind, each of whom walks through ten of the twelve things of that kind."""
    rows = [
        f"{kind}-lover-{user},{kind}-thing-{(user + step) % 12},{1_600_000_000 + step}"
        for kind in ("cat", "dog")
        for user in range(50)
        for step in range(10)
    ]
    return "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows])


def group_of(control: PersonalizeClient) -> str:
    """An ACTIVE dataset group without datasets."""
    group = control.create_dataset_group(name="shop")["datasetGroupArn"]
    await_active(control, group)
    return group


def import_into(control: PersonalizeClient, group: str) -> str:
    """A dataset import job that has just begun to read LOCATION."""
    schema = control.create_schema(name="events", schema=SCHEMA)["schemaArn"]
    dataset = control.create_dataset(
        name="events", datasetGroupArn=group, schemaArn=schema, datasetType="Interactions"
    )["datasetArn"]
    await_active(control, dataset)
    return control.create_dataset_import_job(
        jobName="load", datasetArn=dataset, dataSource={"dataLocation": LOCATION}, roleArn=ROLE
    )["datasetImportJobArn"]


def campaign_of(control: PersonalizeClient) -> str:
    """An ACTIVE campaign of a model that was trained on LOCATION."""
    group = group_of(control)
    await_active(control, import_into(control, group))
    return campaign_in(control, group, "aws-user-personalization")


def campaign_in(control: PersonalizeClient, group: str, recipe: str) -> str:
    """An ACTIVE campaign of a model of the recipe, trained on what the dataset group has."""
    solution = control.create_solution(
        name="you",
        datasetGroupArn=group,
        recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        performAutoTraining=False,
    )["solutionArn"]
    await_active(control, solution)
    version = control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    await_active(control, version)
    campaign = control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    await_active(control, campaign)
    return campaign


def kinds_recommended(runtime: PersonalizeRuntimeClient, campaign: str, user: str) -> set[str]:
    """Whether the five things that `user` is recommended are for cats, for dogs or for both."""
    answer = runtime.get_recommendations(campaignArn=campaign, userId=user, numResults=5)
    assert len(answer["itemList"]) == 5
    return {item["itemId"].partition("-")[0] for item in answer["itemList"]}
