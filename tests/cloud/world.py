"""The workflow on a laptop without a laptop's Personalize: functions and descriptions are told what to answer."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stacks.workflow.language import Arns
from tastemaker.personalize.clock import EagerClock
from tests.unit.cloud.states.interpreter import REGION, Answer, FakeAws, Machines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = Any
TABLE = "engine"
_FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:"
ARNS = Arns(
    partition="aws",
    export_data=f"{_FUNCTION}export-data",
    setup_datasets=f"{_FUNCTION}setup-datasets",
    train_model=f"{_FUNCTION}train-model",
    deploy_campaign=f"{_FUNCTION}deploy-campaign",
    engine_table=TABLE,
    outcomes_topic=f"arn:aws:sns:{REGION}:123456789012:outcomes",
)
_MEMBERS = {
    "DescribeDatasetGroup": "datasetGroup",
    "DescribeDataset": "dataset",
    "DescribeDatasetImportJob": "datasetImportJob",
    "DescribeEventTracker": "eventTracker",
    "DescribeSolution": "solution",
    "DescribeSolutionVersion": "solutionVersion",
    "DescribeCampaign": "campaign",
}


def segment_of(payload: Json) -> Json:
    return {
        "done": True,
        "cursor": {"after": None},
        "dataset": payload["dataset"],
        "segment": payload["segment"],
        "rows": 10,
        "rejected": 1,
        "reasons": {"missing": 1},
        "mended": {"lineBreak": 1},
        "files": [f"exports/part-{payload['segment']}.csv"],
    }


def manifest_of(payload: Json) -> Json:
    rows: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    for segment in payload["segments"]:
        rows[segment["dataset"]] += segment["rows"]
        rejected[segment["dataset"]] += segment["rejected"]
        mended.update(segment["mended"])
    return {
        "rows": {name.lower(): count for name, count in rows.items()},
        "rejected": {name.lower(): count for name, count in rejected.items()},
        "reasons": {"missing": rejected.total()},
        "mended": dict(mended),
        "locations": {
            name: f"s3://exports/{payload['runId']}/{name.lower()}/" for name, count in rows.items() if count
        },
        "manifest": f"exports/{payload['runId']}/manifest.json",
    }


def _arn(resource: str) -> str:
    return f"arn:aws:personalize:{REGION}:123456789012:{resource}"


_STEPS: dict[str, Callable[[Json], Json]] = {
    "segment": segment_of,
    "manifest": manifest_of,
    "datasetGroup": lambda e: {"datasetGroupArn": _arn(f"dataset-group/{e['name']}")},
    "dataset": lambda e: {"datasetArn": _arn(f"dataset/{e['name']}"), "awaiting": "create"},
    "eventTracker": lambda _: {"eventTrackerArn": _arn("event-tracker/1234abcd"), "trackingId": "track-1"},
    "filters": lambda e: {
        "filters": [{"name": each["name"], "filterArn": _arn(f"filter/{each['resource']}")} for each in e["filters"]],
        "pending": [],
        "leftOut": [],
    },
    "import": lambda e: {"datasetImportJobArn": _arn(f"dataset-import-job/{e['name']}-{e['runId']}")},
    "solution": lambda e: {"solutionArn": _arn(f"solution/{e['name']}")},
    "version": lambda e: {"solutionVersionArn": f"{e['solutionArn']}/1234abcd"},
    "metrics": lambda _: {"metrics": {"precision_at_5": 0.25}},
    "campaign": lambda e: {"campaignArn": _arn(f"campaign/{e['name']}"), "awaiting": "create"},
    "publish": lambda e: {"published": [model["name"] for model in e["models"]], "unconfigured": []},
}


@dataclass
class World:
    """Everything that a run meets; each test changes what it is about."""

    aws: FakeAws
    machines: Machines
    clock: EagerClock
    statuses: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    steps: dict[str, Callable[[Json], Json]] = field(default_factory=lambda: dict(_STEPS))
    calls: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        for function in ("export-data", "setup-datasets", "train-model", "deploy-campaign"):
            self.aws.on("lambda", function, self._invoke)
        for operation, member in _MEMBERS.items():
            self.aws.on("personalize", operation, self._describer(operation, member))
        self.dynamodb = self.machines.service("dynamodb")
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._topic = self.machines.service("sns").create_topic(Name="outcomes")["TopicArn"]
        self._inbox = self.machines.service("sqs").create_queue(QueueName="inbox")["QueueUrl"]
        queue = self._topic.replace(":sns:", ":sqs:").replace("outcomes", "inbox")
        self.machines.service("sns").subscribe(TopicArn=self._topic, Protocol="sqs", Endpoint=queue)

    def describe(self, operation: str, answers: Iterable[Json]) -> None:
        """The descriptions that Personalize gives, one after the other; the last one for ever."""
        self.statuses[operation] = list(answers)

    def meanwhile(self, step: str, happens: Callable[[], object]) -> None:
        """Let something happen while the function is at `step`."""
        answer = self.steps[step]

        def reply(payload: Json) -> Json:
            happens()
            return answer(payload)

        self.steps[step] = reply

    def payloads(self, step: str) -> list[Json]:
        """What the functions were given for `step`."""
        return [call for call in self.calls if call["step"] == step]

    def lease(self) -> Json:
        item = self.dynamodb.get_item(TableName=TABLE, Key={"key": {"S": "lease"}}).get("Item")
        return item and {name: str(next(iter(value.values()))) for name, value in item.items()}

    def requests(self, operation: str) -> list[Json]:
        """What Personalize was asked by `operation`."""
        return [body for name, body in self.aws.requests if name == operation]

    def told(self) -> list[tuple[str, Json]]:
        """Subjects and messages that the topic of outcomes got since it was asked last."""
        sqs = self.machines.service("sqs")
        received = sqs.receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10).get("Messages", [])
        notices = [json.loads(message["Body"]) for message in received]
        return [(notice["Subject"], json.loads(notice["Message"])) for notice in notices]

    def refuse_notices(self) -> None:
        """Let every message to the topic of outcomes fail."""
        self.machines.service("sns").delete_topic(TopicArn=self._topic)

    def hold_lease(self, holder: str, *, expires_at: int = 99_999_999_999) -> None:
        self.dynamodb.put_item(
            TableName=TABLE,
            Item={"key": {"S": "lease"}, "holder": {"S": holder}, "expiresAt": {"N": str(expires_at)}},
        )

    def _invoke(self, payload: Json) -> Answer:
        self.calls.append(payload)
        answer = self.steps[payload["step"]](payload)
        return answer if isinstance(answer, Answer) else Answer(answer)

    def _describer(self, operation: str, member: str) -> Callable[[Json], Answer]:
        def reply(_: Json) -> Answer:
            answers = self.statuses[operation] or [{"status": "ACTIVE"}]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            return answer if isinstance(answer, Answer) else Answer({member: answer})

        return reply


def raised(error: str, message: str) -> Answer:
    """What Lambda answers where a Python function raised."""
    return Answer.function_error({"errorMessage": message, "errorType": error, "stackTrace": ["  File …"]})
