"""A Personalize with datasets of all types, into which records are imported and streamed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from botocore.config import Config

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.dataset_records import Mode
from tastemaker.personalize.in_process import client
from tastemaker.personalize.kinds import DATASET
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.runtime import Question, Recommended, Runtime
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.instant_jobs import InstantJobs
from tests.unit.personalize.scene import ACCOUNT, ARN, RECIPE, REGION, ROLE

GROUP = f"{ARN}:dataset-group/shop"
CAMPAIGN = f"{ARN}:campaign/live"
NOON = 1_700_000_000

_CATEGORY = {"type": ["null", "string"], "categorical": True}
_FIELDS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "Interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ],
    "Items": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "PRICE", "type": "float"},
        {"name": "GENRE", **_CATEGORY},
        {"name": "YEAR_MADE", "type": ["null", "int"]},
        {"name": "TEXT", "type": ["null", "string"], "textual": True},
        {"name": "IN_STOCK", "type": ["null", "boolean"]},
    ],
    "Users": [
        {"name": "USER_ID", "type": "string"},
        {"name": "AGE", "type": "int"},
        {"name": "TIER", **_CATEGORY},
    ],
    "Actions": [
        {"name": "ACTION_ID", "type": "string"},
        {"name": "VALUE", "type": ["null", "long"]},
        {"name": "LEVEL", **_CATEGORY},
    ],
    "ActionInteractions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ACTION_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "DEVICE", "type": ["null", "string"]},
    ],
}
_SCHEMA_OF = {
    "INTERACTIONS": "Interactions",
    "ITEMS": "Items",
    "USERS": "Users",
    "ACTIONS": "Actions",
    "ACTION_INTERACTIONS": "ActionInteractions",
}


def dataset_arn(dataset_type: str) -> str:
    return f"{ARN}:dataset/shop/{dataset_type.upper()}"


def properties(**values: object) -> str:
    return json.dumps(values)


class Catalogue(Runtime):
    """Recommends the ids in order, as far as the question allows them."""

    def __init__(self, *ids: str) -> None:
        super().__init__()
        self.ids = np.array(ids)

    def recommend(self, model_path: Path, question: Question) -> list[Recommended]:  # noqa: ARG002 # the protocol's
        allowed = np.ones(len(self.ids), dtype=np.bool_) if question.allowed is None else question.allowed(self.ids)
        return [Recommended(str(id_), None) for id_ in self.ids[allowed][: question.k]]


class RecordScene:
    """A group `shop` with ACTIVE, empty datasets of these types."""

    def __init__(
        self, directory: Path, dataset_types: Collection[str] = tuple(_SCHEMA_OF), *, catalogue: Catalogue | None = None
    ) -> None:
        self.clock = ManualClock()
        self.objects = MemoryObjects({"bucket": {}})
        self.jobs = InstantJobs(objects=self.objects, directory=directory)
        self.personalize = Personalize(
            objects=self.objects,
            clock=self.clock,
            data_dir=directory,
            jobs=self.jobs,
            recommender=catalogue or Catalogue("coat", "hat", "scarf", "shoe"),
        )
        self.control = client(self.personalize, "personalize")
        self.runtime = client(self.personalize, "personalize-runtime")
        # the server's own checks are what is tested, not those that botocore makes before it
        unchecked = Config(parameter_validation=False)
        self.events: Any = client(self.personalize, "personalize-events", config=unchecked)
        if not self.control.list_dataset_groups()["datasetGroups"]:
            self.control.create_dataset_group(name="shop")
            self.clock.advance(60)
            for dataset_type in dataset_types:
                self.make(dataset_type)

    @property
    def here(self) -> AccountRegion:
        """What operations of other rooms are given."""
        return self.personalize.account(ACCOUNT, REGION)

    def make(self, dataset_type: str) -> str:
        name = _SCHEMA_OF[dataset_type.upper()]
        text = json.dumps({"type": "record", "name": name, "version": "1.0", "fields": list(_FIELDS[name])})
        number = len(self.control.list_schemas(maxResults=100)["schemas"])
        schema = self.control.create_schema(name=f"schema-{number}", schema=text)["schemaArn"]
        arn = self.control.create_dataset(name=name, datasetGroupArn=GROUP, schemaArn=schema, datasetType=dataset_type)[
            "datasetArn"
        ]
        self.clock.advance(60)
        return arn

    def load(self, dataset_type: str, *rows: str, mode: Literal["FULL", "INCREMENTAL"] = "FULL") -> None:
        """Import rows of CSV, the header among them."""
        number = len(self.control.list_dataset_import_jobs(maxResults=100)["datasetImportJobs"])
        self.objects.store("bucket", f"{number}.csv", "\n".join(rows).encode())
        self.control.create_dataset_import_job(
            jobName=f"load-{number}",
            datasetArn=dataset_arn(dataset_type),
            dataSource={"dataLocation": f"s3://bucket/{number}.csv"},
            roleArn=ROLE,
            importMode=mode,
        )
        self.clock.advance(60)

    def load_items(self, *rows: str, mode: Literal["FULL", "INCREMENTAL"] = "FULL") -> None:
        self.load("Items", "ITEM_ID,PRICE,GENRE,YEAR_MADE,TEXT,IN_STOCK", *rows, mode=mode)

    def put_item(self, item_id: str, **values: object) -> None:
        self.events.put_items(
            datasetArn=dataset_arn("Items"), items=[{"itemId": item_id, "properties": properties(**values)}]
        )

    def put_user(self, user_id: str, **values: object) -> None:
        self.events.put_users(
            datasetArn=dataset_arn("Users"), users=[{"userId": user_id, "properties": properties(**values)}]
        )

    def put_action(self, action_id: str, **values: object) -> None:
        self.events.put_actions(
            datasetArn=dataset_arn("Actions"), actions=[{"actionId": action_id, "properties": properties(**values)}]
        )

    @property
    def tracking_id(self) -> str:
        """Of the Action_Interactions dataset."""
        described = self.control.describe_dataset(datasetArn=dataset_arn("Action_Interactions"))["dataset"]
        return described["trackingId"]

    def act(self, *events: Mapping[str, object], user: str | None = "ann", session: str = "s") -> None:
        """PutActionInteractions. An event is a view at noon unless it says otherwise."""
        who = {"sessionId": session} | ({} if user is None else {"userId": user})
        self.events.put_action_interactions(
            trackingId=self.tracking_id,
            actionInteractions=[{"eventType": "Viewed", "timestamp": NOON, **who, **event} for event in events],
        )

    def records(self, dataset_type: str, mode: Mode = "ALL") -> list[dict[str, Any]] | None:
        """What `here.records` answers, without the fields that are null."""
        dataset = self.here.resources.peek(DATASET, dataset_arn(dataset_type))
        assert dataset is not None
        table = self.here.records.records_of(dataset, mode)
        if table is None:
            return None
        return [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]

    def prices(self, mode: Mode = "ALL") -> list[tuple[str, float]]:
        return [(row["ITEM_ID"], row["PRICE"]) for row in self.records("Items", mode) or ()]

    def open_campaign(self, recipe: str = "aws-popularity-count") -> None:
        """A campaign of a model that was trained on a thousand interactions."""
        self.load_interactions()
        solution = self.control.create_solution(
            name="s", datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{recipe}", performAutoTraining=False
        )["solutionArn"]
        self.clock.advance(60)
        version = self.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        self.clock.advance(60)
        self.control.create_campaign(
            name="live", solutionVersionArn=version, campaignConfig={"enableMetadataWithRecommendations": True}
        )
        self.clock.advance(60)

    def load_interactions(self) -> None:
        rows = (f"user-{number % 50},hat,{number},Buy" for number in range(1000))
        self.load("Interactions", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows)

    def filter(self, expression: str, name: str = "f") -> str:
        """An ACTIVE filter."""
        arn = self.control.create_filter(name=name, datasetGroupArn=GROUP, filterExpression=expression)["filterArn"]
        self.clock.advance(60)
        return arn

    def ask(self, filter_arn: str, user: str = "ann", **given: Any) -> list[str]:
        answer = self.runtime.get_recommendations(campaignArn=CAMPAIGN, userId=user, filterArn=filter_arn, **given)
        return [item["itemId"] for item in answer["itemList"]]
