"""What a solution may be configured with: a recipe, the datasets that it needs, and settings that it has."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.errors import InvalidInput, not_found
from tastemaker.personalize.events_config import check_events
from tastemaker.personalize.hpo_config import tuning_of
from tastemaker.personalize.hyperparameters import check_parameters
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.training_columns import training_columns

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateSolutionRequestTypeDef,
        OptimizationObjectiveTypeDef,
        SolutionConfigTypeDef,
        SolutionConfigUnionTypeDef,
    )

SEMANTIC: Final = "aws-semantic-similarity"
_NEEDED_DATASETS: Final = {
    SEMANTIC: ("ITEMS",),
    "aws-next-best-action": ("INTERACTIONS", "ACTIONS"),
    "aws-item-attribute-affinity": ("INTERACTIONS", "ITEMS"),
}
"""The dataset types that recipes are trained on, where it is not INTERACTIONS alone."""
_WITH_OBJECTIVE: Final = frozenset({"aws-user-personalization", "aws-personalized-ranking"})
_WITHOUT_COLUMNS: Final = frozenset({"aws-next-best-action"})
_NUMERIC: Final = frozenset({"int", "long", "float", "double"})


def solution_recipe(given: CreateSolutionRequestTypeDef, trainable: Collection[str]) -> Recipe:
    """The recipe of the solution to be created, or the refusal of what AWS or this emulator would not train.

    `trainable` holds the names of the recipes that have a model here.
    """
    if given.get("performAutoML"):
        raise InvalidInput("performAutoML works only with recipes that are retired: give a recipeArn instead.")
    if "recipeArn" not in given:
        raise InvalidInput("recipeArn is required unless performAutoML is true.")
    recipe = _recipe(given["recipeArn"], trainable)
    check_incremental(recipe, wanted=given.get("performIncrementalUpdate", False))
    return recipe


def check_incremental(recipe: Recipe, *, wanted: bool) -> None:
    """Refuse performIncrementalUpdate where `recipe` has none."""
    if wanted and recipe.name != SEMANTIC:
        raise InvalidInput(f"performIncrementalUpdate is only for {SEMANTIC}, not {recipe.name}.")


def check_datasets(recipe: Recipe, schemas: Mapping[str, Schema], group_arn: str) -> None:
    """Refuse to train `recipe` without the datasets, and the fields in them, that it learns from.

    `schemas`: of the dataset group's datasets, by dataset type.
    """
    for dataset_type in _NEEDED_DATASETS.get(recipe.name, ("INTERACTIONS",)):
        if dataset_type not in schemas:
            raise InvalidInput(
                f"{group_arn} has no {dataset_type} dataset, which {recipe.arn} is trained on: create it first."
            )
    if recipe.name == SEMANTIC:
        fields = schemas["ITEMS"].fields
        if not any(field.item_name for field in fields) or not any(field.textual for field in fields):
            raise InvalidInput(
                f'{recipe.name} compares texts: mark one string field of the Items schema with "itemName": true and '
                'another with "textual": true.'
            )


def check_config(given: CreateSolutionRequestTypeDef, recipe: Recipe, schemas: Mapping[str, Schema]) -> None:
    """Refuse a solutionConfig of which `recipe`, or the data behind `schemas`, would not honour a part."""
    config = _config(given)
    if config.get("autoMLConfig"):
        raise InvalidInput("solutionConfig.autoMLConfig works only with recipes that are retired: leave it out.")
    _check_threshold(config.get("eventValueThreshold"))
    check_schedule(config.get("autoTrainingConfig", {}).get("schedulingExpression"))
    parameters: Mapping[str, str] = config.get("algorithmHyperParameters", {})
    settings: Mapping[str, str] = config.get("featureTransformationParameters", {})
    place = "solutionConfig.algorithmHyperParameters"
    check_parameters(parameters, recipe.parameters, where=place, recipe=recipe.name)
    place = "solutionConfig.featureTransformationParameters"
    check_parameters(settings, recipe.settings, where=place, recipe=recipe.name)
    if given.get("performHPO"):
        tuning_of(config.get("hpoConfig"), recipe)
    elif config.get("hpoConfig"):
        raise InvalidInput("solutionConfig.hpoConfig is used only where performHPO is true: set that as well.")
    if "eventsConfig" in config:
        if given.get("eventType") or config.get("eventValueThreshold"):
            raise InvalidInput("solutionConfig.eventsConfig takes the place of eventType and eventValueThreshold.")
        check_events(config["eventsConfig"], recipe, schemas.get("INTERACTIONS"), where="solutionConfig")
    if "optimizationObjective" in config:
        _check_objective(config["optimizationObjective"], recipe, schemas.get("ITEMS"))


def columns_of(
    given: CreateSolutionRequestTypeDef, recipe: Recipe, schemas: Mapping[str, Schema]
) -> Mapping[str, list[str]]:
    """The columns that every version of a solution is trained on, by dataset type. Raises InvalidInput."""
    chosen, where = _config(given).get("trainingDataConfig"), "solutionConfig.trainingDataConfig"
    if chosen and recipe.name in _WITHOUT_COLUMNS:
        raise InvalidInput(f"{where} is only for recipes of items and of segments, not {recipe.name}.")
    columns = training_columns(chosen, schemas, where=where)
    if recipe.name == SEMANTIC:
        for field in schemas["ITEMS"].fields:
            if (field.item_name or field.textual) and field.name not in columns["ITEMS"]:
                raise InvalidInput(f"{where}: {recipe.name} compares the texts of {field.name}, so keep that column.")
    return columns


def _config(given: CreateSolutionRequestTypeDef) -> SolutionConfigUnionTypeDef:
    nothing: SolutionConfigTypeDef = {}
    return given.get("solutionConfig", nothing)


def check_schedule(expression: str | None) -> None:
    """Refuse a frequency that is not from 1 to 30 days."""
    if expression is not None and not 1 <= days_between(expression) <= 30:
        raise InvalidInput(f"autoTrainingConfig.schedulingExpression: '{expression}' is not from 1 to 30 days.")


def days_between(expression: str) -> int:
    """The days of a frequency such as `rate(7 days)`."""
    found = re.search("[0-9]+", expression)
    return 0 if found is None else int(found[0])


def _recipe(arn: str, trainable: Collection[str]) -> Recipe:
    recipe = BY_ARN.get(arn)
    if recipe is None:
        raise not_found(arn)
    if recipe.domain is not None:
        raise InvalidInput(f"{arn} is a use case of the domain {recipe.domain}: it needs CreateRecommender.")
    if recipe.legacy:
        raise InvalidInput(f"{arn} is a legacy recipe: new solutions use aws-user-personalization-v2 instead.")
    if recipe.name not in trainable:
        names = ", ".join(
            sorted(other.name for other in BY_ARN.values() if other.name in trainable and not other.domain)
        )
        raise InvalidInput(f"{arn} is not implemented by the embedded Personalize, which can train {names}.")
    return recipe


def _check_threshold(threshold: str | None) -> None:
    if threshold is None:
        return
    try:
        number = float(threshold)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"solutionConfig.eventValueThreshold: '{threshold}' is not a number.")


def _check_objective(objective: OptimizationObjectiveTypeDef, recipe: Recipe, items: Schema | None) -> None:
    place = "solutionConfig.optimizationObjective"
    if recipe.name not in _WITH_OBJECTIVE:
        raise InvalidInput(f"{place} is only for {' and '.join(sorted(_WITH_OBJECTIVE))}, not {recipe.name}.")
    name = objective.get("itemAttribute")
    if name is None:
        raise InvalidInput(f"{place}.itemAttribute is required: it is the numeric column of Items to be optimized.")
    field = None if items is None else items.field(name)
    if field is None:
        raise InvalidInput(f"{place}.itemAttribute: the dataset group has no column {name} of Items.")
    if field.type not in _NUMERIC or field.nullable:
        raise InvalidInput(f"{place}.itemAttribute: {name} has to be of a numeric type that does not allow null.")
