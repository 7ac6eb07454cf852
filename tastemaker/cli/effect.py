"""What three events change: a category's share of a user's next recommendations, beside a user who sent none."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tastemaker.cli.api import Api
from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.errors import CommandError
from tastemaker.recommenders import Interactions

EVENTS: Final = 3
_TOP: Final = 10
_FEWEST_ITEMS: Final = 2 * _TOP
_PATIENCE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.1
_STAYS: Final = 5


@dataclass(frozen=True)
class Effect:
    """The share of items whose `field` is `value` in the top ten of the user who sent events, and of the control."""

    field: str
    value: str
    share_before: float
    share_after: float
    control_share_after: float

    def to_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "value": self.value,
            "shareBefore": self.share_before,
            "shareAfter": self.share_after,
            "controlShareAfter": self.control_share_after,
        }


def measure_effect(
    interactions: Interactions, catalogue: Catalogue, api: Api, *, user_id: str, control_id: str
) -> Effect | None:
    """Send three events of one category as `user_id`, and wait for the recommendations to change.

    The category is the one that the two users are recommended least of. None where no items have categories.
    """
    field = catalogue.field
    if field is None or not (large := _large_values(interactions, catalogue)):
        return None
    before = _top(api, user_id)
    control = _top(api, control_id)
    value = min(large, key=lambda v: _share(before, catalogue, v) + _share(control, catalogue, v))
    _send(api, user_id, _items_to_view(interactions, catalogue, value, user_id), _usual_type(interactions))
    after = _changed(api, user_id, before)
    return Effect(
        field=field,
        value=value,
        share_before=_share(before, catalogue, value),
        share_after=_share(after, catalogue, value),
        control_share_after=_share(_top(api, control_id), catalogue, value),
    )


def _large_values(interactions: Interactions, catalogue: Catalogue) -> list[str]:
    """The categories with enough consumed items to fill a list, the largest first."""
    counts: dict[str, int] = {}
    for item_id in interactions.item_ids:
        for value in catalogue.categories.get(str(item_id), ()):
            counts[value] = counts.get(value, 0) + 1
    return sorted((value for value, n in counts.items() if n >= _FEWEST_ITEMS), key=lambda v: (-counts[v], v))


def _items_to_view(interactions: Interactions, catalogue: Catalogue, value: str, user_id: str) -> list[str]:
    """The most popular items of the category that the user has nothing to do with yet."""
    place = int(np.searchsorted(interactions.user_ids, user_id))
    had = {int(item) for item in interactions.history(place)}
    popular = np.argsort(-np.bincount(interactions.item, minlength=len(interactions.item_ids)), kind="stable")
    ids = (str(interactions.item_ids[item]) for item in popular if int(item) not in had)
    fitting = [item_id for item_id in ids if value in catalogue.categories.get(item_id, ())]
    return fitting[:EVENTS]


def _usual_type(interactions: Interactions) -> str:
    return interactions.event_types[int(np.bincount(interactions.event_type).argmax())]


def _send(api: Api, user_id: str, item_ids: Sequence[str], event_type: str) -> None:
    events: list[Mapping[str, Any]] = [
        {"eventType": event_type, "itemId": item_id, "eventId": str(uuid.uuid4())} for item_id in item_ids
    ]
    api.track({"sessionId": str(uuid.uuid4()), "userId": user_id, "events": events})


def _changed(api: Api, user_id: str, before: list[str]) -> list[str]:
    """The answer after the events, which take a moment through the queue; the last has come when it stays the same."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    last, stays = before, 0
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        now = _top(api, user_id)
        stays = stays + 1 if now == last else 0
        last = now
        if now != before and stays == _STAYS:
            return now
    raise CommandError(
        f"{EVENTS} events changed nothing in {_PATIENCE_SECONDS:.0f} s: look for the delivery's errors above"
    )


def _top(api: Api, user_id: str) -> list[str]:
    return [item["itemId"] for item in api.recommendations(user_id, _TOP)]


def _share(items: Sequence[str], catalogue: Catalogue, value: str) -> float:
    if not items:
        return 0.0
    return sum(value in catalogue.categories.get(item, ()) for item in items) / len(items)
