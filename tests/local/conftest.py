"""The true stacks, deployed into an embedded cloud: one synthesis a session, one cloud a module."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tastemaker.cloud.embedded import EmbeddedCloud
from tests.cloud.synthesis import synthesised

Row = tuple[str, str, int, str]
"""User, item, epoch seconds, event type."""


@dataclass(frozen=True)
class Engine:
    """What a platform engineer and a front end have in their hands."""

    cloud: EmbeddedCloud
    outputs: dict[str, str]

    def load(self, rows: Sequence[Row], *more: dict[str, Any], ballast: str = "") -> None:
        """Put events into the events table, each with a `note` that nobody exports; `more` as raw items."""
        items = [
            {
                "userId": {"S": user_id},
                "eventKey": {"S": f"{timestamp}#{ordinal:06d}"},
                "itemId": {"S": item_id},
                "timestamp": {"N": str(timestamp)},
                "eventType": {"S": event_type},
                "note": {"S": ballast},
            }
            for ordinal, (user_id, item_id, timestamp, event_type) in enumerate(rows)
        ]
        self.cloud.seed_table(self.outputs["InteractionsTable"], [*items, *more])

    def run(self, name: str) -> dict[str, Any]:
        """Run the workflow to its end: DescribeExecution's answer."""
        states = self.cloud.client("stepfunctions")
        arn = states.start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], name=name, input=json.dumps({"pollSeconds": 1})
        )["executionArn"]
        return self.end_of(arn)

    def end_of(self, execution: str) -> dict[str, Any]:
        """Wait until an execution has ended: DescribeExecution's answer."""
        states = self.cloud.client("stepfunctions")
        # the processes behind it run in real time, so this does too
        pause = threading.Event()
        while (described := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            pause.wait(0.1)
        return dict(described)

    def executions(self, machine: str) -> list[str]:
        """The ARNs of what was started of the state machine `example-shop-<machine>`."""
        states = self.cloud.client("stepfunctions")
        arn = self.outputs["StateMachineArn"].removesuffix("pipeline") + machine
        return [each["executionArn"] for each in states.list_executions(stateMachineArn=arn)["executions"]]

    def subscribe(self) -> None:
        """Let a queue hear what the topic of outcomes is told from now on."""
        arn = self.outputs["OutcomesTopicArn"].replace(":sns:", ":sqs:") + "-heard"
        self.cloud.client("sqs").create_queue(QueueName=arn.rpartition(":")[2])
        self.cloud.client("sns").subscribe(TopicArn=self.outputs["OutcomesTopicArn"], Protocol="sqs", Endpoint=arn)

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Subjects and messages that came since this was asked last."""
        sqs = self.cloud.client("sqs")
        queue = sqs.get_queue_url(QueueName=self.outputs["OutcomesTopicArn"].rpartition(":")[2] + "-heard")["QueueUrl"]
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=600)
        notices = [json.loads(message["Body"]) for message in received.get("Messages", [])]
        return [(notice["Subject"], json.loads(notice["Message"])) for notice in notices]

    def track(self, user_id: str, *events: tuple[str, str]) -> None:
        """Send events, each an item and a type, as a front end does."""
        given = [{"itemId": item_id, "eventType": event_type} for item_id, event_type in events]
        request = Request(
            f"{self.cloud.api_url}/events",
            data=json.dumps({"sessionId": "a-session", "userId": user_id, "events": given}).encode(),
            headers={"content-type": "application/json"},
        )
        with urlopen(request) as answer:
            assert answer.status == 202

    def until(self, path: str, wanted: Callable[[list[str]], bool], **query: str) -> list[str]:
        """The item ids of the first answer that is as `wanted`; the way through the queue takes a moment."""
        pause = threading.Event()
        for _ in range(200):
            ids = [item["itemId"] for item in self.get(path, **query)["recommendations"]]
            if wanted(ids):
                return ids
            pause.wait(0.1)
        raise AssertionError(f"after 20 s {path} still answers {ids}")

    def get(self, path: str, **query: str) -> dict[str, Any]:
        with urlopen(f"{self.cloud.api_url}{path}?{urlencode(query)}") as answer:
            body: dict[str, Any] = json.load(answer)
        return body


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesised(tmp_path_factory.mktemp("assembly"))


@pytest.fixture(scope="module")
def engine(assembly: Path) -> Iterator[Engine]:
    """The engine, deployed and empty."""
    with EmbeddedCloud() as cloud:
        stacks = cloud.deploy(assembly)
        yield Engine(cloud, {key: value for stack in stacks.values() for key, value in stack.items()})
