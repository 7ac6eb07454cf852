"""What is built in: recipes, algorithms and feature transformations."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance.case import case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import RECIPE
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_TYPES: Final = {
    "aws-user-personalization-v2": "USER_PERSONALIZATION",
    "aws-user-personalization": "USER_PERSONALIZATION",
    "aws-popularity-count": "USER_PERSONALIZATION",
    "aws-trending-now": "POPULAR_ITEMS",
    "aws-personalized-ranking-v2": "PERSONALIZED_RANKING",
    "aws-personalized-ranking": "PERSONALIZED_RANKING",
    "aws-similar-items": "RELATED_ITEMS",
    "aws-sims": "RELATED_ITEMS",
    "aws-semantic-similarity": "RELATED_ITEMS",
    "aws-next-best-action": "PERSONALIZED_ACTIONS",
    "aws-item-affinity": "USER_SEGMENTATION",
    "aws-item-attribute-affinity": "USER_SEGMENTATION",
}
_OF_A_DOMAIN: Final = {
    "ECOMMERCE": {
        "aws-ecomm-popular-items-by-views",
        "aws-ecomm-popular-items-by-purchases",
        "aws-ecomm-frequently-bought-together",
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        "aws-ecomm-recommended-for-you",
    },
    "VIDEO_ON_DEMAND": {
        "aws-vod-because-you-watched-x",
        "aws-vod-more-like-x",
        "aws-vod-most-popular",
        "aws-vod-trending-now",
        "aws-vod-top-picks",
    },
}


def _all(world: World, **given: object) -> list[Members]:
    first = world.call("ListRecipes", **given)
    found, page = list(first["recipes"]), first
    while "nextToken" in page:
        page = world.call("ListRecipes", **given, nextToken=page["nextToken"])
        found += page["recipes"]
    return found


@case("ListRecipes", "success", reference="§6, §11.1, §12")
def all_recipes_sorted_by_name(world: World, expect: Expect) -> None:
    listed = _all(world)
    names = [recipe["name"] for recipe in listed]
    expected = set(_TYPES).union(*_OF_A_DOMAIN.values())
    expect.equal("recipes that are not listed", [], sorted(expected - set(names)))
    expect.equal("the names in order", sorted(names), names)
    for recipe in listed:
        expect.members(
            str(recipe.get("name")), recipe, ["recipeArn", "status", "creationDateTime", "lastUpdatedDateTime"]
        )


@case("ListRecipes", "effect", reference="§12")
def those_of_a_domain(world: World, expect: Expect) -> None:
    for domain, names in _OF_A_DOMAIN.items():
        listed = _all(world, domain=domain)
        expect.equal(f"the recipes of {domain}", names, {recipe["name"] for recipe in listed})
        expect.equal("their domain", {domain}, {recipe.get("domain") for recipe in listed})


@case("ListRecipes", "paging", reference="§6")
def pages_have_everything_once(world: World, expect: Expect) -> None:
    everything = [recipe["name"] for recipe in _all(world)]
    paged = [recipe["name"] for recipe in _all(world, maxResults=4)]
    expect.equal("all pages of four together", everything, paged)
    first = world.call("ListRecipes", maxResults=4)
    expect.equal("entries of the first page", 4, len(first["recipes"]))


@case("ListRecipes", "error", error="InvalidNextTokenException", reference="§6")
def a_token_that_is_none(world: World, expect: Expect) -> None:
    expect.refused(world.calling("ListRecipes", nextToken="bm8gdG9rZW4="), code="InvalidNextTokenException")


@case("ListRecipes", "error", error=INVALID, reference="§7")
def a_domain_or_a_provider_that_is_none(world: World, expect: Expect) -> None:
    for given in ({"domain": "BOOKS"}, {"recipeProvider": "MYSELF"}, {"maxResults": 101}):
        expect.refused(world.calling("ListRecipes", given), code=INVALID)


@case("DescribeRecipe", "rule", reference="§11.1")
def the_types_of_recipes(world: World, expect: Expect) -> None:
    for name, recipe_type in _TYPES.items():
        shown = world.call("DescribeRecipe", recipeArn=f"{RECIPE}/{name}")["recipe"]
        expect.equal(f"recipeType of {name}", recipe_type, shown.get("recipeType"))


@case("DescribeRecipe", "effect", reference="§6")
def agrees_with_list(world: World, expect: Expect) -> None:
    listed = {recipe["recipeArn"]: recipe for recipe in _all(world)}
    arn = f"{RECIPE}/aws-user-personalization"
    shown = world.call("DescribeRecipe", recipeArn=arn)["recipe"]
    for name, value in listed[arn].items():
        expect.equal(f"{name} as ListRecipes shows it", value, shown.get(name))


@case("DescribeAlgorithm", "effect", reference="§11.1, §11.2")
def it_is_the_one_of_the_recipe(world: World, expect: Expect) -> None:
    recipe = world.call("DescribeRecipe", recipeArn=f"{RECIPE}/aws-user-personalization")["recipe"]
    algorithm = world.call("DescribeAlgorithm", algorithmArn=recipe["algorithmArn"])["algorithm"]
    defaults = algorithm.get("defaultHyperParameters", {})
    expected = {"hidden_dimension": "149", "bptt": "32", "recency_mask": "True"}
    expect.equal("the defaults", expected, {name: defaults.get(name) for name in expected})


@case("DescribeFeatureTransformation", "effect", reference="§11.1, §11.2")
def it_is_the_one_of_the_recipe_too(world: World, expect: Expect) -> None:
    recipe = world.call("DescribeRecipe", recipeArn=f"{RECIPE}/aws-sims")["recipe"]
    arn = recipe["featureTransformationArn"]
    shown = world.call("DescribeFeatureTransformation", featureTransformationArn=arn)["featureTransformation"]
    expect.equal("name", arn.rpartition("/")[2], shown.get("name"))
    expect.true("it has parameters", bool(shown.get("defaultParameters")), shown)


@case("DescribeRecipe", "question", reference="§11.1")
def retired_recipes(world: World, expect: Expect) -> None:
    seen = outcome_of(world.calling("DescribeRecipe", recipeArn=f"{RECIPE}/aws-hrnn"))
    expect.answer("DescribeRecipe of aws-hrnn", seen, chosen="accepted")
