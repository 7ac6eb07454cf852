"""A shop with interactions, items and users: an embedded Personalize whose jobs do their real work when they begin."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.event_scene import interactions_schema
from tests.unit.personalize.instant_jobs import InstantJobs
from tests.unit.personalize.scene import ARN, RECIPE, ROLE, Scene

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

GROUP = f"{ARN}:dataset-group/shop"
INTERACTIONS = f"{ARN}:dataset/shop/INTERACTIONS"
ITEMS = f"{ARN}:dataset/shop/ITEMS"
USERS = f"{ARN}:dataset/shop/USERS"
NOON = 1_700_000_000
EVENT_FIELDS = (
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
    {"name": "DEVICE", "type": ["null", "string"]},
    {"name": "RECOMMENDATION_ID", "type": ["null", "string"]},
    {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]},
)
_NULLABLE_TEXT = ["null", "string"]


def _schema(name: str, *fields: Mapping[str, object]) -> str:
    return json.dumps({"type": "record", "name": name, "version": "1.0", "fields": list(fields)})


SCHEMAS = {
    "INTERACTIONS": interactions_schema(*EVENT_FIELDS),
    "ITEMS": _schema(
        "Items",
        {"name": "ITEM_ID", "type": "string"},
        {"name": "PRICE", "type": ["null", "float"]},
        {"name": "TITLE", "type": _NULLABLE_TEXT},
    ),
    "USERS": _schema("Users", {"name": "USER_ID", "type": "string"}, {"name": "TIER", "type": _NULLABLE_TEXT}),
}
# the server's own checks are what is tested, not those that botocore makes before it
UNCHECKED = Config(parameter_validation=False)


class Shop:
    """The group `shop`, with the datasets `types`. A second one of the same `data_dir` is the first one restarted."""

    def __init__(
        self,
        data_dir: Path,
        *,
        objects: MemoryObjects | None = None,
        types: Sequence[str] = tuple(SCHEMAS),
        quotas: Quotas = DEFAULT_QUOTAS,
        **more: Any,
    ) -> None:
        self.data_dir = data_dir
        self.objects = objects or MemoryObjects({"bucket": {}})
        self.clock = ManualClock()
        self.jobs = InstantJobs(objects=self.objects, directory=data_dir / "jobs")
        self.personalize = Personalize(
            objects=self.objects, clock=self.clock, data_dir=data_dir, jobs=self.jobs, quotas=quotas, **more
        )
        self.control: PersonalizeClient = client(self.personalize, "personalize", config=UNCHECKED)
        self.events: Any = client(self.personalize, "personalize-events", config=UNCHECKED)
        if not self.control.list_dataset_groups()["datasetGroups"]:
            self._build(types)

    @cached_property
    def runtime(self) -> PersonalizeRuntimeClient:
        return client(self.personalize, "personalize-runtime", config=UNCHECKED)

    def load(self, dataset_type: str, text: str, name: str = "load", **more: Any) -> str:
        """Import a CSV file into a dataset; the job's ARN."""
        key = f"data/{name}-{dataset_type.lower()}.csv"
        self.objects.store("bucket", key, text.encode())
        arn = self.control.create_dataset_import_job(
            jobName=f"{name}-{dataset_type.lower().replace('_', '-')}",
            datasetArn=f"{ARN}:dataset/shop/{dataset_type}",
            dataSource={"dataLocation": f"s3://bucket/{key}"},
            roleArn=ROLE,
            **more,
        )["datasetImportJobArn"]
        self.until("ACTIVE", lambda: self.describe_import(arn))
        return arn

    def describe_import(self, arn: str) -> Any:
        return self.control.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]

    def put(self, *events: Mapping[str, object], user: str | None = "ann", session: str = "s") -> None:
        """PutEvents. An event is a view at noon unless it says otherwise."""
        who = {} if user is None else {"userId": user}
        full = [{"eventType": "view", "sentAt": NOON, **event} for event in events]
        self.events.put_events(trackingId=self._tracking_id, sessionId=session, eventList=full, **who)

    def campaign(self, recipe: str = "aws-user-personalization") -> str:
        """An ACTIVE campaign of a model that is trained now."""
        solution = self.control.create_solution(
            name="you", datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{recipe}", performAutoTraining=False
        )["solutionArn"]
        Scene.until_active(lambda: self.control.describe_solution(solutionArn=solution)["solution"])
        version = self.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        Scene.until_active(
            lambda: self.control.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
        )
        campaign = self.control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
        Scene.until_active(lambda: self.control.describe_campaign(campaignArn=campaign)["campaign"])
        return campaign

    @staticmethod
    def until(status: str, describe: Any) -> list[str]:
        """The statuses that Describe shows one after the other, up to `status`."""
        seen = [describe()["status"]]
        while seen[-1] != status:
            assert len(seen) < 10, (seen, describe())
            seen.append(describe()["status"])
        return seen

    @cached_property
    def _tracking_id(self) -> str:
        (tracker,) = self.control.list_event_trackers(datasetGroupArn=GROUP)["eventTrackers"]
        found = self.control.describe_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])["eventTracker"]
        return found["trackingId"]

    def _build(self, types: Sequence[str]) -> None:
        self.control.create_dataset_group(name="shop")
        Scene.until_active(lambda: self.control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])
        for dataset_type in types:
            self._make_dataset(dataset_type)
        tracker = self.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["eventTrackerArn"]
        Scene.until_active(lambda: self.control.describe_event_tracker(eventTrackerArn=tracker)["eventTracker"])

    def _make_dataset(self, dataset_type: str) -> None:
        schema = self.control.create_schema(name=dataset_type.lower(), schema=SCHEMAS[dataset_type])["schemaArn"]
        arn = self.control.create_dataset(
            name="data", datasetGroupArn=GROUP, schemaArn=schema, datasetType=dataset_type
        )["datasetArn"]
        Scene.until_active(lambda: self.control.describe_dataset(datasetArn=arn)["dataset"])


def interactions(rows: int = 1000, *, users: int = 50) -> str:
    """A CSV file of that many views: each user takes one item after the other, a minute apart."""
    lines = [
        f"user-{n % users},item-{(n // users + n % users) % 40},{NOON - 100_000 + n * 60},view,,phone,,"
        for n in range(rows)
    ]
    header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE"
    return "\n".join([header, *lines, ""])
