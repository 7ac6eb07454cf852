"""What a recommender may be: a use case of its group's domain, configured as the use case allows."""

from __future__ import annotations

from typing import Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, not_found
from tastemaker.personalize.hyperparameters import check_parameters
from tastemaker.personalize.kinds import DATASET
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource
from tastemaker.personalize.training_columns import training_columns

DEFAULTS: Final[Members] = {"minRecommendationRequestsPerSecond": 1, "enableMetadataWithRecommendations": False}


def use_case(here: AccountRegion, arn: str, group: Resource) -> Recipe:
    """The recipe `arn`, or the refusal of one that the group cannot have."""
    recipe = BY_ARN.get(arn)
    if recipe is None:
        raise not_found(arn)
    domain = group.members.get("domain")
    if recipe.domain is None:
        raise InvalidInput(f"{arn} is the recipe of a solution, not a use case: it needs CreateSolution.")
    if domain is None:
        raise InvalidInput(
            f"{group.arn} has no domain: recommenders need a dataset group of the domain {recipe.domain}."
        )
    if recipe.domain != domain:
        raise InvalidInput(f"{arn} is a use case of the domain {recipe.domain}, and {group.arn} is of {domain}.")
    if recipe.name not in here.trainable_recipes:
        names = ", ".join(sorted(here.trainable_recipes))
        raise InvalidInput(f"{arn} is not implemented by the embedded Personalize, which can train {names}.")
    for dataset_type in recipe.datasets:
        if not any(here.resources.newest(DATASET, datasetGroupArn=group.arn, datasetType=dataset_type)):
            raise InvalidInput(f"{group.arn} has no {dataset_type} dataset, which {arn} needs: create it first.")
    return recipe


def columns_of(here: AccountRegion, config: Members, recipe: Recipe, group: Resource) -> dict[str, list[str]]:
    """The columns that a training of `config` uses, by dataset type; a refusal of what the use case cannot have."""
    where = "recommenderConfig.itemExplorationConfig"
    check_parameters(config.get("itemExplorationConfig", {}), recipe.exploration, where=where, recipe=recipe.name)
    schemas = {
        dataset.members["datasetType"]: schema_of(here, dataset)
        for dataset in here.resources.newest(DATASET, datasetGroupArn=group.arn)
    }
    return training_columns(config.get("trainingDataConfig"), schemas, where="recommenderConfig.trainingDataConfig")
