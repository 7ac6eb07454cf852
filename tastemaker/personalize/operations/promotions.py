"""Promotions: a share of an answer that comes from a filter of its own, at random places among the rest."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.operations.filtering import allowed_items, both, without
from tastemaker.personalize.operations.serving import Serving
from tastemaker.personalize.runtime import Question, Recommended
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsRequestTypeDef, PromotionTypeDef

    from tastemaker.personalize.operations.filtering import Allowed

PROMOTED_ITEM: Final = "Promoted item"


def promoted(
    here: AccountRegion,
    given: GetRecommendationsRequestTypeDef,
    serving: Serving,
    question: Question,
    unseen: Allowed | None,
) -> tuple[list[Recommended], frozenset[str]]:
    """The answer to `question`, whose own filter does not apply to what is promoted, and the ids of what is.

    The share of `percentPromotedItems` is rounded to the nearest number of items, halves up. What is promoted is what
    the model likes best of what the promotion's filter and `unseen`, the use case's own filter, let through; where
    that is less, the rest of the answer has more.
    """
    promotion = given["promotions"][0]
    allowed = both(unseen, allowed_items(here, _filter_of(promotion, given), serving.group_arn, serving.recipe))
    wanted = (question.k * promotion.get("percentPromotedItems", 0) * 2 + 100) // 200
    chosen = here.recommender.recommend(
        serving.model_path, replace(question, k=wanted, allowed=allowed, exploration=None)
    )
    ids = frozenset(item.item_id for item in chosen)
    others = replace(question, k=question.k - len(chosen), allowed=both(question.allowed, without(ids)))
    rest = here.recommender.recommend(serving.model_path, others)
    reason = PROMOTED_ITEM if serving.recipe.gives_reasons else None
    return _mixed([item._replace(reason=reason) for item in chosen], rest, seed=_seed(given)), ids


def check_promotions(given: GetRecommendationsRequestTypeDef, serving: Serving) -> None:
    """Refuse a promotion that says too little, or that the recipe has not."""
    if not given.get("promotions"):
        return
    if not serving.recipe.promotable:
        raise InvalidInput(f"{serving.recipe.name} has no promotions: leave them out of the request.")
    for name in ("name", "percentPromotedItems", "filterArn"):
        if name not in given["promotions"][0]:
            raise InvalidInput(f"promotions.1.member.{name} is required: a promotion has a name, a share and a filter.")


def _filter_of(
    promotion: PromotionTypeDef, given: GetRecommendationsRequestTypeDef
) -> GetRecommendationsRequestTypeDef:
    asked: Members = {name: given.get(name) for name in ("userId", "itemId")}
    asked |= {name: promotion.get(name) for name in ("filterArn", "filterValues")}
    request: Members = {name: value for name, value in asked.items() if value is not None}
    return request  # type: ignore[return-value] # its members are those of the request


def _mixed(chosen: Sequence[Recommended], rest: Sequence[Recommended], *, seed: int) -> list[Recommended]:
    """Both lists in one, each in its own order, the chosen ones at random places."""
    total = len(chosen) + len(rest)
    places = set(random.Random(seed).sample(range(total), len(chosen)))  # noqa: S311 # nothing depends on secrecy
    first, second = iter(chosen), iter(rest)
    return [next(first) if place in places else next(second) for place in range(total)]


def _seed(given: GetRecommendationsRequestTypeDef) -> int:
    """The same for the same request, so that it gets the same answer again."""
    request = json.dumps(given, sort_keys=True, default=str).encode()
    return int.from_bytes(hashlib.sha256(request).digest()[:8], "big")
