"""A Personalize whose jobs end when a test says so, and the steps that lead to each resource, by real clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.datasets import ImportSpec
from tastemaker.personalize.engine import Refused, Result, Task
from tastemaker.personalize.in_process import client
from tastemaker.personalize.jobs import ImportOutcome, JobFailure, TrainingOutcome, TrainingSpec
from tastemaker.personalize.objects import LocationError, MemoryObjects
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.personalize.runtime import Question, Recommended
from tastemaker.personalize.service import Personalize
from tastemaker.personalize.wire import WireRequest, WireResponse

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient
    from numpy.typing import NDArray

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
RECIPE = "arn:aws:personalize:::recipe"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
LOCATION = "s3://bucket/interactions/"
# the server's own checks are what is tested, not those that botocore makes before it
_UNCHECKED = Config(parameter_validation=False)
TRAINABLE = ("aws-user-personalization", "aws-user-personalization-v2", "aws-popularity-count")
METRICS = {"coverage": 0.5, "precision_at_5": 0.25}
INTERACTIONS = json.dumps(
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
USERS = json.dumps(
    {
        "type": "record",
        "name": "Users",
        "namespace": "com.amazonaws.personalize.schema",
        "version": "1.0",
        "fields": [{"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}],
    }
)


@dataclass
class Loaded:
    """Which datasets hold records, and of how many imports."""

    arns: set[str] = field(default_factory=set)
    imports: dict[str, int] = field(default_factory=dict)

    def holds(self, dataset_arn: str) -> bool:
        return dataset_arn in self.arns

    def revision(self, dataset_arn: str) -> str | None:
        return str(self.imports[dataset_arn]) if dataset_arn in self.imports else None

    def read(self, dataset_arn: str) -> pa.Table | None:
        """One event, of whatever is loaded."""
        if dataset_arn not in self.arns:
            return None
        return pa.table({"USER_ID": ["u"], "ITEM_ID": ["i"], "TIMESTAMP": [1]})

    def share(self, dataset_arn: str, directory: Path) -> None:
        """There are no files to share."""

    def read_dated(self, dataset_arn: str) -> tuple[pa.Table, NDArray[np.int64]] | None:
        records = self.read(dataset_arn)
        return None if records is None else (records, np.zeros(len(records), dtype=np.int64))

    def forget(self, dataset_arn: str, column: str, values: Collection[str]) -> int:
        """Of the one event, whose user is `u`."""
        return int(dataset_arn in self.arns and column == "USER_ID" and "u" in values)

    def delete(self, dataset_arn: str) -> None:
        self.arns.discard(dataset_arn)
        self.imports.pop(dataset_arn, None)


@dataclass
class HeldJobs:
    """Jobs that end when `succeed` or `fail` is called, in the order in which they began."""

    imports: list[tuple[str, ImportSpec]] = field(default_factory=list)
    trainings: list[tuple[str, TrainingSpec]] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    deleted: list[Path] = field(default_factory=list)
    without_sums: list[Path] = field(default_factory=list)
    datasets: Loaded = field(default_factory=Loaded)
    metrics: dict[str, float] = field(default_factory=lambda: dict(METRICS))
    tuned: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    closed: bool = False
    _ended: int = 0
    _open: list[tuple[str, Callable[[Any], None], object]] = field(default_factory=list)

    def check_location(self, location: str, role_arn: str) -> None:  # noqa: ARG002 # the protocol's
        if self.refusal is not None:
            raise LocationError(self.refusal)

    def start_import(self, key: str, spec: ImportSpec, done: Callable[[ImportOutcome | JobFailure], None]) -> None:
        self.imports.append((key, spec))
        self._open.append((key, done, ImportOutcome(rows=1000)))

    def start_training(
        self, key: str, spec: TrainingSpec, done: Callable[[TrainingOutcome | JobFailure], None]
    ) -> None:
        self.trainings.append((key, spec))
        path = Path("models") / key.rpartition("/")[2]
        self._open.append((key, done, TrainingOutcome(self.metrics, 3600.0, path, self.tuned)))

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:
        """The task is done when `succeed` is called."""
        self.tasks.append(key)

        def end(failure: JobFailure | None) -> None:
            done(outcome_of(task) if failure is None else failure)

        self._open.append((key, end, None))

    def cancel(self, key: str) -> None:
        self.cancelled.append(key)

    def delete_model(self, model_path: Path) -> None:
        self.deleted.append(model_path)

    def delete_sums(self, model_path: Path) -> None:
        self.without_sums.append(model_path)

    def close(self) -> None:
        self.closed = True

    def succeed(self, *keys: str) -> None:
        """End the jobs of these keys, or all."""
        self.datasets.arns.update(spec.dataset_arn for _, spec in self.imports)
        for _, spec in self.imports[self._ended :]:
            self.datasets.imports[spec.dataset_arn] = self.datasets.imports.get(spec.dataset_arn, 0) + 1
        self._ended = len(self.imports)
        for done, outcome in self._drain(keys):
            done(outcome)

    def fail(self, reason: str) -> None:
        for done, _ in self._drain():
            done(JobFailure(reason))

    def _drain(self, keys: Collection[str] = ()) -> list[tuple[Callable[[Any], None], object]]:
        drained = [(done, outcome) for key, done, outcome in self._open if not keys or key in keys]
        self._open = [job for job in self._open if keys and job[0] not in keys]
        return drained


def outcome_of(task: Task[Result]) -> Result | JobFailure:
    """What the real jobs tell of a task."""
    try:
        return task(lambda: True)
    except Refused as refused:
        return JobFailure(str(refused))


@dataclass
class NamingRecommender:
    """Recommends items that are named for the model, and notes what it was asked."""

    asked: list[tuple[Path, str, str | None, int]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def recommend(self, model_path: Path, question: Question) -> Sequence[Recommended]:
        self.questions.append(question)
        self.asked.append((model_path, question.recipe, question.user_id, question.k))
        score = None if question.recipe == "aws-popularity-count" else 0.1234567
        return [Recommended(f"{model_path.name}-{number}", score) for number in range(question.k)]

    def forget(self, model_path: Path) -> None:
        """There is nothing to forget."""

    def rank(self, model_path: Path, question: Question, items: Sequence[str]) -> Sequence[Recommended]:
        self.questions.append(question)
        self.asked.append((model_path, question.recipe, question.user_id, len(items)))
        return [Recommended(item, 0.1234567) for item in reversed(items)]

    def recommend_actions(self, model_path: Path, question: Question, taken: Sequence[str]) -> Sequence[Recommended]:
        self.questions.append(question)
        self.asked.append((model_path, question.recipe, question.user_id, question.k))
        return [Recommended(action, 0.1234567) for action in taken][: question.k]


class Scene:
    """The embedded Personalize with its clients, and a method for each resource that returns its ARN."""

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        quotas: Quotas = DEFAULT_QUOTAS,
        trainable: Sequence[str] = TRAINABLE,
    ) -> None:
        self.clock = ManualClock()
        self.jobs = HeldJobs()
        self.recommender = NamingRecommender()
        self.objects = MemoryObjects({})
        self.personalize = Personalize(
            objects=self.objects,
            clock=self.clock,
            data_dir=data_dir,
            jobs=self.jobs,
            recommender=self.recommender,
            trainable_recipes=trainable,
            quotas=quotas,
        )
        self.control: PersonalizeClient = client(self.personalize, "personalize", config=_UNCHECKED)

    @cached_property
    def runtime(self) -> PersonalizeRuntimeClient:
        return client(self.personalize, "personalize-runtime", config=_UNCHECKED)

    def send(self, *, target: str | None = None, path: str = "/", body: bytes = b"{}", method: str = "POST") -> Answer:
        """A raw request: a control-plane one where `target` is given."""
        headers = {"x-amz-target": f"AmazonPersonalize.{target}"} if target else {}
        return Answer(self.personalize.handle(WireRequest(method, path, headers, body, ACCOUNT, REGION)))

    def group(self, name: str = "shop", **more: Any) -> str:
        arn = self.control.create_dataset_group(name=name, **more)["datasetGroupArn"]
        self.until_active(lambda: self.control.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"])
        return arn

    def schema(self, name: str = "events", text: str = INTERACTIONS, **more: Any) -> str:
        return self.control.create_schema(name=name, schema=text, **more)["schemaArn"]

    def dataset(self) -> str:
        """An ACTIVE, empty dataset of interactions in the group `shop`."""
        group, schema = self.group(), self.schema()
        arn = self.control.create_dataset(
            name="events", datasetGroupArn=group, schemaArn=schema, datasetType="Interactions"
        )["datasetArn"]
        self.until_active(lambda: self.control.describe_dataset(datasetArn=arn)["dataset"])
        return arn

    def start_import(self, dataset_arn: str, name: str = "load", **more: Any) -> str:
        return self.control.create_dataset_import_job(
            jobName=name, datasetArn=dataset_arn, dataSource={"dataLocation": LOCATION}, roleArn=ROLE, **more
        )["datasetImportJobArn"]

    def imported(self) -> str:
        """A dataset with data; the ARN of its group."""
        job = self.start_import(self.dataset())
        self.jobs.succeed()
        self.until_active(lambda: self.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])
        return f"{ARN}:dataset-group/shop"

    def solution(self, name: str = "you", recipe: str = "aws-user-personalization", **more: Any) -> str:
        """A solution in the group `shop`, which is made where it is missing."""
        group = f"{ARN}:dataset-group/shop" if self.control.list_dataset_groups()["datasetGroups"] else self.imported()
        arn = self.control.create_solution(
            name=name, datasetGroupArn=group, recipeArn=f"{RECIPE}/{recipe}", performAutoTraining=False, **more
        )["solutionArn"]
        self.until_active(lambda: self.control.describe_solution(solutionArn=arn)["solution"])
        return arn

    def version(self, solution_arn: str | None = None) -> str:
        """An ACTIVE solution version."""
        solution_arn = solution_arn or self.solution()
        arn = self.control.create_solution_version(solutionArn=solution_arn)["solutionVersionArn"]
        self.jobs.succeed()
        self.until_active(lambda: self.describe_version(arn))
        return arn

    def campaign(self, version_arn: str | None = None, name: str = "live", **more: Any) -> str:
        """An ACTIVE campaign."""
        arn = self.control.create_campaign(
            name=name, solutionVersionArn=version_arn or self.version(), minProvisionedTPS=1, **more
        )["campaignArn"]
        self.until_active(lambda: self.describe_campaign(arn))
        return arn

    def describe_version(self, arn: str) -> Any:
        return self.control.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]

    def describe_campaign(self, arn: str) -> Any:
        return self.control.describe_campaign(campaignArn=arn)["campaign"]

    @staticmethod
    def until_active(describe: Callable[[], Any]) -> list[str]:
        """The statuses that Describe shows one after the other, up to ACTIVE."""
        seen = [describe()["status"]]
        while seen[-1] != "ACTIVE":
            assert len(seen) < 10, seen
            seen.append(describe()["status"])
        return seen

    @staticmethod
    def until_gone(describe: Callable[[], Any]) -> list[str]:
        """The statuses that Describe shows one after the other, until it says that there is no such resource."""
        seen: list[str] = []
        while len(seen) < 10:
            try:
                seen.append(describe()["status"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                return seen
        raise AssertionError(seen)


class Answer:
    """A raw response, with its body as JSON."""

    def __init__(self, response: WireResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.body
        self.json: Any = json.loads(response.body) if response.body else None


@contextmanager
def refused(code: str, *words: str, status: int = 400) -> Iterator[None]:
    """A block in which Personalize has to refuse, with `code`, HTTP `status` and `words` in the message."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    for word in words:
        assert word in answer["Error"]["Message"]
