"""A shop whose customers have one taste or the other, with trained models, and batch jobs that really run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.engine import Refused, Result, Task
from tastemaker.personalize.histories import interactions_of, save_histories
from tastemaker.personalize.in_process import client
from tastemaker.personalize.jobs import JobFailure, TrainingOutcome, TrainingSpec
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.personalize.service import Personalize
from tastemaker.personalize.trained import Saved
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import RECIPES, SEGMENT_RECIPES
from tests.unit.personalize.event_scene import interactions_schema
from tests.unit.personalize.instant_jobs import InstantJobs
from tests.unit.personalize.scene import ARN, RECIPE, ROLE, Scene

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

GROUP = f"{ARN}:dataset-group/shop"
ITEMS_OF_A_TASTE = 12
USERS_SCHEMA = {"name": "Users", "fields": [{"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}]}
ITEMS_SCHEMA = {
    "name": "Items",
    "fields": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TASTE", "type": ["null", "string"], "categorical": True},
        {"name": "PRICE", "type": "float"},
        {"name": "STORY", "type": ["null", "string"], "textual": True},
    ],
}


class TaskJobs(InstantJobs):
    """Tasks fail like those of the real jobs. `cancel_tasks`: nobody wants them from the start."""

    cancel_tasks = False
    put_off = False

    def start_training(
        self, key: str, spec: TrainingSpec, done: Callable[[TrainingOutcome | JobFailure], None]
    ) -> None:
        records, items = (self.datasets.read(spec.dataset_arns[kind]) for kind in ("INTERACTIONS", "ITEMS"))
        assert records is not None
        assert items is not None
        interactions = interactions_of(records).with_items(items["ITEM_ID"].to_pylist())
        files = ModelFiles(self._models / key.rpartition("/")[2])
        files.directory.mkdir(parents=True)
        model: Saved
        if spec.recipe in SEGMENT_RECIPES:
            model = SEGMENT_RECIPES[spec.recipe]({}).fit(interactions, seed=spec.seed)
        else:
            model = RECIPES[spec.recipe]({}).fit(interactions, seed=spec.seed)
        model.save(files.model)
        save_histories(files.histories, interactions, model.item_ids)
        done(TrainingOutcome({}, training_seconds=1.0, model_path=files.directory))

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:  # noqa: ARG002 # the protocol's
        if self.put_off:
            return
        try:
            outcome: Result | JobFailure = task(lambda: not self.cancel_tasks)
        except Refused as refused:
            outcome = JobFailure(str(refused))
        if not self.cancel_tasks:
            done(outcome)


class BatchScene:
    """Items `even-n` and `odd-n` of the tastes Even and Odd, at n dollars; users `user-n`, n years old, take their own.

    S3 is `bucket`; `locked` is a bucket that no role may use.
    """

    def __init__(self, directory: Path, *, quotas: Quotas = DEFAULT_QUOTAS) -> None:
        self.objects = MemoryObjects({"bucket": _data(), "locked": {}}, readers={"locked": frozenset()})
        self.clock = ManualClock()
        self._directory = directory
        self._quotas = quotas
        self.open()
        if not self.control.list_dataset_groups()["datasetGroups"]:
            self._build()

    def open(self) -> None:
        self.jobs = TaskJobs(objects=self.objects, directory=self._directory)
        self.personalize = Personalize(
            objects=self.objects, clock=self.clock, data_dir=self._directory, jobs=self.jobs, quotas=self._quotas
        )
        self.control: PersonalizeClient = client(self.personalize, "personalize")

    @cached_property
    def runtime(self) -> PersonalizeRuntimeClient:
        return client(self.personalize, "personalize-runtime")

    @cached_property
    def events(self) -> Any:
        return client(self.personalize, "personalize-events")

    def _build(self) -> None:
        self.control.create_dataset_group(name="shop")
        Scene.until_active(lambda: self.control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])
        self._load("Interactions", interactions_schema())
        self._load("Items", json.dumps({"type": "record", "version": "1.0", **ITEMS_SCHEMA}))
        self._load("Users", json.dumps({"type": "record", "version": "1.0", **USERS_SCHEMA}))

    def _load(self, kind: str, schema: str) -> None:
        schema_arn = self.control.create_schema(name=kind, schema=schema)["schemaArn"]
        dataset = self.control.create_dataset(name=kind, datasetGroupArn=GROUP, schemaArn=schema_arn, datasetType=kind)[
            "datasetArn"
        ]
        Scene.until_active(lambda: self.control.describe_dataset(datasetArn=dataset)["dataset"])
        self._import(kind, kind)

    def import_again(self, kind: str) -> None:
        """Take in what the file of that dataset says now."""
        self._import(kind, f"{kind}-again")

    def _import(self, kind: str, name: str) -> None:
        dataset = f"{ARN}:dataset/shop/{kind.upper()}"
        job = self.control.create_dataset_import_job(
            jobName=name, datasetArn=dataset, dataSource={"dataLocation": f"s3://bucket/{kind}.csv"}, roleArn=ROLE
        )["datasetImportJobArn"]
        Scene.until_active(
            lambda: self.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
        )

    def version(self, recipe: str = "aws-user-personalization") -> str:
        """An ACTIVE solution version of a solution that is named for its recipe."""
        solution = f"{ARN}:solution/{recipe}"
        if not any(found["solutionArn"] == solution for found in self.control.list_solutions()["solutions"]):
            self.control.create_solution(
                name=recipe, datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{recipe}", performAutoTraining=False
            )
            Scene.until_active(lambda: self.control.describe_solution(solutionArn=solution)["solution"])
        arn = self.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        Scene.until_active(lambda: self.control.describe_solution_version(solutionVersionArn=arn)["solutionVersion"])
        return arn

    def campaign(self, version: str, name: str = "live") -> str:
        """An ACTIVE campaign."""
        arn = self.control.create_campaign(name=name, solutionVersionArn=version, minProvisionedTPS=1)["campaignArn"]
        Scene.until_active(lambda: self.control.describe_campaign(campaignArn=arn)["campaign"])
        return arn

    def filter(self, expression: str, name: str = "only") -> str:
        """An ACTIVE filter."""
        arn = self.control.create_filter(name=name, datasetGroupArn=GROUP, filterExpression=expression)["filterArn"]
        Scene.until_active(lambda: self.control.describe_filter(filterArn=arn)["filter"])
        return arn

    def put(self, key: str, *lines: Mapping[str, Any] | str) -> None:
        """An input file."""
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        self.objects.store("bucket", key, "\n".join(texts).encode())

    def read(self, key: str) -> str:
        with self.objects.open("bucket", key, role_arn=ROLE) as body:
            return body.read().decode()

    def keys(self, prefix: str) -> list[str]:
        return self.objects.list("bucket", prefix, role_arn=ROLE)

    def start(self, version: str, *, name: str = "job", source: str = "in.json", **more: Any) -> str:
        given = {
            "jobName": name,
            "solutionVersionArn": version,
            "roleArn": ROLE,
            "jobInput": {"s3DataSource": {"path": f"s3://bucket/{source}"}},
            "jobOutput": {"s3DataDestination": {"path": "s3://bucket/out/"}},
        }
        return self.control.create_batch_inference_job(**(given | more))["batchInferenceJobArn"]

    def start_segments(self, version: str, *, name: str = "job", **more: Any) -> str:
        given = {
            "jobName": name,
            "solutionVersionArn": version,
            "roleArn": ROLE,
            "jobInput": {"s3DataSource": {"path": "s3://bucket/in.json"}},
            "jobOutput": {"s3DataDestination": {"path": "s3://bucket/out/"}},
        }
        return self.control.create_batch_segment_job(**(given | more))["batchSegmentJobArn"]

    def describe_segments(self, arn: str) -> Any:
        return self.control.describe_batch_segment_job(batchSegmentJobArn=arn)["batchSegmentJob"]

    def segments(self, version: str, *lines: Mapping[str, Any] | str, **more: Any) -> list[Any]:
        """The lines of the output of a segment job that is done, as JSON."""
        self.put("in.json", *lines)
        arn = self.start_segments(version, **more)
        Scene.until_active(lambda: self.describe_segments(arn))
        return [json.loads(line) for line in self.read("out/in.json.out").splitlines()]

    def describe(self, arn: str) -> Any:
        return self.control.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]

    def answers(self, version: str, *lines: Mapping[str, Any] | str, **more: Any) -> list[Any]:
        """The lines of the output of a job that is done, as JSON."""
        self.put("in.json", *lines)
        arn = self.start(version, **more)
        Scene.until_active(lambda: self.describe(arn))
        return [json.loads(line) for line in self.read("out/in.json.out").splitlines()]


def recommended(answers: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [answer["output"]["recommendedItems"] for answer in answers]


def _data() -> dict[str, bytes]:
    tastes = [f"{taste}-{n},{taste.title()},{n},A story" for taste in ("even", "odd") for n in range(ITEMS_OF_A_TASTE)]
    events = [
        f"user-{user},{'even' if user % 2 == 0 else 'odd'}-{(user // 2 + step) % ITEMS_OF_A_TASTE},"
        f"{1_600_000_000 + user * 100 + step},view"
        for user in range(100)
        for step in range(ITEMS_OF_A_TASTE - 1)
    ]
    return {
        "Interactions.csv": "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *events]).encode(),
        "Items.csv": "\n".join(["ITEM_ID,TASTE,PRICE,STORY", *tastes]).encode(),
        "Users.csv": "\n".join(["USER_ID,AGE", *(f"user-{n},{n}" for n in range(100))]).encode(),
    }
