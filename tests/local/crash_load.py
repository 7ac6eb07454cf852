"""Load on an endpoint that may be killed at any moment, and what was acknowledged by then."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

ARN: Final = "arn:aws:personalize:us-east-1:123456789012"
ROLE: Final = "arn:aws:iam::123456789012:role/reader"
ROWS: Final = 1000
_EXPECTED: Final = {"ResourceInUseException", "LimitExceededException"}


class Clients:
    """Clients of one endpoint, which ask once and wait for no one long."""

    def __init__(self, url: str) -> None:
        def client(service: str) -> Any:
            return boto3.client(  # type: ignore[call-overload] # any service
                service,
                endpoint_url=url,
                region_name="us-east-1",
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
            )

        self.control, self.runtime = client("personalize"), client("personalize-runtime")
        self.events, self.s3 = client("personalize-events"), client("s3")


@dataclass
class Actor(ABC):
    """Does one thing after the other. Each subclass notes what was acknowledged, and what was under way at the end."""

    luck: Random
    steps: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self, clients: Clients) -> None:
        """Act until the endpoint is gone. What is refused for good reason is passed over, all else is a fault."""
        while True:
            self.steps += 1
            try:
                self.act(clients)
            except (HTTPClientError, ConnectionError):
                return
            except ClientError as error:
                if error.response["Error"]["Code"] not in _EXPECTED:
                    self.faults.append(str(error))

    @abstractmethod
    def act(self, clients: Clients) -> None:
        """One step. Raises what botocore does."""

    @abstractmethod
    def check(self, clients: Clients) -> None:
        """Assert that all that was acknowledged is there, at an endpoint that was started after the kill."""


@dataclass
class Tagging(Actor):
    """Dataset groups with tags, some of which change and some of which go."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    under_way: tuple[str, dict[str, str] | None] = ("", None)

    def act(self, clients: Clients) -> None:
        turn = self.luck.randrange(6)
        active = sorted(self.tags)
        if turn < 2 or not active:
            arn, tags = f"{ARN}:dataset-group/g{self.steps}", {"step": str(self.steps)}
            self.under_way = arn, tags
            clients.control.create_dataset_group(name=f"g{self.steps}", tags=_listed(tags))
            self.tags[arn] = tags
        elif turn < 5:
            arn = self.luck.choice(active)
            tags = {**self.tags[arn], f"key{self.steps % 5}": str(self.steps)}
            self.under_way = arn, tags
            clients.control.tag_resource(resourceArn=arn, tags=_listed(tags))
            self.tags[arn] = tags
        else:
            arn = self.luck.choice(active)
            self.under_way = arn, None
            clients.control.delete_dataset_group(datasetGroupArn=arn)
            del self.tags[arn]
            self.deleted.add(arn)

    def check(self, clients: Clients) -> None:
        arn, tags = self.under_way
        for group, expected in sorted(self.tags.items()):
            shown = _tags_of(clients, group)
            assert shown == expected or (group == arn and shown == tags), (group, shown, expected)
        for group in self.deleted:
            assert _status_or_gone(clients, group) in {"gone", "DELETE PENDING"}, group
        self._learn(clients, arn)

    def _learn(self, clients: Clients, arn: str) -> None:
        """What was under way has happened, or it has not: from now on it stays so."""
        status = _status_or_gone(clients, arn) if arn else "gone"
        if status in {"gone", "DELETE PENDING"}:
            self.tags.pop(arn, None)
        else:
            self.tags[arn] = _tags_of(clients, arn)


@dataclass
class Schemas(Actor):
    """Schemas come, and every third one goes."""

    names: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    under_way: str = ""

    def act(self, clients: Clients) -> None:
        if self.steps % 3 and self.names:
            name = self.luck.choice(sorted(self.names))
            self.under_way = name
            clients.control.delete_schema(schemaArn=f"{ARN}:schema/{name}")
            self.names.remove(name)
            self.deleted.add(name)
        for part in "ab":
            name = f"s{self.steps}{part}"
            self.under_way = name
            clients.control.create_schema(name=name, schema=schema())
            self.names.add(name)

    def check(self, clients: Clients) -> None:
        pages = clients.control.get_paginator("list_schemas").paginate()
        there = {listed["name"] for page in pages for listed in page["schemas"]} - {"events"}
        assert self.names - there <= {self.under_way}
        assert there - self.names <= {self.under_way}
        self.names = there


@dataclass
class Events(Actor):
    """Events of ever new users, several a call."""

    tracking_id: str = ""
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    under_way: set[tuple[str, str]] = field(default_factory=set)

    def act(self, clients: Clients) -> None:
        user = f"live-{self.steps}"
        sent = {(user, f"item-{self.luck.randrange(10**6)}") for _ in range(self.luck.randint(1, 10))}
        self.under_way |= sent
        events = [{"eventType": "view", "itemId": item, "sentAt": 1_700_000_000 + self.steps} for _, item in sent]
        clients.events.put_events(trackingId=self.tracking_id, sessionId=f"s-{user}", userId=user, eventList=events)
        self.acknowledged |= sent
        self.under_way -= sent

    def check(self, clients: Clients) -> None:
        clients.runtime.get_recommendations(campaignArn=f"{ARN}:campaign/live", userId=f"live-{self.steps}")


@dataclass
class Imports(Actor):
    """FULL imports into one dataset, each of records of its own."""

    done: int = 0
    begun: set[int] = field(default_factory=set)
    """Imports later than `done` that may have brought their records, or may yet."""
    jobs: set[str] = field(default_factory=set)

    def act(self, clients: Clients) -> None:
        self.begun.add(self.steps)
        key = f"load-{self.steps}.csv"
        clients.s3.put_object(Bucket="data", Key=key, Body=csv(f"load{self.steps}"))
        arn = start_import(clients, f"{ARN}:dataset/loads/INTERACTIONS", f"load-{self.steps}", f"s3://data/{key}")
        self.jobs.add(arn)
        if _ended(lambda: described_import(clients, arn)) == "ACTIVE":
            self.done, self.begun = self.steps, set()

    def check(self, clients: Clients) -> None:
        for arn in self.jobs:
            described_import(clients, arn)
        last = f"{ARN}:dataset-import-job/load-{self.done}"
        assert not self.done or described_import(clients, last)["status"] == "ACTIVE"


@dataclass
class Trainings(Actor):
    """Solution versions, and what they were measured to be."""

    metrics: dict[str, Any] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)

    def act(self, clients: Clients) -> None:
        arn = clients.control.create_solution_version(solutionArn=f"{ARN}:solution/popular")["solutionVersionArn"]
        self.begun.add(arn)
        if _ended(lambda: described_version(clients, arn)) == "ACTIVE":
            self.metrics[arn] = clients.control.get_solution_metrics(solutionVersionArn=arn)["metrics"]

    def check(self, clients: Clients) -> None:
        for arn in self.begun:
            described_version(clients, arn)
        for arn, metrics in self.metrics.items():
            assert clients.control.get_solution_metrics(solutionVersionArn=arn)["metrics"] == metrics


def start_import(clients: Clients, dataset: str, name: str, location: str) -> str:
    arn: str = clients.control.create_dataset_import_job(
        jobName=name, datasetArn=dataset, dataSource={"dataLocation": location}, roleArn=ROLE
    )["datasetImportJobArn"]
    return arn


def described_import(clients: Clients, arn: str) -> Any:
    return clients.control.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]


def described_version(clients: Clients, arn: str) -> Any:
    return clients.control.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]


def schema() -> str:
    fields = [{"name": name, "type": "string"} for name in ("USER_ID", "ITEM_ID", "EVENT_TYPE")]
    fields.append({"name": "TIMESTAMP", "type": "long"})
    return json.dumps({"type": "record", "name": "Interactions", "version": "1.0", "fields": fields})


def csv(item: str) -> bytes:
    """A thousand records of a hundred users, all of items whose names begin alike."""
    rows = [f"user-{row % 100},{item}-{row % 50},view,{row}" for row in range(ROWS)]
    return "\n".join(["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP", *rows]).encode()


def _ended(describe: Callable[[], Any]) -> str:
    while (shown := describe())["status"].startswith("CREATE ") and shown["status"] != "CREATE FAILED":
        pass  # each look is a call of the endpoint, and load as well
    return str(shown["status"])


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"tagKey": key, "tagValue": value} for key, value in tags.items()]


def _tags_of(clients: Clients, arn: str) -> dict[str, str]:
    tags = clients.control.list_tags_for_resource(resourceArn=arn)["tags"]
    return {tag["tagKey"]: tag["tagValue"] for tag in tags}


def _status_or_gone(clients: Clients, arn: str) -> str:
    try:
        return str(clients.control.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"])
    except clients.control.exceptions.ResourceNotFoundException:
        return "gone"
