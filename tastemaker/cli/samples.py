"""Some users' histories and what the API recommends to them, and what it finds beside an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tastemaker.cli.api import Api
from tastemaker.recommenders import Interactions

USERS: Final = 3
COUNT: Final = 5
_HISTORY: Final = 5
_MIDDLING: Final = 20


@dataclass(frozen=True)
class Sample:
    """One user: the last items of the history, the newest last, and the recommendations, the best first."""

    user_id: str
    history: list[str]
    recommendations: list[str]

    def to_json(self) -> dict[str, Any]:
        return {"userId": self.user_id, "history": self.history, "recommendations": self.recommendations}


@dataclass(frozen=True)
class Neighbours:
    """An item and those beside it, the nearest first."""

    item_id: str
    similar: list[str]

    def to_json(self) -> dict[str, Any]:
        return {"itemId": self.item_id, "similar": self.similar}


def take_samples(interactions: Interactions, api: Api) -> list[Sample]:
    """Ask the API for those imported users whose histories are of a middling length; always the same ones."""
    n_events = np.diff(interactions.starts)
    middling = np.argsort(np.abs(n_events - _MIDDLING), kind="stable")[:USERS]
    return [_sample(interactions, int(user), api) for user in np.sort(middling)]


def take_neighbours(interactions: Interactions, api: Api) -> Neighbours:
    """What is beside the item with the most events."""
    item_id = str(interactions.item_ids[np.bincount(interactions.item).argmax()])
    return Neighbours(item_id, [item["itemId"] for item in api.similar(item_id, COUNT)])


def _sample(interactions: Interactions, user: int, api: Api) -> Sample:
    user_id = str(interactions.user_ids[user])
    return Sample(
        user_id=user_id,
        history=[str(interactions.item_ids[item]) for item in interactions.history(user)[-_HISTORY:]],
        recommendations=[item["itemId"] for item in api.recommendations(user_id, COUNT)],
    )
