"""What a solution may be configured with: a recipe and settings it has, and what is not built refused in words."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.errors import InvalidInput, not_found
from tastemaker.personalize.hyperparameters import check_parameters
from tastemaker.personalize.recipes import BY_ARN, Recipe

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateSolutionRequestTypeDef, SolutionConfigUnionTypeDef

_UNBUILT_SETTINGS: Final = (
    "hpoConfig",
    "autoMLConfig",
    "eventsConfig",
    "optimizationObjective",
    "trainingDataConfig",
)


def check_solution(given: CreateSolutionRequestTypeDef, trainable: Collection[str]) -> Recipe:
    """The recipe of the solution to be created, or the refusal of what AWS or this emulator would not train.

    `trainable` holds the names of the recipes that have a model here.
    """
    if given.get("performAutoML"):
        raise InvalidInput("performAutoML works only with recipes that are retired: give a recipeArn instead.")
    if given.get("performHPO"):
        raise InvalidInput("performHPO is not implemented by the embedded Personalize: set the hyperparameters.")
    if given.get("performIncrementalUpdate"):
        raise InvalidInput("performIncrementalUpdate is only for aws-semantic-similarity.")
    if "recipeArn" not in given:
        raise InvalidInput("recipeArn is required unless performAutoML is true.")
    recipe = _recipe(given["recipeArn"], trainable)
    if "solutionConfig" in given:
        _check_config(given["solutionConfig"], recipe)
    return recipe


def _recipe(arn: str, trainable: Collection[str]) -> Recipe:
    recipe = BY_ARN.get(arn)
    if recipe is None:
        raise not_found(arn)
    if recipe.domain is not None:
        raise InvalidInput(f"{arn} is a use case of the domain {recipe.domain}: it needs CreateRecommender.")
    if recipe.legacy:
        raise InvalidInput(f"{arn} is a legacy recipe: new solutions use aws-user-personalization-v2 instead.")
    if recipe.name not in trainable:
        names = ", ".join(sorted(trainable))
        raise InvalidInput(f"{arn} is not implemented by the embedded Personalize, which can train {names}.")
    return recipe


def _check_config(config: SolutionConfigUnionTypeDef, recipe: Recipe) -> None:
    for setting in _UNBUILT_SETTINGS:
        if config.get(setting):
            raise InvalidInput(f"solutionConfig.{setting} is not implemented by the embedded Personalize.")
    _check_threshold(config.get("eventValueThreshold"))
    _check_schedule(config.get("autoTrainingConfig", {}).get("schedulingExpression"))
    parameters: Mapping[str, str] = config.get("algorithmHyperParameters", {})
    settings: Mapping[str, str] = config.get("featureTransformationParameters", {})
    place = "solutionConfig.algorithmHyperParameters"
    check_parameters(parameters, recipe.parameters, where=place, recipe=recipe.name)
    place = "solutionConfig.featureTransformationParameters"
    check_parameters(settings, recipe.settings, where=place, recipe=recipe.name)


def _check_threshold(threshold: str | None) -> None:
    if threshold is None:
        return
    try:
        number = float(threshold)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"solutionConfig.eventValueThreshold: '{threshold}' is not a number.")


def _check_schedule(expression: str | None) -> None:
    if expression is None:
        return
    days = re.search("[0-9]+", expression)
    if days is None or not 1 <= int(days[0]) <= 30:
        raise InvalidInput(f"autoTrainingConfig.schedulingExpression: '{expression}' is not from 1 to 30 days.")
