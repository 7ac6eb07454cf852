"""What both runtime operations on items have in common: how many, and how the answer is written and remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.ids import new_uuid
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
    items: list[Members] = [
        {"itemId": item_id, "score": score}
        if reason is None
        else {"itemId": item_id, "score": score, "reason": [reason]}
        for item_id, score, reason in recommended
    ]
    ids = [item_id for item_id, _, _ in recommended]
    if promoted:
        for shown in items:
            if shown["itemId"] in promoted:
                shown["promotionName"] = promoted[shown["itemId"]]
    if describe is not None:
        for shown, metadata in zip(items, describe(ids), strict=True):
            shown["metadata"] = metadata
    return {member: items, "recommendationId": remembered(here, serving.arn, ids)}


def remembered(here: AccountRegion, arn: str, ids: Sequence[str]) -> str:
    """The recommendation id under which it is known that `arn` has shown these."""
    rid = f"RID-{new_uuid()}"
    here.recommendations.remember(rid, arn, ids)
    return rid
