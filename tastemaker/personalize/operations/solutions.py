"""Solutions: a recipe with its configuration, from which versions are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.events_config import check_events
from tastemaker.personalize.kinds import CAMPAIGN, DATASET, DATASET_GROUP, SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.registry import operation, register_list
from tastemaker.personalize.operations.states import need_active, need_place, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.solution_config import (
    check_config,
    check_datasets,
    check_incremental,
    check_schedule,
    columns_of,
    solution_recipe,
)
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateSolutionRequestTypeDef,
        DeleteSolutionRequestTypeDef,
        DescribeSolutionRequestTypeDef,
        SolutionUpdateConfigTypeDef,
        UpdateSolutionRequestTypeDef,
    )

_SWITCHES: Final = ("performAutoTraining", "performIncrementalUpdate")


@operation("CreateSolution")
def create_solution(here: AccountRegion, given: CreateSolutionRequestTypeDef) -> Members:
    arn = here.arn(SOLUTION, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    recipe = solution_recipe(given, here.trainable_recipes)
    need_active(group)
    schemas = schemas_of(here, group.arn)
    check_datasets(recipe, schemas, group.arn)
    check_config(given, recipe, schemas)
    columns = columns_of(given, recipe, schemas)
    need_place(here, SOLUTION, most=here.quotas.solutions, datasetGroupArn=group.arn)
    members = {
        "name": given["name"],
        "datasetGroupArn": group.arn,
        "recipeArn": recipe.arn,
        "performHPO": given.get("performHPO", False),
        "performAutoML": False,
        "performAutoTraining": given.get("performAutoTraining", True),
        "performIncrementalUpdate": given.get("performIncrementalUpdate", False),
        "eventType": given.get("eventType"),
        "solutionConfig": given.get("solutionConfig"),
    }
    solution = here.resources.add(SOLUTION, arn, members, tags=tags_of(given.get("tags")))
    solution.hidden["columns"] = columns
    return {"solutionArn": arn}


@operation("UpdateSolution")
def update_solution(here: AccountRegion, given: UpdateSolutionRequestTypeDef) -> Members:
    solution = here.resources.get(SOLUTION, given["solutionArn"])
    config: Members = dict(given.get("solutionUpdateConfig", {}))
    if not config and "performAutoTraining" not in given and "performIncrementalUpdate" not in given:
        raise InvalidInput(
            "There is nothing to update: give performAutoTraining, performIncrementalUpdate or solutionUpdateConfig."
        )
    _check_update(here, solution, given)
    if state := lifecycle.under_way(solution):
        raise in_use(solution.arn, f"it is in {state}.")
    need_active(solution)
    now = here.clock.now()
    wanted = {name: given.get(name, solution.members[name]) for name in _SWITCHES}
    solution.members["latestSolutionUpdate"] = wanted | {
        "solutionUpdateConfig": config,
        # what the solution takes over when the update is done; no summary shows it
        "solutionConfig": {**(solution.members["solutionConfig"] or {}), **config} or None,
        "creationDateTime": now,
    }
    lifecycle.begin(solution, lifecycle.UPDATE_SOLUTION, now=now)
    return {"solutionArn": solution.arn}


@operation("DescribeSolution")
def describe_solution(here: AccountRegion, given: DescribeSolutionRequestTypeDef) -> Members:
    solution = here.resources.describe(SOLUTION, given["solutionArn"])
    latest = next(here.resources.newest(SOLUTION_VERSION, solutionArn=solution.arn), None)
    return {"solution": solution.members | {"latestSolutionVersion": latest.members if latest else None}}


@operation("DeleteSolution")
def delete_solution(here: AccountRegion, given: DeleteSolutionRequestTypeDef) -> None:
    solution = here.resources.get(SOLUTION, given["solutionArn"])
    if campaign := next(here.resources.newest(CAMPAIGN, solutionArn=solution.arn), None):
        raise in_use(solution.arn, f"{campaign.arn} serves it; delete that first.")
    for version in here.resources.newest(SOLUTION_VERSION, solutionArn=solution.arn):
        if state := lifecycle.under_way(version):
            raise in_use(solution.arn, f"{version.arn} is in {state}; stop it with StopSolutionVersionCreation.")
    start_deletion(here, solution)


def schemas_of(here: AccountRegion, group_arn: str) -> dict[str, Schema]:
    """The schemas of a group's datasets, by dataset type."""
    datasets = here.resources.newest(DATASET, datasetGroupArn=group_arn)
    return {dataset.members["datasetType"]: schema_of(here, dataset) for dataset in datasets}


def _check_update(here: AccountRegion, solution: Resource, given: UpdateSolutionRequestTypeDef) -> None:
    recipe = BY_ARN[solution.members["recipeArn"]]
    nothing: SolutionUpdateConfigTypeDef = {}
    config = given.get("solutionUpdateConfig", nothing)
    check_incremental(recipe, wanted=given.get("performIncrementalUpdate", False))
    check_schedule(config.get("autoTrainingConfig", {}).get("schedulingExpression"))
    if "eventsConfig" in config:
        if solution.members["eventType"] or (solution.members["solutionConfig"] or {}).get("eventValueThreshold"):
            raise InvalidInput(
                f"{solution.arn} has an eventType or an eventValueThreshold, in whose place an eventsConfig would be: "
                "create another solution."
            )
        interactions = schemas_of(here, solution.members["datasetGroupArn"]).get("INTERACTIONS")
        check_events(config["eventsConfig"], recipe, interactions, where="solutionUpdateConfig")


register_list(SOLUTION, within=DATASET_GROUP)
