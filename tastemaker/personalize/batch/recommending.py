"""Answers the lines of batch inference jobs, by the rules and with the code of the runtime API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.lines import INFERENCE, Answer, Line, LineRefused, Style
from tastemaker.personalize.batch.orders import BatchOrder
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.kinds import FILTER
from tastemaker.personalize.operations.exploring import exploration
from tastemaker.personalize.operations.filtering import Allowed, allowed_items
from tastemaker.personalize.operations.filters import checked_expression
from tastemaker.personalize.operations.serving import Serving
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.runtime import Recommended
from tastemaker.personalize.store import Resource
from tastemaker.recommenders import WITHOUT_HISTORY

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsRequestTypeDef

_MEMBER: Final = "recommendedItems"
_MOST_KNOWN: Final = 10_000
"""How many answers are kept of those that are the same for everyone."""
_WITH_REASONS: Final = frozenset({"aws-user-personalization-v2"})


class ItemAnswers:
    """What `order` asks for, of the copy `here` of the account. Made inside `here.resources.changing()`."""

    style: Style = INFERENCE

    def __init__(self, here: AccountRegion, order: BatchOrder, version: Resource) -> None:
        self._here = here
        self._order = order
        recipe = BY_ARN[version.members["recipeArn"]]
        group_arn = version.members["datasetGroupArn"]
        self._serving = Serving(version.arn, group_arn, recipe, version, dict(order.config))
        alike = recipe.type == "RELATED_ITEMS" or recipe.name in WITHOUT_HISTORY
        self._is_for_everyone = alike and not _filters_by_user(here, order.filter_arn)
        self._known: dict[tuple[object, ...], Answer] = {}

    def answer(self, line: Line) -> Answer:
        """Raises LineRefused."""
        recipe = self._serving.recipe
        item_id = line.string("itemId") if recipe.type == "RELATED_ITEMS" else None
        user_id = line.optional("userId") if recipe.type == "RELATED_ITEMS" else line.string("userId")
        if recipe.type == "PERSONALIZED_RANKING":
            return self._written(self._ranked(line, user_id))
        if not self._is_for_everyone:
            return self._written(self._recommended(line, user_id, item_id))
        question = item_id, *sorted(line.filter_values().items())
        answer = self._known.get(question)
        if answer is None:
            answer = self._written(self._recommended(line, user_id, item_id))
            if len(self._known) < _MOST_KNOWN:
                self._known[question] = answer
        return answer

    def _written(self, found: Sequence[Recommended]) -> Answer:
        recipe = self._serving.recipe
        return Answer(
            _MEMBER,
            [item.item_id for item in found],
            [item.score for item in found] if recipe.scored else None,
            [[item.reason] if item.reason else [] for item in found] if recipe.name in _WITH_REASONS else None,
        )

    def _recommended(self, line: Line, user_id: str | None, item_id: str | None) -> Sequence[Recommended]:
        question = self._serving.question(self._here, self._order.results, user_id=user_id, item_id=item_id)
        streamed = question.streamed if self._order.streams_count else ()
        asked = replace(
            question,
            streamed=streamed,
            allowed=self._allowed(line, user_id, item_id),
            exploration=exploration(self._here, self._serving, user_id),
        )
        return self._here.recommender.recommend(self._serving.model_path, asked)

    def _ranked(self, line: Line, user_id: str | None) -> Sequence[Recommended]:
        items = line.strings("itemList")
        question = self._serving.question(self._here, len(items), user_id=user_id)
        streamed = question.streamed if self._order.streams_count else ()
        asked = replace(question, streamed=streamed, allowed=self._allowed(line, user_id, None))
        return self._here.recommender.rank(self._serving.model_path, asked, items)

    def _allowed(self, line: Line, user_id: str | None, item_id: str | None) -> Allowed | None:
        if self._order.filter_arn is None:
            return None
        given: dict[str, Any] = {"filterArn": self._order.filter_arn, "filterValues": line.filter_values()}
        given |= {"userId": user_id, "itemId": item_id}
        try:
            return allowed_items(
                self._here,
                cast("GetRecommendationsRequestTypeDef", given),
                self._serving.group_arn,
                self._serving.recipe,
            )
        except InvalidInput as refusal:
            raise LineRefused(refusal.message) from refusal


def _filters_by_user(here: AccountRegion, filter_arn: str | None) -> bool:
    if filter_arn is None:
        return False
    expression = checked_expression(here, here.resources.get(FILTER, filter_arn))
    return expression.mentions("Interactions") or expression.mentions("CurrentUser")
