"""An engine to be measured: 10,000 items, users with tastes, a trained model, a campaign, a filter, a tracker."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.endpoint_process import client
from tastemaker.testing.active import await_active

ITEMS = 10_000
RESULTS = 25
_EVENTS_A_USER = 30
_CATEGORIES = 50
_ROLE = "arn:aws:iam::123456789012:role/reader"
_DATASETS: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("Interactions", (), {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long", "EVENT_TYPE": "string"}),
    ("Items", ("CATEGORY",), {"ITEM_ID": "string", "CATEGORY": "string", "PRICE": "float"}),
)
_STARTED = 1_700_000_000
_FILTER = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*") | INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)'


@dataclass(frozen=True)
class Engine:
    """What requests name."""

    campaign_arn: str
    solution_arn: str
    filter_arn: str
    tracking_id: str
    users: list[str]

    def question(self, user: str, *, filtered: bool) -> bytes:
        """The body of a GetRecommendations."""
        more: dict[str, Any] = {}
        if filtered:
            number = int(user[1:])
            category = f'"c{number % _CATEGORIES}","c{number % 7}"'
            more = {"filterArn": self.filter_arn, "filterValues": {"CATEGORY": category}}
        asked = {"campaignArn": self.campaign_arn, "userId": user, "numResults": RESULTS, **more}
        return json.dumps(asked).encode()

    def event(self, user: str, luck: random.Random) -> bytes:
        """The body of a PutEvents of one event that has not been."""
        event = {
            "eventId": uuid.UUID(int=luck.getrandbits(128)).hex,
            "eventType": "view",
            "itemId": f"i{luck.randrange(ITEMS):05}",
            "sentAt": int(time.time()),
        }
        said = {"trackingId": self.tracking_id, "userId": user, "sessionId": f"s-{user}", "eventList": [event]}
        return json.dumps(said).encode()


def build(url: str, *, users: int) -> Engine:
    """Import, train and deploy at an endpoint."""
    personalize, s3 = client("personalize", url), client("s3", url)
    s3.create_bucket(Bucket="shop")
    s3.put_object(Bucket="shop", Key="interactions.csv", Body="\n".join(_interactions(users)).encode())
    s3.put_object(Bucket="shop", Key="items.csv", Body="\n".join(_items()).encode())
    group = personalize.create_dataset_group(name="shop")["datasetGroupArn"]
    await_active(personalize, group)
    for kind, categorical, fields in _DATASETS:
        dataset = create_dataset(personalize, group, kind, fields, categorical=categorical)
        await_active(personalize, start_import(personalize, dataset, kind, f"s3://shop/{kind.lower()}.csv"))
    tracker = personalize.create_event_tracker(name="web", datasetGroupArn=group)
    filter_arn = personalize.create_filter(name="new", datasetGroupArn=group, filterExpression=_FILTER)["filterArn"]
    solution = personalize.create_solution(
        name="you",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-user-personalization",
        performAutoTraining=False,
    )["solutionArn"]
    await_active(personalize, solution)
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    await_active(personalize, version, seconds=1800)
    campaign = personalize.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    for arn in (campaign, filter_arn, tracker["eventTrackerArn"]):
        await_active(personalize, arn)
    return Engine(campaign, solution, filter_arn, tracker["trackingId"], [f"u{number}" for number in range(users)])


def start_training(personalize: Any, engine: Engine) -> Callable[[], bool]:
    """Train once more, beside what is served; gives what tells whether that is still going on."""
    arn = personalize.create_solution_version(solutionArn=engine.solution_arn)["solutionVersionArn"]

    def is_training() -> bool:
        shown = personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
        return str(shown["status"]).startswith("CREATE ")

    return is_training


def create_dataset(
    personalize: Any, group: str, kind: str, fields: Mapping[str, str], *, categorical: tuple[str, ...] = ()
) -> str:
    """An ACTIVE dataset of a schema with these fields, of these types; its ARN."""
    described = [
        {"name": name, "type": type_} | ({"categorical": True} if name in categorical else {})
        for name, type_ in fields.items()
    ]
    schema = {"type": "record", "name": kind, "namespace": "shop", "version": "1.0", "fields": described}
    schema_arn = personalize.create_schema(name=kind, schema=json.dumps(schema))["schemaArn"]
    arn: str = personalize.create_dataset(name=kind, datasetGroupArn=group, schemaArn=schema_arn, datasetType=kind)[
        "datasetArn"
    ]
    await_active(personalize, arn)
    return arn


def start_import(personalize: Any, dataset: str, name: str, location: str) -> str:
    """The ARN of an import job that has begun."""
    arn: str = personalize.create_dataset_import_job(
        jobName=name, datasetArn=dataset, dataSource={"dataLocation": location}, roleArn=_ROLE
    )["datasetImportJobArn"]
    return arn


def _interactions(users: int) -> Iterator[str]:
    """Each user has a taste among a hundred, and few items have most of the events."""
    luck = random.Random(0)
    yield "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"
    for user in range(users):
        taste = luck.randrange(100)
        for step in range(_EVENTS_A_USER):
            rank = int(ITEMS / 100 * luck.random() ** 3)
            item = rank * 100 + (taste if luck.random() < 0.8 else luck.randrange(100))
            yield f"u{user},i{item:05},{_STARTED + step * 3600 + luck.randrange(3600)},view"


def _items() -> Iterator[str]:
    yield "ITEM_ID,CATEGORY,PRICE"
    for item in range(ITEMS):
        yield f"i{item:05},c{item % _CATEGORIES}|c{item % 7},{item % 90}.5"
