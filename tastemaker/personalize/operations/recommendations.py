"""GetRecommendations: the checks of the request, and the answer of the campaign's model."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, not_found
from tastemaker.personalize.kinds import CAMPAIGN, SOLUTION_VERSION
from tastemaker.personalize.operations.filtering import allowed_items
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.overlay import REAL_TIME_RECIPES, since_training
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.runtime import Question
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsRequestTypeDef

DEFAULT_RESULTS: Final = 25
MOST_RESULTS: Final = 500
_ANSWERING: Final = frozenset({"USER_PERSONALIZATION", "RELATED_ITEMS", "POPULAR_ITEMS"})


@operation("GetRecommendations", locked=False)
def get_recommendations(here: AccountRegion, given: GetRecommendationsRequestTypeDef) -> Members:
    campaign = _serving(here, given)
    version = here.resources.peek(SOLUTION_VERSION, campaign.members["solutionVersionArn"])
    if version is None:
        raise not_found(campaign.arn)
    recipe = BY_ARN[version.members["recipeArn"]]
    _check(given, recipe)
    recommended = here.recommender.recommend(
        Path(version.hidden["modelPath"]),
        Question(
            recipe.name,
            _count(given.get("numResults")),
            user_id=given.get("userId") or None,
            item_id=given.get("itemId") or None,
            streamed=since_training(here.streams, version, given["userId"]) if recipe.name in REAL_TIME_RECIPES else (),
            allowed=allowed_items(here, given, campaign.members["datasetGroupArn"], recipe),
        ),
    )
    return {
        "itemList": [{"itemId": item.item_id, "score": item.score} for item in recommended],
        "recommendationId": f"RID-{uuid.uuid4()}",
    }


def _serving(here: AccountRegion, given: GetRecommendationsRequestTypeDef) -> Resource:
    """The campaign that is asked; one that is being updated goes on serving what it had."""
    if ("campaignArn" in given) == ("recommenderArn" in given):
        raise InvalidInput("Give either campaignArn or recommenderArn, and exactly one of them.")
    arn = given.get("campaignArn") or given["recommenderArn"]
    campaign = here.resources.peek(CAMPAIGN, arn)
    if campaign is not None and campaign.passage is not None:
        with here.resources.changing():
            campaign = here.resources.get(CAMPAIGN, arn)
    if campaign is None or "recommenderArn" in given:
        raise not_found(arn)
    if campaign.status != "ACTIVE":
        raise InvalidInput(f"The campaign {arn} is {campaign.status}: it answers when it is ACTIVE.")
    return campaign


def _check(given: GetRecommendationsRequestTypeDef, recipe: Recipe) -> None:
    if recipe.type not in _ANSWERING:
        raise InvalidInput(f"A {recipe.type} campaign ({recipe.name}) does not answer GetRecommendations.")
    if recipe.type == "USER_PERSONALIZATION" and not given.get("userId"):
        raise InvalidInput(f"userId is required by {recipe.name}.")
    if recipe.type == "RELATED_ITEMS" and not given.get("itemId"):
        raise InvalidInput(f"itemId is required by {recipe.name}.")
    for unbuilt in ("promotions", "metadataColumns"):
        if given.get(unbuilt):
            raise InvalidInput(f"{unbuilt} is not implemented by the embedded Personalize.")


def _count(asked: int | None) -> int:
    if asked is not None and asked > MOST_RESULTS:
        raise InvalidInput(f"numResults is {asked}, and {MOST_RESULTS} is the most.")
    return asked or DEFAULT_RESULTS
