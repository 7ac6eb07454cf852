"""Solution versions: trainings and what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion, short_id
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.jobs import JobFailure, Streamed, TrainingOutcome, TrainingSpec
from tastemaker.personalize.kinds import DATASET, SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.metadata import NO_METADATA, MetadataFields
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.registry import operation, register_describe, register_list, resumes
from tastemaker.personalize.operations.states import need_active, need_room
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.overlay import remember_trained
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateSolutionVersionRequestTypeDef,
        GetSolutionMetricsRequestTypeDef,
        StopSolutionVersionCreationRequestTypeDef,
    )

TRAINING_SEED: Final = 0
"""One for all: the same data and configuration train the same model and are judged by the same hold-out."""
_OF_THE_SOLUTION: Final = ("datasetGroupArn", "recipeArn", "eventType", "performHPO", "performAutoML")


@operation("CreateSolutionVersion")
def create_solution_version(here: AccountRegion, given: CreateSolutionVersionRequestTypeDef) -> Members:
    solution = here.resources.get(SOLUTION, given["solutionArn"])
    if given.get("trainingMode", "FULL") != "FULL":
        raise InvalidInput(f"trainingMode {given['trainingMode']} is not implemented by the embedded Personalize.")
    need_active(solution)
    name = given.get("name")
    if name is not None:
        for other in here.resources.newest(SOLUTION_VERSION, solutionArn=solution.arn, name=name):
            raise already_exists(other.arn)
    need_room(here, SOLUTION_VERSION, most=here.quotas.solution_versions)
    version = _add(here, given, solution)
    start_training(here, version)
    return {"solutionVersionArn": version.arn}


@resumes(SOLUTION_VERSION)
def start_training(here: AccountRegion, version: Resource) -> None:
    """Begin the work of `version`, at its creation or after a restart."""
    group_arn, config = version.members["datasetGroupArn"], version.members["solutionConfig"]
    datasets = list(here.resources.newest(DATASET, datasetGroupArn=group_arn))
    version.hidden["datasetArns"] = {dataset.members["datasetType"]: dataset.arn for dataset in datasets}
    streamed = _streamed(here, version.hidden["datasetArns"].get("INTERACTIONS"))
    remember_trained(version, None if streamed is None else streamed.prefix.mark)
    spec = TrainingSpec(
        recipe=BY_ARN[version.members["recipeArn"]].name,
        dataset_arns=version.hidden["datasetArns"],
        event_type=version.members["eventType"],
        event_value_threshold=config.get("eventValueThreshold"),
        hyperparameters=config.get("algorithmHyperParameters", {}) | config.get("featureTransformationParameters", {}),
        seed=TRAINING_SEED,
        streamed=streamed,
        item_fields=_item_fields(here, datasets),
    )
    here.jobs.start_training(version.arn, spec, lambda outcome: _ended(here, version, outcome))


@operation("StopSolutionVersionCreation")
def stop_solution_version_creation(here: AccountRegion, given: StopSolutionVersionCreationRequestTypeDef) -> None:
    version = here.resources.get(SOLUTION_VERSION, given["solutionVersionArn"])
    now = here.clock.now()
    if version.status == "CREATE PENDING":
        lifecycle.end_at_once(version, "CREATE STOPPED", now=now)
    elif version.status == "CREATE IN_PROGRESS":
        lifecycle.begin(version, lifecycle.STOP, now=now)
    else:
        raise in_use(version.arn, f"its status is {version.status}, so there is no training to stop.")
    here.jobs.cancel(version.arn)


@operation("GetSolutionMetrics")
def get_solution_metrics(here: AccountRegion, given: GetSolutionMetricsRequestTypeDef) -> Members:
    version = here.resources.get(SOLUTION_VERSION, given["solutionVersionArn"])
    need_active(version)
    return {"solutionVersionArn": version.arn, "metrics": version.hidden["metrics"]}


def _streamed(here: AccountRegion, dataset_arn: str | None) -> Streamed | None:
    prefix = None if dataset_arn is None else here.streams.prefix(dataset_arn)
    if dataset_arn is None or prefix is None:
        return None
    return Streamed(prefix, schema_of(here, here.resources.get(DATASET, dataset_arn)))


def _add(here: AccountRegion, given: CreateSolutionVersionRequestTypeDef, solution: Resource) -> Resource:
    short_name = f"{solution.members['name']}/{short_id()}"
    members = {name: solution.members[name] for name in _OF_THE_SOLUTION} | {
        "name": given.get("name", short_name),
        "solutionArn": solution.arn,
        "solutionConfig": solution.members["solutionConfig"] or {},
        "performIncrementalUpdate": False,
        "trainingMode": "FULL",
        "trainingType": "MANUAL",
    }
    arn = here.arn(SOLUTION_VERSION, short_name)
    return here.resources.add(SOLUTION_VERSION, arn, members, tags=tags_of(given.get("tags")), worked=False)


def _item_fields(here: AccountRegion, datasets: Iterable[Resource]) -> MetadataFields:
    for dataset in datasets:
        if dataset.members["datasetType"] == "ITEMS":
            return MetadataFields.of(schema_of(here, dataset))
    return NO_METADATA


def _ended(here: AccountRegion, version: Resource, outcome: TrainingOutcome | JobFailure) -> None:
    with here.resources.changing():
        if isinstance(outcome, JobFailure):
            lifecycle.work_ended(version, reason=outcome.reason)
            return
        version.hidden.update(metrics=dict(outcome.metrics), modelPath=str(outcome.model_path))
        lifecycle.work_ended(version, gains={"trainingHours": outcome.training_seconds / 3600})


register_describe(SOLUTION_VERSION)
register_list(SOLUTION_VERSION, within=SOLUTION, within_must_exist=True)
