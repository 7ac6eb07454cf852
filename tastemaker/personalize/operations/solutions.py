"""Solutions: a recipe with its configuration, from which versions are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.kinds import CAMPAIGN, DATASET, DATASET_GROUP, SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.operations.registry import operation, register_list
from tastemaker.personalize.operations.states import need_active, need_place, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.solution_config import check_solution

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateSolutionRequestTypeDef,
        DeleteSolutionRequestTypeDef,
        DescribeSolutionRequestTypeDef,
    )


@operation("CreateSolution")
def create_solution(here: AccountRegion, given: CreateSolutionRequestTypeDef) -> Members:
    arn = here.arn(SOLUTION, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    recipe = check_solution(given, here.trainable_recipes)
    need_active(group)
    if not any(here.resources.newest(DATASET, datasetGroupArn=group.arn, datasetType="INTERACTIONS")):
        raise InvalidInput(
            f"{group.arn} has no INTERACTIONS dataset, which {recipe.arn} is trained on: create it first."
        )
    need_place(here, SOLUTION, most=here.quotas.solutions, datasetGroupArn=group.arn)
    members = {
        "name": given["name"],
        "datasetGroupArn": group.arn,
        "recipeArn": recipe.arn,
        "performHPO": False,
        "performAutoML": False,
        "performAutoTraining": given.get("performAutoTraining", True),
        "performIncrementalUpdate": False,
        "eventType": given.get("eventType"),
        "solutionConfig": given.get("solutionConfig"),
    }
    here.resources.add(SOLUTION, arn, members, tags=tags_of(given.get("tags")))
    return {"solutionArn": arn}


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


register_list(SOLUTION, within=DATASET_GROUP)
