"""Events from PutEvents to recommendations, with the real import, the real training and the real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tastemaker.testing import await_active, embedded_aws
from tests.unit.testing.shop import BUCKET, KEY, LOCATION, ROLE, SCHEMA, campaign_of, events, kinds_recommended

if TYPE_CHECKING:
    from mypy_boto3_personalize.literals import TrainingModeType

NOW = 1_700_000_000


class Shop:
    """The shop of cat and dog things in a Personalize, and what its visitors do."""

    def __init__(self, personalize: Personalize, objects: MemoryObjects) -> None:
        objects.store(BUCKET, KEY, events().encode())
        self.objects = objects
        self.personalize = personalize
        self.control = client(personalize, "personalize")
        self.runtime = client(personalize, "personalize-runtime")
        self.events: Any = client(personalize, "personalize-events")

    def open(self) -> None:
        self.campaign = campaign_of(self.control)
        tracker = self.control.create_event_tracker(name="web", datasetGroupArn=self.group)
        await_active(self.control, tracker["eventTrackerArn"])
        self.tracking_id = tracker["trackingId"]

    @property
    def group(self) -> str:
        return self.control.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"]

    @property
    def dataset(self) -> str:
        return self.control.list_datasets(datasetGroupArn=self.group)["datasets"][0]["datasetArn"]

    def view(self, user: str, *items: str, at: int = NOW) -> None:
        for number, item in enumerate(items):
            event = {"eventType": "view", "itemId": item, "sentAt": at + number}
            self.events.put_events(trackingId=self.tracking_id, userId=user, sessionId="s", eventList=[event])

    def kinds(self, user: str) -> set[str]:
        return kinds_recommended(self.runtime, self.campaign, user)

    def first_after(self, user: str) -> str:
        """What is recommended first to the user."""
        return self.runtime.get_recommendations(campaignArn=self.campaign, userId=user)["itemList"][0]["itemId"]

    def train(self, mode: TrainingModeType = "FULL") -> None:
        solution = self.control.list_solutions()["solutions"][0]["solutionArn"]
        version = self.control.create_solution_version(solutionArn=solution, trainingMode=mode)["solutionVersionArn"]
        await_active(self.control, version)
        self.control.update_campaign(campaignArn=self.campaign, solutionVersionArn=version)
        await_active(self.control, self.campaign)

    def import_csv(self, name: str, csv: str) -> None:
        self.objects.store(BUCKET, KEY, csv.encode())
        job = self.control.create_dataset_import_job(
            jobName=name, datasetArn=self.dataset, dataSource={"dataLocation": LOCATION}, roleArn=ROLE
        )["datasetImportJobArn"]
        await_active(self.control, job)

    def count(self) -> int:
        return len(self.personalize.interactions(self.dataset))


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects({})


@pytest.fixture
def shop(objects: MemoryObjects, tmp_path: Path) -> Iterator[Shop]:
    personalize = Personalize(objects=objects, data_dir=tmp_path)
    shop = Shop(personalize, objects)
    shop.open()
    yield shop
    shop.personalize.close()


def test_an_event_changes_the_next_answer_and_still_does_after_a_restart_and_a_training(
    shop: Shop, tmp_path: Path
) -> None:
    assert shop.kinds("cat-lover-7") == {"cat"}
    shop.view("newcomer", "dog-thing-1", "dog-thing-2", "dog-thing-3")
    shop.view("cat-lover-7", *(f"dog-thing-{number}" for number in range(8)))
    assert shop.kinds("newcomer") == {"dog"}
    assert "dog" in shop.kinds("cat-lover-7")

    shop.personalize.close()
    shop.personalize = Personalize(objects=shop.objects, data_dir=tmp_path)
    after = Shop(shop.personalize, shop.objects)
    after.campaign = shop.campaign
    assert after.kinds("newcomer") == {"dog"}

    answer = after.runtime.get_recommendations(campaignArn=shop.campaign, userId="newcomer", numResults=3)
    after.train()
    again = after.runtime.get_recommendations(campaignArn=shop.campaign, userId="newcomer", numResults=3)
    assert [item["itemId"] for item in again["itemList"]] == [item["itemId"] for item in answer["itemList"]]


def test_what_follows_what_in_streamed_events_is_learned_by_an_update(shop: Shop, tmp_path: Path) -> None:
    shop.train()
    # who has a thing for cats turns to one for dogs now, and to another after that
    for n in range(120):
        shop.view(f"visitor-{n}", "cat-thing-3", "dog-thing-7", "cat-thing-9")
    shop.view("stranger", "cat-thing-3")
    shop.view("follower", "cat-thing-3", "dog-thing-7")
    before = shop.first_after("stranger"), shop.first_after("follower")

    shop.train("UPDATE")

    assert before == ("cat-thing-4", "dog-thing-8")
    assert (shop.first_after("stranger"), shop.first_after("follower")) == ("dog-thing-7", "cat-thing-9")
    assert len(list(tmp_path.rglob("model.npz"))) == 3
    # of the latest full training, which the next update starts from
    assert len(list(tmp_path.rglob("sums.npz"))) == 1


def test_streamed_events_survive_a_full_import_and_count_once_when_they_come_back_by_it(shop: Shop) -> None:
    shop.view("newcomer", "dog-thing-1", "dog-thing-2")
    assert shop.count() == 1002

    shop.import_csv("again", events())
    assert shop.count() == 1002

    exported = [f"newcomer,dog-thing-{number},{NOW + number - 1}" for number in (1, 2)]
    shop.import_csv("exported", "\n".join([events(), *exported]))
    assert shop.count() == 1002
    shop.train()
    assert shop.kinds("newcomer") == {"dog"}


def test_events_alone_are_enough_to_train(objects: MemoryObjects, tmp_path: Path) -> None:
    personalize = Personalize(objects=objects, data_dir=tmp_path)
    shop = Shop(personalize, objects)
    group = shop.control.create_dataset_group(name="shop")["datasetGroupArn"]
    await_active(shop.control, group)
    schema = shop.control.create_schema(name="events", schema=SCHEMA)["schemaArn"]
    dataset = shop.control.create_dataset(
        name="events", datasetGroupArn=group, schemaArn=schema, datasetType="Interactions"
    )["datasetArn"]
    await_active(shop.control, dataset)
    tracker = shop.control.create_event_tracker(name="web", datasetGroupArn=group)
    await_active(shop.control, tracker["eventTrackerArn"])
    for row in events().splitlines()[1:]:
        user, item, second = row.split(",")
        shop.events.put_events(
            trackingId=tracker["trackingId"],
            userId=user,
            sessionId="s",
            eventList=[{"eventType": "view", "itemId": item, "sentAt": int(second)}],
        )
    solution = shop.control.create_solution(
        name="you",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-user-personalization",
        performAutoTraining=False,
    )["solutionArn"]
    await_active(shop.control, solution)
    version = shop.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    await_active(shop.control, version)
    campaign = shop.control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    await_active(shop.control, campaign)

    assert kinds_recommended(shop.runtime, campaign, "cat-lover-7") == {"cat"}
    personalize.close()


def test_over_http_an_event_changes_the_next_answer() -> None:
    with embedded_aws():
        s3, control = boto3.client("s3"), boto3.client("personalize")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=events().encode())
        campaign = campaign_of(control)
        group = control.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"]
        tracker = control.create_event_tracker(name="web", datasetGroupArn=group)
        await_active(control, tracker["eventTrackerArn"])
        putter: Any = boto3.client("personalize-events")

        answer = putter.put_events(
            trackingId=tracker["trackingId"],
            userId="newcomer",
            sessionId="s",
            eventList=[{"eventType": "view", "itemId": f"dog-thing-{n}", "sentAt": NOW + n} for n in range(3)],
        )

        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert kinds_recommended(boto3.client("personalize-runtime"), campaign, "newcomer") == {"dog"}
