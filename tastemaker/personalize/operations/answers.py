"""What both runtime operations on items have in common: how many, and how the answer is written and remembered."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.operations.serving import Serving
from tastemaker.personalize.runtime import Recommended
from tastemaker.personalize.shapes import Members

MOST_WITH_METADATA: Final = 50

Describe = Callable[[Sequence[str]], Sequence[Mapping[str, str]]]
"""From item ids to the metadata of each."""


def count(asked: int | None, *, default: int, most: int, with_metadata: bool = False) -> int:
    """The numResults of a request; none, or 0, is the default."""
    if with_metadata:
        most = min(most, MOST_WITH_METADATA)
    if asked is not None and asked > most:
        why = " with metadataColumns" if with_metadata else ""
        raise InvalidInput(f"numResults is {asked}, and {most} is the most{why}.")
    return asked or default


def answer(
    here: AccountRegion,
    serving: Serving,
    recommended: Sequence[Recommended],
    describe: Describe | None,
    *,
    promoted: Mapping[str, str] | None = None,
    member: str = "itemList",
) -> Members:
    """The output of an operation, remembered under its recommendation id. `promoted`: promotion names by item id."""
    ids = [item.item_id for item in recommended]
    items: list[Members] = [{"itemId": item.item_id, "score": item.score} for item in recommended]
    for item, shown in zip(recommended, items, strict=True):
        if item.reason is not None:
            shown["reason"] = [item.reason]
        if promoted and item.item_id in promoted:
            shown["promotionName"] = promoted[item.item_id]
    if describe is not None:
        for shown, metadata in zip(items, describe(ids), strict=True):
            shown["metadata"] = metadata
    return {member: items, "recommendationId": remembered(here, serving.arn, ids)}


def remembered(here: AccountRegion, arn: str, ids: Sequence[str]) -> str:
    """The recommendation id under which it is known that `arn` has shown these."""
    rid = f"RID-{uuid.uuid4()}"
    here.recommendations.remember(rid, arn, ids)
    return rid
