"""The effect of events on the next answer, with an API that the test plays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tastemaker.cli import effect
from tastemaker.cli.api import Api
from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.effect import measure_effect
from tastemaker.cli.errors import CommandError
from tastemaker.recommenders import Interactions

TEA = [f"tea-{n:02d}" for n in range(25)]
BOOKS = [f"book-{n:02d}" for n in range(25)]
CATEGORIES = {item: frozenset({"Tea"}) for item in TEA} | {item: frozenset({"Books"}) for item in BOOKS}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effect, "_LOOK_SECONDS", 0)


class PlayedApi(Api):
    """Recommends books, and to whoever has viewed tea some tea; the first answer after an event is the old one."""

    def __init__(self, *, deaf: bool = False) -> None:
        super().__init__("http://nowhere")
        self.sent: list[Mapping[str, Any]] = []
        self._deaf = deaf
        self._late = 1

    def recommendations(self, user_id: str, count: int) -> list[dict[str, Any]]:
        if self.sent and self.sent[0]["userId"] == user_id and not self._deaf:
            if not self._late:
                return [{"itemId": item} for item in (TEA[:4] + BOOKS)[:count]]
            self._late -= 1
        return [{"itemId": item} for item in BOOKS[:count]]

    def track(self, body: Mapping[str, Any]) -> int:
        self.sent.append(body)
        return len(body["events"])


def interactions() -> Interactions:
    """ann has had the most popular tea; everybody else has had everything once, the first items twice."""
    events = [(f"user-{u}", item) for u in range(3) for item in TEA + BOOKS]
    events += [("user-0", item) for item in TEA[:5]] + [("ann", TEA[0])]
    users, items = zip(*events, strict=True)
    return Interactions.from_columns(users, items, list(range(len(events))), ["View"] * len(events))


def measured(api: Api, catalogue: Catalogue) -> effect.Effect | None:
    return measure_effect(interactions(), catalogue, api, user_id="ann", control_id="user-1")


def test_the_share_rises_for_who_sent_events_and_not_for_the_control() -> None:
    api = PlayedApi()

    found = measured(api, Catalogue({}, "category", CATEGORIES))

    assert found is not None
    assert found.to_json() == {
        "field": "category",
        "value": "Tea",
        "shareBefore": 0.0,
        "shareAfter": 0.4,
        "controlShareAfter": 0.0,
    }


def test_three_events_of_popular_items_that_are_new_to_the_user_are_sent() -> None:
    api = PlayedApi()

    measured(api, Catalogue({}, "category", CATEGORIES))

    (body,) = api.sent
    assert [event["itemId"] for event in body["events"]] == TEA[1:4]
    assert {event["eventType"] for event in body["events"]} == {"View"}
    assert len({event["eventId"] for event in body["events"]}) == 3


def test_without_categories_there_is_no_effect_to_show() -> None:
    api = PlayedApi()

    assert measured(api, Catalogue.unknown()) is None
    assert measured(api, Catalogue({}, "category", {TEA[0]: frozenset({"Tea"})})) is None
    assert api.sent == []


def test_events_that_change_nothing_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effect, "_PATIENCE_SECONDS", 0.3)

    with pytest.raises(CommandError, match="3 events changed nothing"):
        measured(PlayedApi(deaf=True), Catalogue({}, "category", CATEGORIES))
