"""From a CSV in S3 to recommendations by boto3 alone, with the real import, the real training and the real model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.in_process import client
from tastemaker.personalize.jobs import ImportOutcome, ImportSpec, JobFailure, Jobs, TrainingOutcome, TrainingSpec
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.scene import ARN, INTERACTIONS, LOCATION, RECIPE, ROLE, Scene, refused

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

ITEMS_OF_A_TASTE = 12
PATIENCE_SECONDS = 120.0


class AwaitedJobs(Jobs):
    """Jobs that let a test wait until all that began has ended."""

    def __init__(self, *, objects: MemoryObjects, directory: Path) -> None:
        super().__init__(objects=objects, directory=directory)
        self._ended: list[threading.Event] = []

    def wait(self) -> None:
        assert all(event.wait(PATIENCE_SECONDS) for event in self._ended)

    def start_import(self, key: str, spec: ImportSpec, done: Callable[[ImportOutcome | JobFailure], None]) -> None:
        super().start_import(key, spec, self._telling(done))

    def start_training(
        self, key: str, spec: TrainingSpec, done: Callable[[TrainingOutcome | JobFailure], None]
    ) -> None:
        super().start_training(key, spec, self._telling(done))

    def _telling(self, done: Callable[[Any], None]) -> Callable[[Any], None]:
        event = threading.Event()
        self._ended.append(event)

        def told(outcome: object) -> None:
            done(outcome)
            event.set()

        return told


def two_tastes() -> bytes:
    """100 users, each of whom walks through the items of the one taste or the other: `even-n` or `odd-n`."""
    rows = ["USER_ID,ITEM_ID,TIMESTAMP"]
    for user in range(100):
        taste = "even" if user % 2 == 0 else "odd"
        for step in range(ITEMS_OF_A_TASTE):
            item = (user // 2 + step) % ITEMS_OF_A_TASTE
            rows.append(f"user-{user},{taste}-{item},{1_600_000_000 + user * 100 + step}")
    return "\n".join(rows).encode()


ITEMS = json.dumps(
    {
        "type": "record",
        "name": "Items",
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
        "fields": [
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TASTE", "type": ["null", "string"], "categorical": True},
            {"name": "PRICE", "type": "float"},
        ],
    }
)


def what_is_known_of_items() -> bytes:
    """Taste and price of the items of `two_tastes`, and of two that nobody has taken yet."""
    rows = ["ITEM_ID,TASTE,PRICE", "even-new,Even,0", "odd-new,Odd|New,0"]
    rows += [f"{taste}-{n},{taste.title()},{n}" for taste in ("even", "odd") for n in range(ITEMS_OF_A_TASTE)]
    return "\n".join(rows).encode()


@pytest.fixture
def objects() -> MemoryObjects:
    files = {"interactions/part-0.csv": two_tastes(), "items/part-0.csv": what_is_known_of_items()}
    return MemoryObjects({"bucket": files})


@pytest.fixture
def jobs(objects: MemoryObjects, tmp_path: Path) -> AwaitedJobs:
    return AwaitedJobs(objects=objects, directory=tmp_path)


@pytest.fixture
def personalize(objects: MemoryObjects, jobs: AwaitedJobs, tmp_path: Path) -> Iterator[Personalize]:
    personalize = Personalize(objects=objects, data_dir=tmp_path, jobs=jobs)
    yield personalize
    personalize.close()


@pytest.fixture
def control(personalize: Personalize) -> PersonalizeClient:
    return client(personalize, "personalize")


@pytest.fixture
def runtime(personalize: Personalize) -> PersonalizeRuntimeClient:
    return client(personalize, "personalize-runtime")


@pytest.fixture
def dataset(control: PersonalizeClient) -> str:
    return made_dataset(control)


def made_dataset(control: PersonalizeClient) -> str:
    group = control.create_dataset_group(name="shop")["datasetGroupArn"]
    schema = control.create_schema(name="events", schema=INTERACTIONS)["schemaArn"]
    Scene.until_active(lambda: control.describe_dataset_group(datasetGroupArn=group)["datasetGroup"])
    arn = control.create_dataset(name="events", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS")[
        "datasetArn"
    ]
    Scene.until_active(lambda: control.describe_dataset(datasetArn=arn)["dataset"])
    return arn


def start_import(control: PersonalizeClient, dataset: str, *, location: str = LOCATION) -> Callable[[], Any]:
    job = control.create_dataset_import_job(
        jobName=f"load-{location.split('/')[-2]}",
        datasetArn=dataset,
        dataSource={"dataLocation": location},
        roleArn=ROLE,
    )["datasetImportJobArn"]
    return lambda: control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]


def deployed(control: PersonalizeClient, jobs: AwaitedJobs, recipe: str) -> tuple[str, str]:
    """A solution version of `recipe`, trained on what the group `shop` holds, and a campaign that serves it."""
    solution = control.create_solution(
        name="you",
        datasetGroupArn=f"{ARN}:dataset-group/shop",
        recipeArn=f"{RECIPE}/{recipe}",
        performAutoTraining=False,
    )["solutionArn"]
    Scene.until_active(lambda: control.describe_solution(solutionArn=solution)["solution"])
    version = control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    jobs.wait()
    Scene.until_active(lambda: control.describe_solution_version(solutionVersionArn=version)["solutionVersion"])
    campaign = control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    Scene.until_active(lambda: control.describe_campaign(campaignArn=campaign)["campaign"])
    return version, campaign


def test_a_campaign_recommends_what_those_of_the_same_taste_like_and_goes_on_after_a_restart(
    control: PersonalizeClient,
    runtime: PersonalizeRuntimeClient,
    jobs: AwaitedJobs,
    dataset: str,
    personalize: Personalize,
    objects: MemoryObjects,
    tmp_path: Path,
) -> None:
    described = start_import(control, dataset)
    jobs.wait()
    Scene.until_active(described)
    version, campaign = deployed(control, jobs, "aws-user-personalization")

    metrics = control.get_solution_metrics(solutionVersionArn=version)["metrics"]
    for user in range(4):
        answer = runtime.get_recommendations(campaignArn=campaign, userId=f"user-{user}", numResults=5)
        tastes = {item["itemId"].partition("-")[0] for item in answer["itemList"]}
        assert tastes == {"even" if user % 2 == 0 else "odd"}
        scores = [item["score"] for item in answer["itemList"]]
        assert scores == sorted(scores, reverse=True)
    stranger = runtime.get_recommendations(campaignArn=campaign, userId="stranger", numResults=5)
    assert len(stranger["itemList"]) == 5
    assert len(metrics) == 8
    assert metrics["precision_at_5"] > 0

    # when the process is another one, the campaign is still the same
    personalize.close()
    restarted = Personalize(objects=objects, data_dir=tmp_path)
    again = client(restarted, "personalize-runtime").get_recommendations(
        campaignArn=campaign, userId="stranger", numResults=5
    )
    restarted.close()
    assert again["itemList"] == stranger["itemList"]


def test_a_campaign_of_similar_items_answers_with_neighbours_and_knows_new_items_by_their_metadata(
    control: PersonalizeClient, runtime: PersonalizeRuntimeClient, jobs: AwaitedJobs, dataset: str
) -> None:
    group = f"{ARN}:dataset-group/shop"
    schema = control.create_schema(name="items", schema=ITEMS)["schemaArn"]
    items = control.create_dataset(name="items", datasetGroupArn=group, schemaArn=schema, datasetType="ITEMS")
    Scene.until_active(lambda: control.describe_dataset(datasetArn=items["datasetArn"])["dataset"])
    imports = [
        start_import(control, dataset),
        start_import(control, items["datasetArn"], location="s3://bucket/items/"),
    ]
    jobs.wait()
    for described in imports:
        Scene.until_active(described)
    version, campaign = deployed(control, jobs, "aws-similar-items")

    def similar(item_id: str, count: int = 5, user_id: str = "user-0") -> list[str]:
        answer = runtime.get_recommendations(campaignArn=campaign, itemId=item_id, userId=user_id, numResults=count)
        assert not any("score" in item for item in answer["itemList"])
        return [item["itemId"] for item in answer["itemList"]]

    # what is one step further is taken next by everybody
    assert similar("even-3")[0] == "even-4"
    assert similar("even-3", user_id="user-1") == similar("even-3")
    for taste in ("even", "odd"):
        everything = similar(f"{taste}-7", 100)
        assert f"{taste}-7" not in everything
        assert {item.partition("-")[0] for item in everything[:10]} == {taste}
        # nobody has taken it: its neighbours are those of its taste, the nearest price first
        assert set(similar(f"{taste}-new")) == {f"{taste}-{n}" for n in range(5)}
    # an item that is not known gets what is popular
    assert len(similar("nothing")) == 5
    metrics = control.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert metrics["mean_reciprocal_rank_at_25"] > 0.5


def test_a_deployed_model_takes_in_a_new_item_after_two_hours_and_goes_on_being_the_same_version(
    objects: MemoryObjects, jobs: AwaitedJobs, tmp_path: Path
) -> None:
    clock = ManualClock()
    personalize = Personalize(objects=objects, data_dir=tmp_path, jobs=jobs, clock=clock)
    control, runtime = client(personalize, "personalize"), client(personalize, "personalize-runtime")
    described = start_import(control, made_dataset(control))
    jobs.wait()
    Scene.until_active(described)
    version, campaign = deployed(control, jobs, "aws-user-personalization")
    tracker = control.create_event_tracker(name="web", datasetGroupArn=f"{ARN}:dataset-group/shop")
    Scene.until_active(
        lambda: control.describe_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])["eventTracker"]
    )
    event = {"eventType": "view", "itemId": "brand-new", "sentAt": datetime.now(UTC)}
    client(personalize, "personalize-events").put_events(
        trackingId=tracker["trackingId"],
        sessionId="s",
        userId="user-0",
        eventList=[event],  # type: ignore[list-item] # a dict
    )

    def recommended() -> list[str]:
        answer = runtime.get_recommendations(campaignArn=campaign, userId="user-0", numResults=100)
        return [item["itemId"] for item in answer["itemList"]]

    before = recommended()
    clock.advance(2 * 3600)
    control.list_solutions()
    jobs.wait()
    after = recommended()

    assert "brand-new" not in before
    assert set(after) == {*before, "brand-new"}
    described_solution = control.describe_solution(solutionArn=version.rpartition("/")[0])["solution"]
    assert described_solution["latestSolutionVersion"]["solutionVersionArn"] == version
    personalize.close()


def test_a_location_without_data_is_refused_by_create(control: PersonalizeClient, dataset: str) -> None:
    with refused("InvalidInputException", "Invalid Data location."):
        control.create_dataset_import_job(
            jobName="load", datasetArn=dataset, dataSource={"dataLocation": "s3://nowhere/"}, roleArn=ROLE
        )


def test_a_file_without_a_column_fails_the_job_in_personalizes_words(
    control: PersonalizeClient, objects: MemoryObjects, jobs: AwaitedJobs, dataset: str
) -> None:
    objects.store("bucket", "interactions/part-0.csv", two_tastes().replace(b"USER_ID", b"WHO", 1))
    described = start_import(control, dataset)
    jobs.wait()

    for _ in range(3):
        job = described()

    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"] == "Input CSV is missing the following columns: [USER_ID]."


def test_too_few_interactions_fail_the_job(
    control: PersonalizeClient, objects: MemoryObjects, jobs: AwaitedJobs, dataset: str
) -> None:
    objects.store("bucket", "interactions/part-0.csv", b"USER_ID,ITEM_ID,TIMESTAMP\nu,i,1600000000\n")
    described = start_import(control, dataset)
    jobs.wait()

    statuses = [described()["status"] for _ in range(3)]

    assert statuses == ["CREATE PENDING", "CREATE IN_PROGRESS", "CREATE FAILED"]
    assert "fewer than 1000" in described()["failureReason"]
