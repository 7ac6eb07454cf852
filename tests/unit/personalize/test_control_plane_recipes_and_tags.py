"""The built-in recipes, and tags, through a boto3 client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.personalize.scene import ARN, RECIPE, Scene, refused

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import TagTypeDef

BUILT_IN = "arn:aws:personalize:::"


def test_all_recipes_are_listed_by_name_those_of_domains_among_them(scene: Scene) -> None:
    recipes = scene.control.list_recipes()["recipes"]

    names = [recipe["name"] for recipe in recipes]
    assert names == sorted(names)
    assert len(names) == 25
    assert {"aws-user-personalization-v2", "aws-hrnn", "aws-vod-top-picks"} <= set(names)
    assert {recipe["status"] for recipe in recipes} == {"ACTIVE"}


def test_recipes_of_a_domain_are_its_use_cases(scene: Scene) -> None:
    recipes = scene.control.list_recipes(domain="VIDEO_ON_DEMAND", recipeProvider="SERVICE")["recipes"]

    assert [recipe["name"] for recipe in recipes] == [
        "aws-vod-because-you-watched-x",
        "aws-vod-more-like-x",
        "aws-vod-most-popular",
        "aws-vod-top-picks",
        "aws-vod-trending-now",
    ]
    assert {recipe["domain"] for recipe in recipes} == {"VIDEO_ON_DEMAND"}


def test_recipes_come_in_pages(scene: Scene) -> None:
    pages = list(scene.control.get_paginator("list_recipes").paginate(PaginationConfig={"PageSize": 10}))

    assert [len(page["recipes"]) for page in pages] == [10, 10, 5]


def test_a_recipe_leads_to_its_algorithm_and_its_featurisation(scene: Scene) -> None:
    recipe = scene.control.describe_recipe(recipeArn=f"{RECIPE}/aws-sims")["recipe"]
    algorithm = scene.control.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
    transformation = scene.control.describe_feature_transformation(
        featureTransformationArn=recipe["featureTransformationArn"]
    )["featureTransformation"]

    assert (recipe["recipeType"], recipe["status"]) == ("RELATED_ITEMS", "ACTIVE")
    assert algorithm["defaultHyperParameters"] == {"popularity_discount_factor": "0.5", "min_cointeraction_count": "3"}
    assert algorithm["defaultHyperParameterRanges"]["integerHyperParameterRanges"] == [
        {"name": "min_cointeraction_count", "minValue": 0, "maxValue": 10, "isTunable": True}
    ]
    assert transformation["featureTransformationArn"] == f"{BUILT_IN}feature-transformation/sims"
    assert transformation["defaultParameters"]["max_item_interaction_count_percentile"] == "0.9"


def test_every_recipe_can_be_described_with_all_it_leads_to(scene: Scene) -> None:
    for summary in scene.control.list_recipes()["recipes"]:
        recipe = scene.control.describe_recipe(recipeArn=summary["recipeArn"])["recipe"]
        scene.control.describe_algorithm(algorithmArn=recipe["algorithmArn"])
        scene.control.describe_feature_transformation(featureTransformationArn=recipe["featureTransformationArn"])


def test_a_built_in_object_that_does_not_exist_is_not_found(scene: Scene) -> None:
    with refused("ResourceNotFoundException", "aws-oracle"):
        scene.control.describe_recipe(recipeArn=f"{RECIPE}/aws-oracle")
    with refused("ResourceNotFoundException", "aws-oracle"):
        scene.control.describe_algorithm(algorithmArn=f"{BUILT_IN}algorithm/aws-oracle")
    with refused("ResourceNotFoundException", "aws-oracle"):
        scene.control.describe_feature_transformation(
            featureTransformationArn=f"{BUILT_IN}feature-transformation/aws-oracle"
        )


def tags(scene: Scene, arn: str) -> dict[str, str]:
    return {tag["tagKey"]: tag["tagValue"] for tag in scene.control.list_tags_for_resource(resourceArn=arn)["tags"]}


def test_tags_of_the_creation_can_be_changed_and_taken_away(scene: Scene) -> None:
    arn = scene.group(tags=[{"tagKey": "team", "tagValue": "a"}, {"tagKey": "stage", "tagValue": ""}])

    scene.control.tag_resource(
        resourceArn=arn, tags=[{"tagKey": "team", "tagValue": "b"}, {"tagKey": "new", "tagValue": "c"}]
    )
    scene.control.untag_resource(resourceArn=arn, tagKeys=["stage", "never-there"])

    assert tags(scene, arn) == {"team": "b", "new": "c"}
    assert "tags" not in scene.control.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]


def test_every_kind_takes_tags_but_schemas(scene: Scene) -> None:
    campaign = scene.campaign()
    version = scene.describe_campaign(campaign)["solutionVersionArn"]
    taggable = ("dataset-group/shop", "dataset/shop/INTERACTIONS", "dataset-import-job/load", "solution/you")
    for arn in (*(f"{ARN}:{name}" for name in taggable), version, campaign):
        scene.control.tag_resource(resourceArn=arn, tags=[{"tagKey": "k", "tagValue": "v"}])
        assert tags(scene, arn) == {"k": "v"}

    with refused("InvalidInputException", "cannot be tagged"):
        scene.control.tag_resource(resourceArn=f"{ARN}:schema/events", tags=[{"tagKey": "k", "tagValue": "v"}])


def test_a_resource_has_fifty_tags_at_most(scene: Scene) -> None:
    fifty: list[TagTypeDef] = [{"tagKey": f"k{number}", "tagValue": "v"} for number in range(50)]
    arn = scene.group(tags=fifty)

    with refused("TooManyTagsException", "50", "51"):
        scene.control.tag_resource(resourceArn=arn, tags=[{"tagKey": "one-more", "tagValue": "v"}])
    scene.control.tag_resource(resourceArn=arn, tags=[{"tagKey": "k0", "tagValue": "changed"}])
    with refused("TooManyTagsException"):
        scene.control.create_dataset_group(name="other", tags=[*fifty, {"tagKey": "k50", "tagValue": "v"}])
    with refused("ResourceNotFoundException"):
        scene.control.describe_dataset_group(datasetGroupArn=f"{ARN}:dataset-group/other")


def test_a_request_names_fifty_tag_keys_at_most(scene: Scene) -> None:
    arn = scene.group()

    with refused("TooManyTagKeysException", "51"):
        scene.control.untag_resource(resourceArn=arn, tagKeys=[f"k{number}" for number in range(51)])


@pytest.mark.parametrize("key", ["aws:cloudformation", "AWS:x"])
def test_tag_keys_of_aws_are_reserved(scene: Scene, key: str) -> None:
    with refused("InvalidInputException", "reserved"):
        scene.control.create_dataset_group(name="shop", tags=[{"tagKey": key, "tagValue": "v"}])


def test_a_tag_key_is_given_once(scene: Scene) -> None:
    with refused("InvalidInputException", "more than once"):
        scene.control.create_dataset_group(
            name="shop", tags=[{"tagKey": "k", "tagValue": "v"}, {"tagKey": "k", "tagValue": "w"}]
        )


def test_tags_of_what_does_not_exist_are_not_found(scene: Scene) -> None:
    with refused("ResourceNotFoundException", "campaign/none"):
        scene.control.list_tags_for_resource(resourceArn=f"{ARN}:campaign/none")
