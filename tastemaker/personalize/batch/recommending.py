"""Answers the lines of batch inference jobs, by the rules and with the code of the runtime API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.lines import INFERENCE, Answer, Line, LineRefused, Style
from tastemaker.personalize.batch.orders import BatchOrder
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.operations.filtering import allowed_items
from tastemaker.personalize.overlay import REAL_TIME_RECIPES, since_training
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.runtime import Question, Recommended
from tastemaker.personalize.store import Resource
from tastemaker.personalize.streams import StreamedEvent

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsRequestTypeDef

_MEMBER: Final = "recommendedItems"


class ItemAnswers:
    """What `order` asks for, of the copy `here` of the account."""

    style: Style = INFERENCE

    def __init__(self, here: AccountRegion, order: BatchOrder, version: Resource) -> None:
        self._here = here
        self._order = order
        self._version = version
        self._recipe = BY_ARN[self._version.members["recipeArn"]]
        self._model = Path(self._version.hidden["modelPath"])

    def answer(self, line: Line) -> Answer:
        """Raises LineRefused."""
        item_id = line.string("itemId") if self._recipe.type == "RELATED_ITEMS" else None
        user_id = line.optional("userId") if self._recipe.type == "RELATED_ITEMS" else line.string("userId")
        recommended = self._recommended(line, user_id, item_id)
        ids = [item.item_id for item in recommended]
        scores = [item.score for item in recommended]
        return Answer(_MEMBER, ids, None if all(score is None for score in scores) else scores)

    def _recommended(self, line: Line, user_id: str | None, item_id: str | None) -> Sequence[Recommended]:
        given: dict[str, Any] = {"userId": user_id, "itemId": item_id}
        if self._order.filter_arn is not None:
            given |= {"filterArn": self._order.filter_arn, "filterValues": line.filter_values()}
        try:
            allowed = allowed_items(
                self._here,
                cast("GetRecommendationsRequestTypeDef", given),
                self._version.members["datasetGroupArn"],
                self._recipe,
            )
        except InvalidInput as refusal:
            raise LineRefused(refusal.message) from refusal
        question = Question(
            self._recipe.name,
            self._order.results,
            user_id=user_id,
            item_id=item_id,
            streamed=self._streamed(user_id),
            allowed=allowed,
        )
        return self._here.recommender.recommend(self._model, question)

    def _streamed(self, user_id: str | None) -> Sequence[StreamedEvent]:
        if user_id is None or not self._order.streams_count or self._recipe.name not in REAL_TIME_RECIPES:
            return ()
        return since_training(self._here.streams, self._version, user_id)
