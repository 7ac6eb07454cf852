"""GetPersonalizedRanking: a list of items in the order in which a user would like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.operations.answers import MOST_WITH_METADATA, answer
from tastemaker.personalize.operations.filtering import allowed_items
from tastemaker.personalize.operations.metadata_columns import item_metadata
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.serving import campaign_serving
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetPersonalizedRankingRequestTypeDef

MOST_RANKED: Final = 500


@operation("GetPersonalizedRanking", locked=False)
def get_personalized_ranking(here: AccountRegion, given: GetPersonalizedRankingRequestTypeDef) -> Members:
    serving = campaign_serving(here, given["campaignArn"], "GetPersonalizedRanking")
    if serving.recipe.type != "PERSONALIZED_RANKING":
        raise InvalidInput(
            f"A {serving.recipe.type} campaign ({serving.recipe.name}) does not answer GetPersonalizedRanking."
        )
    if not given["userId"]:
        raise InvalidInput(f"userId is required by {serving.recipe.name}.")
    describe = item_metadata(here, given, serving)
    items = _checked(given, most=MOST_RANKED if describe is None else MOST_WITH_METADATA)
    allowed = allowed_items(here, given, serving.group_arn, serving.recipe)
    question = serving.question(
        here, len(items), user_id=given["userId"], allowed=allowed, context=given.get("context")
    )
    ranked = here.recommender.rank(serving.model_path, question, items)
    return answer(here, serving, ranked, describe, member="personalizedRanking")


def _checked(given: GetPersonalizedRankingRequestTypeDef, *, most: int) -> list[str]:
    """The items of the request, each where it comes first."""
    asked = given["inputList"]
    if not asked:
        raise InvalidInput("inputList is empty: give the items that are to be ranked.")
    if len(asked) > most:
        raise InvalidInput(f"inputList has {len(asked)} items, and {most} is the most.")
    return list(dict.fromkeys(asked))
