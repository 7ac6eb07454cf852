"""Batch inference jobs: recommendations for the lines of files in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.hyperparameters import check_parameters
from tastemaker.personalize.kinds import BATCH_INFERENCE_JOB, SOLUTION_VERSION
from tastemaker.personalize.operations.batch_checks import (
    add_job,
    check_filter,
    check_job,
    check_paths,
    check_results,
    start_job,
)
from tastemaker.personalize.operations.registry import operation, register_describe, register_list, resumes
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateBatchInferenceJobRequestTypeDef

MOST_RESULTS: Final = 500
MOST_LINES: Final = 50_000_000
_RECOMMENDING: Final = frozenset({"USER_PERSONALIZATION", "PERSONALIZED_RANKING", "RELATED_ITEMS"})


@operation("CreateBatchInferenceJob", locked=False)
def create_batch_inference_job(here: AccountRegion, given: CreateBatchInferenceJobRequestTypeDef) -> Members:
    with here.resources.changing():
        _check(here, given)
    # asks S3, which takes its time: nobody else may wait for it
    check_paths(here, given)
    with here.resources.changing():
        version = _check(here, given)
        members = {
            "numResults": check_results(given, most=MOST_RESULTS),
            "batchInferenceJobConfig": given.get("batchInferenceJobConfig"),
            "batchInferenceJobMode": given.get("batchInferenceJobMode", "BATCH_INFERENCE"),
        }
        job = add_job(here, given, BATCH_INFERENCE_JOB, version, members)
        start(here, job)
    return {"batchInferenceJobArn": job.arn}


@resumes(BATCH_INFERENCE_JOB)
def start(here: AccountRegion, job: Resource) -> None:
    """Begin the work of `job`, at its creation or after a restart."""
    start_job(here, job, most_lines=MOST_LINES)


def _check(here: AccountRegion, given: CreateBatchInferenceJobRequestTypeDef) -> Resource:
    version, recipe = check_job(here, given, BATCH_INFERENCE_JOB, most_under_way=here.quotas.batch_inference_jobs)
    if recipe.type not in _RECOMMENDING:
        raise InvalidInput(f"{recipe.name} ({recipe.type}) does not support batch inference jobs.")
    _check_mode(given, recipe)
    _check_config(given, recipe)
    check_results(given, most=MOST_RESULTS)
    if "filterArn" in given:
        check_filter(here, given["filterArn"], version, target="ItemID")
    return version


def _check_mode(given: CreateBatchInferenceJobRequestTypeDef, recipe: Recipe) -> None:
    themes = given.get("batchInferenceJobMode") == "THEME_GENERATION"
    if themes and recipe.name != "aws-similar-items":
        raise InvalidInput(f"batchInferenceJobMode THEME_GENERATION is only for aws-similar-items, not {recipe.name}.")
    if themes and "themeGenerationConfig" not in given:
        raise InvalidInput(
            "batchInferenceJobMode THEME_GENERATION needs themeGenerationConfig, which names the titles' column."
        )
    if themes:
        raise InvalidInput(
            "The embedded Personalize generates no themes, which would need a language model: leave "
            "batchInferenceJobMode out to get the similar items without them."
        )
    if "themeGenerationConfig" in given:
        raise InvalidInput("themeGenerationConfig is only for the batchInferenceJobMode THEME_GENERATION.")


def _check_config(given: CreateBatchInferenceJobRequestTypeDef, recipe: Recipe) -> None:
    config: Members = dict(given.get("batchInferenceJobConfig", {}))
    exploration, influence = config.get("itemExplorationConfig", {}), config.get("rankingInfluence", {})
    where = "batchInferenceJobConfig"
    check_parameters(exploration, recipe.exploration, where=f"{where}.itemExplorationConfig", recipe=recipe.name)
    texts = {name: str(value) for name, value in influence.items()}
    check_parameters(texts, recipe.influence, where=f"{where}.rankingInfluence", recipe=recipe.name)


register_describe(BATCH_INFERENCE_JOB)
register_list(BATCH_INFERENCE_JOB, within=SOLUTION_VERSION)
