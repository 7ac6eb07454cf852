"""A run that cannot succeed ends FAILED, with the words of whoever refused, and leaves the way free for the next.

The same words go to the topic of outcomes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.conftest import Engine, Row


def events(n_users: int, n_each: int) -> list[Row]:
    return [
        (f"user-{user}", f"item-{(user + number) % 50}", 1_700_000_000 + number, "View")
        for user in range(n_users)
        for number in range(n_each)
    ]


@dataclass(frozen=True)
class Run:
    """How a run ended, and what the topic of outcomes was told."""

    ended: dict[str, Any]
    heard: list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def runs(engine: Engine) -> dict[str, Run]:
    """Runs over a table that grows: nothing, too few events, enough events of too few users, enough of all."""
    engine.subscribe()

    def run(name: str) -> Run:
        return Run(engine.run(name), engine.heard())

    done = {"empty": run("empty")}
    engine.load(events(10, 20))
    done["few events"] = run("few-events")
    engine.load(events(20, 60))
    done["few users"] = run("few-users")
    engine.load(events(80, 30))
    done["enough"] = run("enough")
    return done


REFUSED = [
    ("empty", "INTERACTIONS dataset has no row that can be imported: it is empty"),
    ("few events", "import arn:aws:personalize:us-east-1:123456789012:dataset-import-job/"),
    ("few events", "Dataset has fewer than 1000 interactions."),
    ("few users", "training arn:aws:personalize:us-east-1:123456789012:solution/example-shop-for-you/"),
    ("few users", "Dataset has fewer than 25 users with at least 2 interactions each."),
]


@pytest.mark.parametrize(("run", "words"), REFUSED)
def test_a_run_that_fails_says_why_in_the_words_of_who_refused(runs: dict[str, Run], run: str, words: str) -> None:
    assert runs[run].ended["status"] == "FAILED"
    assert words in runs[run].ended["cause"]


@pytest.mark.parametrize(("run", "words"), REFUSED)
def test_the_topic_of_outcomes_hears_the_same_words(runs: dict[str, Run], run: str, words: str) -> None:
    ((subject, message),) = runs[run].heard

    assert subject == f"Tastemaker example-shop: failed: {runs[run].ended['error']}"
    assert (message["outcome"], message["execution"]) == ("failed", runs[run].ended["executionArn"])
    assert message["cause"] == runs[run].ended["cause"]
    assert words in message["cause"]


def test_failed_runs_give_the_lease_back_and_the_next_succeeds(runs: dict[str, Run]) -> None:
    assert runs["enough"].ended["status"] == "SUCCEEDED", runs["enough"]


def test_the_topic_of_outcomes_hears_of_a_success_with_rows_and_the_models_main_metric(runs: dict[str, Run]) -> None:
    ((subject, message),) = runs["enough"].heard

    assert subject == "Tastemaker example-shop: trained"
    output, metric = json.loads(runs["enough"].ended["output"]), "normalized_discounted_cumulative_gain_at_10"
    assert message["rows"] == output["rows"]
    assert message["models"] == {
        name: {metric: output["models"][name]["metrics"][metric]} for name in ("for-you", "similar", "popular")
    }
