"""Which events are new to a model follows from the histories that lie beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tastemaker.personalize.histories import Histories, load_histories, save_histories
from tastemaker.personalize.new_events import known_events
from tastemaker.recommenders import Interactions

Event = tuple[str, str, int]
OLD: list[Event] = [("al", "a", 10), ("al", "c", 20), ("bo", "c", 10), ("bo", "c", 10), ("cy", "a", 30)]


def _log(events: list[Event]) -> Interactions:
    users, items, times = zip(*events, strict=True)
    return Interactions.from_columns(users, items, times)


@pytest.fixture
def had(tmp_path: Path) -> Histories:
    log = _log(OLD)
    save_histories(tmp_path / "histories.arrow", log, log.item_ids)
    return load_histories(tmp_path / "histories.arrow", log.item_ids)


def _known(had: Histories, events: list[Event]) -> dict[str, int]:
    log = _log(events)
    return dict(zip(log.user_ids.tolist(), known_events(had, log).tolist(), strict=True))


def test_what_came_after_the_old_events_is_new_and_so_is_all_of_a_new_user(had: Histories) -> None:
    # of other items, some sort before the old ones
    new = [("al", "b", 20), ("al", "a", 40), ("da", "c", 5), ("da", "0", 6)]

    assert _known(had, OLD) == {"al": 2, "bo": 2, "cy": 1}
    assert _known(had, OLD + new) == {"al": 2, "bo": 2, "cy": 1, "da": 0}


@pytest.mark.parametrize(
    ("events", "waiting"),
    [
        ([*OLD, ("al", "b", 15)], {"al": 3}),
        ([*OLD, ("al", "c", 9), ("al", "a", 50)], {"al": 4}),
        ([("bo", "b", 10), *OLD, ("cy", "b", 40)], {"bo": 3}),
        ([event for event in OLD if event != ("al", "c", 20)], {"al": 1}),
        ([*[event for event in OLD if event[0] != "bo"], ("bo", "c", 11)], {"bo": 1}),
        ([("al" if user == "cy" else user, item, time) for user, item, time in OLD], {}),
    ],
)
def test_who_did_something_before_or_has_something_deleted_has_nothing_new(
    had: Histories, events: list[Event], waiting: dict[str, int]
) -> None:
    lengths = {user: sum(event[0] == user for event in OLD) for user, _, _ in events}

    assert _known(had, events) == lengths | waiting


def test_a_log_at_random_is_told_apart_as_by_hand(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for _ in range(50):
        rows = [(f"u{u}", f"i{i}", int(t)) for u, i, t in zip(*draw.integers(4, size=(3, 25)), strict=True)]
        old, new = rows[:12], [row for row in rows if draw.random() < 0.9]
        save_histories(tmp_path / "h.arrow", _log(old), _log(old).item_ids)
        known = _known(load_histories(tmp_path / "h.arrow", _log(old).item_ids), new)
        for user, count in known.items():
            before, now = (
                sorted((row for row in part if row[0] == user), key=lambda row: row[2]) for part in (old, new)
            )
            assert count == (len(before) if now[: len(before)] == before else len(now))
