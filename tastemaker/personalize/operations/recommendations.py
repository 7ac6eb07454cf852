"""GetRecommendations: the checks of the request, and the answer of the model behind a campaign or a recommender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.explaining import ExplainedAnswer, explained
from tastemaker.personalize.operations.answers import answer, count
from tastemaker.personalize.operations.exploring import exploration
from tastemaker.personalize.operations.filtering import Allowed, allowed_items, both, unseen_items
from tastemaker.personalize.operations.metadata_columns import item_metadata
from tastemaker.personalize.operations.promotions import check_promotions, promoted
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.serving import Serving, campaign_serving, recommender_serving
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.runtime import Question, Runtime
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsRequestTypeDef

DEFAULT_RESULTS: Final = 25
MOST_RESULTS: Final = 500
_ANSWERING: Final = frozenset({"USER_PERSONALIZATION", "RELATED_ITEMS", "POPULAR_ITEMS"})


@operation("GetRecommendations", locked=False)
def get_recommendations(here: AccountRegion, given: GetRecommendationsRequestTypeDef) -> Members:
    serving = _serving(here, given)
    _check(given, serving.recipe)
    check_promotions(given, serving)
    describe = item_metadata(here, given, serving)
    k = count(given.get("numResults"), default=DEFAULT_RESULTS, most=MOST_RESULTS, with_metadata=describe is not None)
    unseen = unseen_items(here, serving.group_arn, serving.recipe, given.get("userId") or None)
    question = _question(here, given, serving, k, unseen)
    if not given.get("promotions"):
        return answer(here, serving, here.recommender.recommend(serving.model_path, question), describe)
    recommended, chosen = promoted(here, given, serving, question, unseen)
    name = given["promotions"][0].get("name", "")
    return answer(here, serving, recommended, describe, promoted=dict.fromkeys(chosen, name))


def explained_recommendations(
    here: AccountRegion, given: GetRecommendationsRequestTypeDef, runtime: Runtime
) -> ExplainedAnswer:
    """Why a user gets what GetRecommendations answers to `given`, promotions aside; nothing is remembered of it.

    Raises what GetRecommendations refuses, and ModelUnavailable.
    """
    serving = _serving(here, given)
    _check(given, serving.recipe)
    k = count(given.get("numResults"), default=DEFAULT_RESULTS, most=MOST_RESULTS)
    unseen = unseen_items(here, serving.group_arn, serving.recipe, given.get("userId") or None)
    return explained(runtime, serving.model_path, _question(here, given, serving, k, unseen))


def _question(
    here: AccountRegion,
    given: GetRecommendationsRequestTypeDef,
    serving: Serving,
    k: int,
    unseen: Allowed | None,
) -> Question:
    user_id, item_id = given.get("userId") or None, given.get("itemId") or None
    return serving.question(
        here,
        k,
        user_id=user_id,
        item_id=item_id,
        allowed=both(unseen, allowed_items(here, given, serving.group_arn, serving.recipe)),
        exploration=exploration(here, serving, user_id),
        context=given.get("context"),
    )


def _serving(here: AccountRegion, given: GetRecommendationsRequestTypeDef) -> Serving:
    if ("campaignArn" in given) == ("recommenderArn" in given):
        raise InvalidInput("Give either campaignArn or recommenderArn, and exactly one of them.")
    if "campaignArn" in given:
        return campaign_serving(here, given["campaignArn"], "GetRecommendations")
    return recommender_serving(here, given["recommenderArn"], "GetRecommendations")


def _check(given: GetRecommendationsRequestTypeDef, recipe: Recipe) -> None:
    if recipe.type not in _ANSWERING:
        raise InvalidInput(f"A {recipe.type} campaign ({recipe.name}) does not answer GetRecommendations.")
    if recipe.needs_user and not given.get("userId"):
        raise InvalidInput(f"userId is required by {recipe.name}.")
    if recipe.needs_item and not given.get("itemId"):
        raise InvalidInput(f"itemId is required by {recipe.name}.")
