"""Batch segment jobs: the users who are likeliest to turn to the items that the lines of files in S3 name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.kinds import BATCH_SEGMENT_JOB, FILTER, SOLUTION_VERSION
from tastemaker.personalize.operations.batch_checks import (
    add_job,
    check_filter,
    check_job,
    check_paths,
    check_results,
    start_job,
)
from tastemaker.personalize.operations.filters import checked_expression
from tastemaker.personalize.operations.registry import operation, register_describe, register_list, resumes
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateBatchSegmentJobRequestTypeDef

MOST_RESULTS: Final = 5_000_000
_BY_ATTRIBUTES: Final = "aws-item-attribute-affinity"
MOST_LINES: Final = {"aws-item-affinity": 500, _BY_ATTRIBUTES: 10}
"""How many lines a file may have, by recipe: those that have segment jobs."""


@operation("CreateBatchSegmentJob", locked=False)
def create_batch_segment_job(here: AccountRegion, given: CreateBatchSegmentJobRequestTypeDef) -> Members:
    with here.resources.changing():
        _check(here, given)
    # asks S3, which takes its time: nobody else may wait for it
    check_paths(here, given)
    with here.resources.changing():
        version = _check(here, given)
        members = {"numResults": check_results(given, most=MOST_RESULTS)}
        job = add_job(here, given, BATCH_SEGMENT_JOB, version, members)
        start(here, job)
    return {"batchSegmentJobArn": job.arn}


@resumes(BATCH_SEGMENT_JOB)
def start(here: AccountRegion, job: Resource) -> None:
    """Begin the work of `job`, at its creation or after a restart."""
    version = here.resources.get(SOLUTION_VERSION, job.members["solutionVersionArn"])
    start_job(here, job, most_lines=MOST_LINES[BY_ARN[version.members["recipeArn"]].name])


def _check(here: AccountRegion, given: CreateBatchSegmentJobRequestTypeDef) -> Resource:
    version, recipe = check_job(here, given, BATCH_SEGMENT_JOB, most_under_way=here.quotas.batch_segment_jobs)
    if recipe.name not in MOST_LINES:
        raise InvalidInput(
            f"{recipe.name} ({recipe.type}) does not support batch segment jobs: {' and '.join(MOST_LINES)} do."
        )
    check_results(given, most=MOST_RESULTS)
    if "filterArn" in given:
        check_filter(here, given["filterArn"], version, target="UserID")
        _check_events(here, given["filterArn"], recipe)
    return version


def _check_events(here: AccountRegion, arn: str, recipe: Recipe) -> None:
    if recipe.name == _BY_ATTRIBUTES and checked_expression(here, here.resources.get(FILTER, arn)).mentions(
        "Interactions"
    ):
        raise InvalidInput(f"{arn} uses Interactions, by which {recipe.name} cannot filter: use Users instead.")


register_describe(BATCH_SEGMENT_JOB)
register_list(BATCH_SEGMENT_JOB, within=SOLUTION_VERSION)
