"""How a run ended, told to the topic of outcomes; and a message that cannot be sent changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.world import World, raised

Json = Any
NDCG = "normalized_discounted_cumulative_gain_at_10"


def test_a_run_that_succeeds_tells_its_rows_its_models_and_their_main_metric(world: World, workflow: Json) -> None:
    world.steps["metrics"] = lambda _: {"metrics": {NDCG: 0.25, "coverage": 0.5}}

    execution = world.machines.start(workflow, name="run-1")

    assert world.machines.end_of(execution)["status"] == "SUCCEEDED"
    assert world.told() == [
        (
            "Tastemaker example-shop: trained",
            {
                "project": "example-shop",
                "outcome": "trained",
                "runId": "run-1",
                "execution": execution,
                "rows": {"interactions": 40, "items": 40, "users": 40},
                "rejected": {"interactions": 4, "items": 4, "users": 4},
                "filtersLeftOut": [],
                "unconfiguredCampaigns": [],
                "models": {"for-you": {NDCG: 0.25}},
            },
        )
    ]


def test_a_model_of_which_the_main_metric_is_not_given_is_told_all_the_same(world: World, workflow: Json) -> None:
    world.machines.output(workflow)

    ((_, message),) = world.told()
    assert message["models"] == {"for-you": {}}


def test_a_run_that_fails_tells_the_reason_in_personalizes_words(world: World, workflow: Json) -> None:
    reason = 'Input CSV is missing the following columns: [USER_ID, "ITEM\\ID"] 😀.\nSee the guide.'
    world.describe("DescribeDatasetImportJob", [{"status": "CREATE FAILED", "failureReason": reason}])
    execution = world.machines.start(workflow, name="run-1")

    ended = world.machines.end_of(execution)

    assert ended["status"] == "FAILED"
    ((subject, message),) = world.told()
    assert subject == "Tastemaker example-shop: failed: FailedError"
    assert message == {
        "project": "example-shop",
        "outcome": "failed",
        "runId": "run-1",
        "execution": execution,
        "error": ended["error"],
        "cause": ended["cause"],
    }
    assert message["cause"].endswith(f" failed: {reason}")


def test_a_run_that_finds_another_running_tells_so(world: World, workflow: Json) -> None:
    second: list[tuple[str, str]] = []
    told: list[tuple[str, Json]] = []

    def meanwhile() -> None:
        second.append(world.machines.failure(workflow))
        told.extend(world.told())

    world.meanwhile("manifest", meanwhile)
    world.machines.output(workflow)

    ((subject, message),) = told
    assert subject == "Tastemaker example-shop: failed: AlreadyRunning"
    assert (message["error"], message["cause"]) == second[0]


@pytest.mark.parametrize(
    ("error", "subject"),
    [
        ("Größe\nx", "Tastemaker example-shop: failed: Gr??e?x"),
        ("X" * 200, ("Tastemaker example-shop: failed: " + "X" * 200)[:99]),
    ],
)
def test_a_subject_is_what_sns_takes_whatever_the_error_is_called(
    world: World, workflow: Json, error: str, subject: str
) -> None:
    world.steps["manifest"] = lambda _: raised(error, "no")

    world.machines.failure(workflow)

    ((told, message),) = world.told()
    assert told == subject
    assert message["error"] == error


def test_the_lease_is_given_back_before_anybody_is_told(workflow: Json) -> None:
    states = workflow["States"]

    assert states["Release lease"]["Next"] == "Tell success"
    assert states["Release lease after failure"]["Next"] == "Tell failure"


def test_a_message_that_cannot_be_sent_leaves_a_success_a_success(world: World, workflow: Json) -> None:
    world.refuse_notices()

    output = world.machines.output(workflow)

    assert output["rows"]["interactions"] == 40
    assert world.told() == []


def test_a_message_that_cannot_be_sent_hides_no_cause(world: World, workflow: Json) -> None:
    world.refuse_notices()
    world.steps["manifest"] = lambda _: raised("InvalidError", "no row")

    assert world.machines.failure(workflow) == ("InvalidError", "no row")
    assert world.told() == []
