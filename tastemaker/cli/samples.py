"""Some users' histories and what the API recommends to them, asked for as a front end would."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote
from urllib.request import urlopen

from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import Events

USERS: Final = 3
COUNT: Final = 5
_HISTORY: Final = 5
_PATIENCE_SECONDS: Final = 30


@dataclass(frozen=True)
class Sample:
    """One user: the last items of the history, the newest last, and the recommendations, the best first."""

    user_id: str
    history: list[str]
    recommendations: list[str]
    source: str

    def to_json(self) -> dict[str, Any]:
        return {"userId": self.user_id, "history": self.history, "recommendations": self.recommendations}


def take_samples(events: Events, api_url: str) -> list[Sample]:
    """Ask the API for the users whose histories are of a middling length, by user id so that it is always the same."""
    histories: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for user_id, item_id, timestamp in zip(events.user_ids, events.item_ids, events.timestamps, strict=True):
        if user_id:
            histories[user_id].append((timestamp.rjust(20), item_id))
    middling = sorted(histories, key=lambda user_id: (abs(len(histories[user_id]) - 20), user_id))[:USERS]
    return [_sample(user_id, histories[user_id], api_url) for user_id in sorted(middling)]


def recommendations_url(api_url: str, user_id: str, count: int) -> str:
    return f"{api_url}/recommendations?userId={quote(user_id, safe='')}&count={count}"


def _sample(user_id: str, history: Sequence[tuple[str, str]], api_url: str) -> Sample:
    url = recommendations_url(api_url, user_id, COUNT)
    try:
        with urlopen(url, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310  # our own gateway, over HTTP
            body = json.load(answer)
    except OSError as error:
        raise CommandError(f"GET {url} failed: {error}") from error
    return Sample(
        user_id=user_id,
        history=[item_id for _, item_id in sorted(history, key=lambda event: event[0])[-_HISTORY:]],
        recommendations=[item["itemId"] for item in body["recommendations"]],
        source=body["source"],
    )
