"""A run that cannot succeed ends FAILED, with the words of whoever refused, and leaves the way free for the next."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.conftest import Engine, Row


def events(n_users: int, n_each: int) -> list[Row]:
    return [
        (f"user-{user}", f"item-{(user + number) % 50}", 1_700_000_000 + number, "View")
        for user in range(n_users)
        for number in range(n_each)
    ]


@pytest.fixture(scope="module")
def runs(engine: Engine) -> dict[str, dict[str, Any]]:
    """Runs over a table that grows: nothing, too few events, enough events of too few users, enough of all."""
    ended = {"empty": engine.run("empty")}
    engine.load(events(10, 20))
    ended["few events"] = engine.run("few-events")
    engine.load(events(20, 60))
    ended["few users"] = engine.run("few-users")
    engine.load(events(80, 30))
    ended["enough"] = engine.run("enough")
    return ended


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("empty", "INTERACTIONS dataset has no row that can be imported: it is empty"),
        ("few events", "Dataset has fewer than 1000 interactions."),
        ("few users", "Dataset has fewer than 25 users with at least 2 interactions each."),
    ],
)
def test_a_run_that_fails_says_why_in_the_words_of_who_refused(
    runs: dict[str, dict[str, Any]], run: str, words: str
) -> None:
    assert runs[run]["status"] == "FAILED"
    assert words in runs[run]["cause"]


def test_failed_runs_give_the_lease_back_and_the_next_succeeds(runs: dict[str, dict[str, Any]]) -> None:
    assert runs["enough"]["status"] == "SUCCEEDED", runs["enough"]
