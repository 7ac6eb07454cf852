"""Solution versions: trainings and what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion, short_id
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.hpo_config import tuning_of
from tastemaker.personalize.jobs import JobFailure, TrainingOutcome, TrainingSpec
from tastemaker.personalize.kinds import SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.operations.registry import operation, register_describe, register_list, resumes
from tastemaker.personalize.operations.states import need_active, need_room
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.operations.training import start_training, training_spec
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateSolutionVersionRequestTypeDef,
        GetSolutionMetricsRequestTypeDef,
        StopSolutionVersionCreationRequestTypeDef,
    )

_OF_THE_SOLUTION: Final = (
    "datasetGroupArn",
    "recipeArn",
    "eventType",
    "performHPO",
    "performAutoML",
    "performIncrementalUpdate",
)
_UPDATING: Final = "aws-user-personalization"


@operation("CreateSolutionVersion")
def create_solution_version(here: AccountRegion, given: CreateSolutionVersionRequestTypeDef) -> Members:
    solution = here.resources.get(SOLUTION, given["solutionArn"])
    need_active(solution)
    mode = given.get("trainingMode", "FULL")
    base = _base(here, solution, mode)
    name = given.get("name")
    if name is not None:
        for other in here.resources.newest(SOLUTION_VERSION, solutionArn=solution.arn, name=name):
            raise already_exists(other.arn)
    need_room(here, SOLUTION_VERSION, most=here.quotas.solution_versions)
    version = add_version(
        here, solution, name=name, tags=tags_of(given.get("tags")), trainingMode=mode, trainingType="MANUAL"
    )
    if base is not None:
        version.hidden["base"] = base.arn
    begin_training(here, version)
    return {"solutionVersionArn": version.arn}


def add_version(
    here: AccountRegion,
    solution: Resource,
    *,
    name: str | None = None,
    tags: dict[str, str] | None = None,
    **members: str,
) -> Resource:
    """A version at the start of its creation, of the solution as it is configured now."""
    short_name = f"{solution.members['name']}/{short_id()}"
    echoed = {member: solution.members[member] for member in _OF_THE_SOLUTION} | {
        "name": name or short_name,
        "solutionArn": solution.arn,
        "solutionConfig": solution.members["solutionConfig"] or {},
    }
    arn = here.arn(SOLUTION_VERSION, short_name)
    return here.resources.add(SOLUTION_VERSION, arn, echoed | members, tags=tags, worked=False)


@resumes(SOLUTION_VERSION)
def begin_training(here: AccountRegion, version: Resource) -> None:
    """Begin the work of `version`, at its creation or after a restart."""
    base = here.resources.find(version.hidden.get("base", ""))
    spec = spec_of(here, version, extends=None if base is None else Path(base.hidden["modelPath"]))
    start_training(here, version, spec, lambda outcome: _ended(here, version, outcome, base))


def spec_of(here: AccountRegion, version: Resource, *, extends: Path | None = None) -> TrainingSpec:
    """What a training of `version` is told; `extends`: the folder of the model that it brings up to date."""
    members = version.members
    solution = here.resources.get(SOLUTION, members["solutionArn"])
    recipe = BY_ARN[members["recipeArn"]]
    searches = members["performHPO"] and extends is None
    return training_spec(
        here,
        members["datasetGroupArn"],
        recipe,
        config=members["solutionConfig"],
        event_type=members["eventType"],
        columns=solution.hidden.get("columns"),
        tuning=tuning_of(members["solutionConfig"].get("hpoConfig"), recipe) if searches else None,
        extends=extends,
    )


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


def _base(here: AccountRegion, solution: Resource, mode: str) -> Resource | None:
    """The version that an UPDATE brings up to date; None for FULL training."""
    if mode == "FULL":
        return None
    if mode != "UPDATE":
        raise InvalidInput(
            f"trainingMode {mode} is not for CreateSolutionVersion: give FULL, or switch on performAutoTraining."
        )
    recipe = BY_ARN[solution.members["recipeArn"]]
    if recipe.name != _UPDATING:
        raise InvalidInput(f"trainingMode UPDATE is only for {_UPDATING}, not {recipe.name}: give FULL.")
    base = latest_full(here, solution.arn)
    if base is None:
        raise InvalidInput(f"{solution.arn} has no ACTIVE solution version of trainingMode FULL: train one first.")
    return base


def latest_full(here: AccountRegion, solution_arn: str) -> Resource | None:
    """The latest fully trained version of a solution that is ACTIVE."""
    return next(
        here.resources.newest(SOLUTION_VERSION, solutionArn=solution_arn, trainingMode="FULL", status="ACTIVE"), None
    )


def delete_old_sums(here: AccountRegion, solution_arn: str) -> None:
    """Of a solution's versions only the latest fully trained one is updated: the others need nothing to add to."""
    latest = latest_full(here, solution_arn)
    for version in here.resources.newest(SOLUTION_VERSION, solutionArn=solution_arn, status="ACTIVE"):
        if version is not latest:
            here.jobs.delete_sums(Path(version.hidden["modelPath"]))


def _ended(
    here: AccountRegion, version: Resource, outcome: TrainingOutcome | JobFailure, base: Resource | None
) -> None:
    with here.resources.changing():
        if isinstance(outcome, JobFailure):
            lifecycle.work_ended(version, reason=outcome.reason)
            return
        # whose weights are another version's is as good as that one was measured to be
        metrics = dict(outcome.metrics if base is None else base.hidden["metrics"])
        version.hidden.update(metrics=metrics, modelPath=str(outcome.model_path))
        gains: Members = {"trainingHours": outcome.training_seconds / 3600}
        if outcome.tuned:
            gains["tunedHPOParams"] = {"algorithmHyperParameters": dict(outcome.tuned)}
        lifecycle.work_ended(version, gains=gains)


register_describe(SOLUTION_VERSION)
register_list(SOLUTION_VERSION, within=SOLUTION, within_must_exist=True)
