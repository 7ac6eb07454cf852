"""Recipes, algorithms and feature transformations: built-in, always ACTIVE, the same for every account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import not_found
from tastemaker.personalize.hyperparameters import Choices, Integers, Numbers, Parameter
from tastemaker.personalize.operations.registry import listing, operation
from tastemaker.personalize.recipes import BUILT_IN_SINCE, BY_ARN, RECIPES, Recipe
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        DescribeAlgorithmRequestTypeDef,
        DescribeFeatureTransformationRequestTypeDef,
        DescribeRecipeRequestTypeDef,
        ListRecipesRequestTypeDef,
    )

_ALGORITHMS = {recipe.algorithm_arn: recipe for recipe in RECIPES}
# several recipes share a transformation; the one with the most settings documents it
_TRANSFORMATIONS = {r.transformation_arn: r for r in sorted(RECIPES, key=lambda recipe: len(recipe.settings))}
_STAMPS = {"status": "ACTIVE", "creationDateTime": BUILT_IN_SINCE, "lastUpdatedDateTime": BUILT_IN_SINCE}


@operation("ListRecipes")
def list_recipes(here: AccountRegion, given: ListRecipesRequestTypeDef) -> Members:  # noqa: ARG001 # all accounts see the same
    domain = given.get("domain")
    entries = [
        (number, {"name": recipe.name, "recipeArn": recipe.arn, "domain": recipe.domain} | _STAMPS)
        for number, recipe in enumerate(RECIPES)
        if domain is None or recipe.domain == domain
    ]
    return listing("recipes", entries, scope=f"recipes {domain}", given=dict(given))


@operation("DescribeRecipe")
def describe_recipe(here: AccountRegion, given: DescribeRecipeRequestTypeDef) -> Members:  # noqa: ARG001 # all accounts see the same
    recipe = _found(BY_ARN, given["recipeArn"])
    return {
        "recipe": {
            "name": recipe.name,
            "recipeArn": recipe.arn,
            "algorithmArn": recipe.algorithm_arn,
            "featureTransformationArn": recipe.transformation_arn,
            "description": recipe.description,
            "recipeType": recipe.type,
        }
        | _STAMPS
    }


@operation("DescribeAlgorithm")
def describe_algorithm(here: AccountRegion, given: DescribeAlgorithmRequestTypeDef) -> Members:  # noqa: ARG001 # all accounts see the same
    recipe = _found(_ALGORITHMS, given["algorithmArn"])
    return {
        "algorithm": {
            "name": recipe.algorithm_arn.rpartition("/")[2],
            "algorithmArn": recipe.algorithm_arn,
            "defaultHyperParameters": _defaults(recipe.parameters),
            "defaultHyperParameterRanges": _ranges(recipe.parameters),
        }
        | _STAMPS
    }


@operation("DescribeFeatureTransformation")
def describe_feature_transformation(
    here: AccountRegion,  # noqa: ARG001 # all accounts see the same
    given: DescribeFeatureTransformationRequestTypeDef,
) -> Members:
    recipe = _found(_TRANSFORMATIONS, given["featureTransformationArn"])
    return {
        "featureTransformation": {
            "name": recipe.transformation_arn.rpartition("/")[2],
            "featureTransformationArn": recipe.transformation_arn,
            "defaultParameters": _defaults(recipe.settings),
        }
        | _STAMPS
    }


def _found(built_in: dict[str, Recipe], arn: str) -> Recipe:
    if arn not in built_in:
        raise not_found(arn)
    return built_in[arn]


def _defaults(parameters: tuple[Parameter, ...]) -> dict[str, str]:
    return {parameter.name: parameter.default for parameter in parameters}


def _ranges(parameters: tuple[Parameter, ...]) -> Members:
    ranges: dict[str, list[Members]] = {
        "integerHyperParameterRanges": [],
        "continuousHyperParameterRanges": [],
        "categoricalHyperParameterRanges": [],
    }
    for parameter in parameters:
        entry: Members = {"name": parameter.name, "isTunable": parameter.tunable}
        match parameter.range:
            case Integers(low, high):
                ranges["integerHyperParameterRanges"].append(entry | {"minValue": low, "maxValue": high})
            case Numbers(low, high):
                ranges["continuousHyperParameterRanges"].append(entry | {"minValue": low, "maxValue": high})
            case Choices(values):
                ranges["categoricalHyperParameterRanges"].append(entry | {"values": list(values)})
    return ranges
