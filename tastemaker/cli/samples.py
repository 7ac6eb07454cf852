"""Some users' histories and what the API recommends to them, asked for as a front end would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np

from tastemaker.cli.errors import CommandError
from tastemaker.recommenders import Interactions

USERS: Final = 3
COUNT: Final = 5
_HISTORY: Final = 5
_MIDDLING: Final = 20
_PATIENCE_SECONDS: Final = 30


@dataclass(frozen=True)
class Sample:
    """One user: the last items of the history, the newest last, and the recommendations, the best first."""

    user_id: str
    history: list[str]
    recommendations: list[str]

    def to_json(self) -> dict[str, Any]:
        return {"userId": self.user_id, "history": self.history, "recommendations": self.recommendations}


def take_samples(interactions: Interactions, api_url: str) -> list[Sample]:
    """Ask the API for those imported users whose histories are of a middling length; always the same ones."""
    n_events = np.diff(interactions.starts)
    middling = np.argsort(np.abs(n_events - _MIDDLING), kind="stable")[:USERS]
    return [_sample(interactions, int(user), api_url) for user in np.sort(middling)]


def recommendations_url(api_url: str, user_id: str, count: int) -> str:
    return f"{api_url}/recommendations?userId={quote(user_id, safe='')}&count={count}"


def _sample(interactions: Interactions, user: int, api_url: str) -> Sample:
    user_id = str(interactions.user_ids[user])
    url = recommendations_url(api_url, user_id, COUNT)
    try:
        with urlopen(url, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310  # our own gateway, over HTTP
            body = json.load(answer)
    except OSError as error:
        raise CommandError(f"GET {url} failed: {error}") from error
    return Sample(
        user_id=user_id,
        history=[str(interactions.item_ids[item]) for item in interactions.history(user)[-_HISTORY:]],
        recommendations=[item["itemId"] for item in body["recommendations"]],
    )
