"""GetActionRecommendations: what a user is to be asked to do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.action_events import TAKEN, letters
from tastemaker.personalize.due import DAY
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.filters.attributes import NO_RECORD
from tastemaker.personalize.operations.answers import count, remembered
from tastemaker.personalize.operations.filtering import allowed_actions, attributes_of, both, dataset_arn, without
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.serving import campaign_serving
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetActionRecommendationsRequestTypeDef
    from numpy.typing import NDArray

    from tastemaker.personalize.operations.filtering import Allowed

DEFAULT_ACTIONS: Final = 5
MOST_ACTIONS: Final = 100
_EXPIRES: Final = ("ACTION_EXPIRATION_TIMESTAMP", "EXPIRATION_TIMESTAMP")
_REPEATS: Final = "REPEAT_FREQUENCY"


@operation("GetActionRecommendations", locked=False)
def get_action_recommendations(here: AccountRegion, given: GetActionRecommendationsRequestTypeDef) -> Members:
    for name in ("campaignArn", "userId"):
        if not given.get(name):
            raise InvalidInput(f"{name} is required.")
    serving = campaign_serving(here, given["campaignArn"], "GetActionRecommendations")
    if serving.recipe.type != "PERSONALIZED_ACTIONS":
        raise InvalidInput(
            f"A {serving.recipe.type} campaign ({serving.recipe.name}) does not answer GetActionRecommendations."
        )
    k = count(given.get("numResults"), default=DEFAULT_ACTIONS, most=MOST_ACTIONS)
    met = list(_met(here, serving.group_arn, given["userId"]))
    taken = [action for event_type, _, action in met if event_type == letters(TAKEN)]
    last = {action: when for _, when, action in sorted(met, key=lambda event: event[1])}
    allowed = both(
        _timely(here, serving.group_arn, last), allowed_actions(here, given, serving.group_arn, serving.recipe)
    )
    question = serving.question(here, k, user_id=given["userId"], allowed=allowed)
    actions = here.recommender.recommend_actions(serving.model_path, question, taken)
    ids = [action.item_id for action in actions]
    return {
        "actionList": [{"actionId": action.item_id, "score": action.score} for action in actions],
        "recommendationId": remembered(here, serving.arn, ids),
    }


def _met(here: AccountRegion, group_arn: str, user_id: str) -> Iterator[tuple[str, int, str]]:
    """The user's latest interactions with actions: event type (as `letters` has it), when and which."""
    arn = dataset_arn(here, group_arn, "ACTION_INTERACTIONS")
    imported = here.snapshots.events(arn)
    for event_type, events in imported.latest(user_id, None) if imported is not None else ():
        for when, action in events:
            yield event_type, when, action
    for event in here.streams.events_of(arn, user_id):
        if event.item_id is not None:
            yield letters(event.event_type), event.timestamp, event.item_id


def _timely(here: AccountRegion, group_arn: str, last: dict[str, int]) -> Allowed | None:
    """Not what has expired, and nothing again for as many days as it says after the user has met it.

    `last`: when the user met each action last, in epoch seconds.
    """
    actions = attributes_of(here, group_arn, "ACTIONS")
    if actions is None:
        return None
    now = here.clock.now()
    late = set()
    for action, when in last.items():
        row = actions.row(action)
        days = None if row == NO_RECORD else actions.value(_REPEATS, row)
        if days is not None and days.is_valid and now < when + days.as_py() * DAY:
            late.add(action)
    repeated, known = without(late), actions
    expiring = [name for name in _EXPIRES if known.schema.field(name) is not None]

    def unexpired(catalogue: NDArray[np.str_]) -> NDArray[np.bool_]:
        rows = known.rows(catalogue)
        mask = np.ones(len(catalogue), dtype=np.bool_)
        for name in expiring:
            mask &= ~known.column(name).ordered("<=", now)[rows]
        return mask

    return both(repeated, unexpired) if expiring else repeated
