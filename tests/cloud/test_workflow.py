"""Runs of the state machine: what it asks of the functions and of Personalize, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.common.config import load
from stacks.workflow.awaiting import CAMPAIGN, VERSION
from stacks.workflow.definition import definition
from tests.cloud.synthesis import edited
from tests.cloud.world import ARNS, World, raised, segment_of
from tests.unit.cloud.states.interpreter import Answer

Json = Any


def _of_interactions(payloads: list[Json]) -> list[Json]:
    return [payload for payload in payloads if payload["dataset"] == "INTERACTIONS"]


def test_a_run_ends_with_counts_metrics_and_what_serves(world: World, workflow: Json) -> None:
    execution = world.machines.start(workflow, name="run-1")

    description = world.machines.end_of(execution)

    assert description["status"] == "SUCCEEDED", (description.get("error"), description.get("cause"))
    group = "arn:aws:personalize:us-east-1:123456789012:dataset-group/example-shop"
    assert json.loads(description["output"]) == {
        "rows": {"interactions": 40, "items": 40, "users": 40},
        "rejected": {"interactions": 4, "items": 4, "users": 4},
        "reasons": {"missing": 12},
        "mended": {"lineBreak": 12},
        "manifest": "exports/run-1/manifest.json",
        "datasetGroupArn": group,
        "filtersLeftOut": [],
        "unconfiguredCampaigns": [],
        "models": {
            "for-you": {
                "recipe": "aws-user-personalization-v2",
                "metrics": {"precision_at_5": 0.25},
                "campaignArn": group.replace("dataset-group/example-shop", "campaign/example-shop-for-you"),
                "solutionVersionArn": group.replace(
                    "dataset-group/example-shop", "solution/example-shop-for-you/1234abcd"
                ),
            }
        },
    }


def test_the_functions_get_the_run_and_the_configuration(world: World, workflow: Json) -> None:
    execution = world.machines.start(workflow, name="run-1")

    world.machines.end_of(execution)

    assert {payload["table"] for payload in world.payloads("segment")} == {"UserEvents", "Products", "Users"}
    segments = sorted(_of_interactions(world.payloads("segment")), key=lambda payload: payload["segment"])
    assert [payload["segment"] for payload in segments] == [0, 1, 2, 3]
    assert segments[0] == {
        "step": "segment",
        "runId": "run-1",
        "dataset": "INTERACTIONS",
        "table": "UserEvents",
        "segment": 0,
        "totalSegments": 4,
        "fields": [
            {"attribute": "userId", "name": "USER_ID", "type": "string", "required": True},
            {"attribute": "itemId", "name": "ITEM_ID", "type": "string", "required": True},
            {"attribute": "timestamp", "name": "TIMESTAMP", "type": "long", "required": True},
            {"attribute": "eventType", "name": "EVENT_TYPE", "type": "string", "required": True},
        ],
        "since": None,
        "cursor": None,
    }
    jobs = world.payloads("import")
    assert {job["runId"] for job in jobs} == {"run-1"}
    assert {job["location"] for job in jobs} == {
        f"s3://exports/run-1/{dataset}/" for dataset in ("interactions", "items", "users")
    }
    (solution,) = world.payloads("solution")
    assert solution["recipeArn"] == "arn:aws:personalize:::recipe/aws-user-personalization-v2"
    assert solution["config"] == {}
    (published,) = world.payloads("publish")
    assert [(model["name"], model["route"]) for model in published["models"]] == [("for-you", "recommendations")]


def test_a_segment_is_called_again_from_its_cursor_until_it_is_done(world: World, workflow: Json) -> None:
    def slow(payload: Json) -> Json:
        slices = (payload["cursor"] or {"slices": 0})["slices"] + 1
        return {**segment_of(payload), "done": slices == 3, "cursor": {"slices": slices}}

    world.steps["segment"] = slow

    world.machines.output(workflow)

    segments = _of_interactions(world.payloads("segment"))
    cursors = [payload["cursor"] for payload in segments if payload["segment"] == 2]
    assert cursors == [None, {"slices": 1}, {"slices": 2}]


def test_a_segment_that_never_ends_fails_the_run(world: World, workflow: Json) -> None:
    world.steps["segment"] = lambda payload: {
        **segment_of(payload),
        "done": (payload["dataset"], payload["segment"]) != ("INTERACTIONS", 0),
    }

    error, cause = world.machines.failure(workflow)

    assert error == "FailedError"
    assert "scan_segments" in cause


def test_look_back_is_a_moment_before_the_start_of_the_run(world: World, tmp_path: Path) -> None:
    config = load(edited(tmp_path, ("# look_back_days = 365", "look_back_days = 365")))
    execution = world.machines.start(definition(config, ARNS))

    started = world.machines.end_of(execution)["startDate"].timestamp()

    events = _of_interactions(world.payloads("segment"))
    assert {payload["since"] for payload in events} == {int(started) - 365 * 24 * 3600}
    others = [payload for payload in world.payloads("segment") if payload["dataset"] != "INTERACTIONS"]
    assert {payload["since"] for payload in others} == {None}


def test_a_dataset_without_rows_is_left_out_and_the_run_goes_on(world: World, workflow: Json) -> None:
    world.steps["segment"] = lambda payload: {
        **segment_of(payload),
        "rows": 0 if payload["dataset"] == "ITEMS" else 10,
    }

    world.machines.output(workflow)

    assert {payload["type"] for payload in world.payloads("dataset")} == {"INTERACTIONS", "USERS"}


def test_hyperparameters_travel_as_strings(world: World, tmp_path: Path) -> None:
    config = load(edited(tmp_path, ("min_tps = 1", "min_tps = 3\nhyperparameters = { apply_recency_bias = false }")))

    world.machines.output(definition(config, ARNS))

    (solution,) = (call for call in world.payloads("solution") if call["name"] == "example-shop-for-you")
    assert solution["config"] == {"algorithmHyperParameters": {"apply_recency_bias": "false"}}
    (campaign,) = (call for call in world.payloads("campaign") if call["name"] == "example-shop-for-you")
    assert campaign["minProvisionedTPS"] == 3


def test_what_is_active_already_is_waited_for_no_time(world: World, workflow: Json) -> None:
    execution = world.machines.start(workflow)

    world.machines.end_of(execution)

    assert not [e for e in world.machines.history(execution) if e["type"] == "WaitStateEntered"]


def test_waits_follow_the_poll_seconds_of_the_input_and_grow(world: World, workflow: Json) -> None:
    world.describe("DescribeSolutionVersion", [{"status": "CREATE IN_PROGRESS"}] * 11 + [{"status": "ACTIVE"}])
    before = world.clock.now()

    world.machines.output(workflow, {"pollSeconds": 10})

    # short at first, then twice as long from the third poll on, three times from the sixth, four from the ninth
    assert world.clock.now() - before == pytest.approx((0 + 0) + (1 + 3 + 7) + (15 + 30 + 30) + (40 + 40 + 40), abs=1)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("DescribeDatasetGroup", "dataset group"),
        ("DescribeDatasetImportJob", "import"),
        ("DescribeSolutionVersion", "training"),
        ("DescribeCampaign", "campaign"),
    ],
)
def test_a_failed_resource_fails_the_run_in_the_words_of_personalize(
    world: World, workflow: Json, operation: str, what: str
) -> None:
    reason = 'Input CSV is missing the following columns: [USER_ID, "ITEM\\ID"] 😀.\nSee the guide.'
    world.describe(operation, [{"status": "CREATE PENDING"}, {"status": "CREATE FAILED", "failureReason": reason}])

    error, cause = world.machines.failure(workflow)

    assert error == "FailedError"
    assert what in cause
    assert cause.endswith(f" failed: {reason}")
    assert "arn:aws:personalize:" in cause


@pytest.mark.parametrize("operation", ["DescribeDataset", "DescribeSolution"])
def test_a_failed_resource_of_which_personalize_gives_no_reason_fails_the_run(
    world: World, workflow: Json, operation: str
) -> None:
    world.describe(operation, [{"status": "CREATE FAILED"}])

    error, cause = world.machines.failure(workflow)

    assert error == "FailedError"
    assert cause.endswith(" failed: no reason is given")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("CREATE STOPPED", "was stopped"),
        ("CREATE STOPPING", "was stopped"),
        ("ON HOLIDAY", "has the status ON HOLIDAY, which this workflow does not know"),
        ("CREATE IN_PROGRESS", f"took too long: after {VERSION.polls} looks it is still CREATE IN_PROGRESS"),
    ],
)
def test_a_training_that_does_not_become_active_says_how(world: World, workflow: Json, status: str, words: str) -> None:
    world.describe("DescribeSolutionVersion", [{"status": status}])

    error, cause = world.machines.failure(workflow)

    assert error == "FailedError"
    assert words in cause


def test_throttled_descriptions_are_asked_again(world: World, workflow: Json) -> None:
    throttled = Answer.error("ThrottlingException", "Rate exceeded")
    world.describe("DescribeSolutionVersion", [throttled] * 7 + [{"status": "ACTIVE"}])

    assert world.machines.output(workflow)["models"].keys() == {"for-you"}


def test_descriptions_that_are_refused_for_ever_say_why(world: World, workflow: Json) -> None:
    world.describe("DescribeCampaign", [Answer.error("AccessDeniedException", "User is not authorized")])

    _, cause = world.machines.failure(workflow)

    assert f"after {CAMPAIGN.polls} looks" in cause
    assert "User is not authorized" in cause


def test_a_description_that_is_not_found_fails_at_once(world: World, workflow: Json) -> None:
    world.describe("DescribeSolution", [Answer.error("ResourceNotFoundException", "Resource Arn x does not exist.")])

    error, cause = world.machines.failure(workflow)

    assert error == "Personalize.ResourceNotFoundException"
    assert "Resource Arn x does not exist." in cause
    assert len(world.requests("DescribeSolution")) == 1


@pytest.mark.parametrize(
    ("awaiting", "campaign", "ends_well"),
    [
        ("nothing", {"status": "CREATE FAILED"}, True),
        ("create", {"status": "ACTIVE"}, True),
        ("update", {"status": "ACTIVE", "latestCampaignUpdate": {"status": "ACTIVE"}}, True),
        # the campaign stays ACTIVE on the old version while, and after, an update fails
        (
            "update",
            {"status": "ACTIVE", "latestCampaignUpdate": {"status": "CREATE FAILED", "failureReason": "no"}},
            False,
        ),
        ("update", {"status": "ACTIVE"}, False),
    ],
)
def test_a_campaign_is_judged_by_its_creation_or_by_its_latest_update_alone(
    world: World, workflow: Json, awaiting: str, campaign: Json, ends_well: bool
) -> None:
    world.steps["campaign"] = lambda _: {"campaignArn": "arn:campaign", "awaiting": awaiting}
    world.describe("DescribeCampaign", [campaign])

    description = world.machines.run(workflow)

    assert (description["status"] == "SUCCEEDED") == ends_well


@pytest.mark.parametrize(
    "step", ["segment", "manifest", "datasetGroup", "dataset", "import", "solution", "version", "metrics", "publish"]
)
def test_what_a_function_raises_is_the_error_and_the_cause(world: World, workflow: Json, step: str) -> None:
    message = 'the table "Ünknown" has no row\nthat can be imported: set `table` 😀'
    world.steps[step] = lambda _: raised("InvalidError", message)

    error, cause = world.machines.failure(workflow)

    assert error == "InvalidError"
    assert message in cause
    assert "stackTrace" not in cause


def test_a_retryable_error_is_tried_again(world: World, workflow: Json) -> None:
    answers = [raised("RetryableError", "More than 5 resources with PENDING or IN_PROGRESS status.")] * 8
    start_import = world.steps["import"]
    world.steps["import"] = lambda payload: answers.pop() if answers else start_import(payload)

    world.machines.output(workflow)

    refused, imported = 8, 3
    assert len(world.payloads("import")) == refused + imported


def test_an_invalid_call_is_not_tried_again(world: World, workflow: Json) -> None:
    world.steps["solution"] = lambda _: raised("InvalidError", "no such recipe")

    world.machines.failure(workflow)

    assert len(world.payloads("solution")) == 1


def test_a_model_that_fails_gives_up_no_other_model(world: World, workflow: Json) -> None:
    items = workflow["States"]["Run"]["Branches"][0]["States"]["Train and deploy models"]["Items"]
    items.append({**items[0], "name": "popular", "resource": "example-shop-popular"})
    version = world.steps["version"]
    world.steps["version"] = lambda e: raised("FailedError", "too few") if "for-you" in e["solutionArn"] else version(e)

    error, cause = world.machines.failure(workflow)

    assert (error, cause) == ("FailedError", "model for-you: too few")
    assert [payload["name"] for payload in world.payloads("campaign")] == ["example-shop-popular"]
    assert not world.payloads("publish")


@pytest.mark.parametrize("given", [{}, {"pollSeconds": "soon"}, {"pollSeconds": 0}, {"pollSeconds": 2.5}])
def test_strange_poll_seconds_do_no_harm(world: World, workflow: Json, given: Json) -> None:
    world.describe("DescribeDataset", [{"status": "CREATE PENDING"}, {"status": "ACTIVE"}])

    assert world.machines.output(workflow, given)["rows"]["interactions"] == 40


def test_filters_that_are_not_ready_are_asked_for_again(world: World, workflow: Json) -> None:
    answer, looks = world.steps["filters"], iter([["unseen"], ["unseen"], []])
    world.steps["filters"] = lambda payload: {**answer(payload), "pending": next(looks)}

    execution = world.machines.start(workflow)

    assert world.machines.end_of(execution)["status"] == "SUCCEEDED"
    assert len(world.payloads("filters")) == 3


def test_filters_that_never_become_ready_end_the_run_with_their_names(world: World, workflow: Json) -> None:
    world.steps["filters"] = lambda _: {"filters": [], "pending": ["unseen", "cheap"], "leftOut": []}

    description = world.machines.end_of(world.machines.start(workflow))

    assert description["status"] == "FAILED"
    assert "these filters are still being made: unseen, cheap" in description["cause"]


def test_an_updated_dataset_is_judged_by_its_update_and_then_by_itself(world: World, workflow: Json) -> None:
    world.steps["dataset"] = lambda e: {"datasetArn": f"arn:{e['name']}", "awaiting": "update"}
    update = {"status": "ACTIVE", "latestDatasetUpdate": {"status": "ACTIVE"}}
    going_on = {"status": "UPDATE IN_PROGRESS", "latestDatasetUpdate": {"status": "CREATE IN_PROGRESS"}}
    world.describe("DescribeDataset", [going_on, update])

    assert world.machines.end_of(world.machines.start(workflow))["status"] == "SUCCEEDED"
    # three datasets, each seen by both awaits, and one look more
    assert len(world.requests("DescribeDataset")) == 7


def test_a_dataset_whose_update_fails_ends_the_run_with_the_reason(world: World, workflow: Json) -> None:
    world.steps["dataset"] = lambda e: {"datasetArn": f"arn:{e['name']}", "awaiting": "update"}
    failed = {"status": "CREATE FAILED", "failureReason": "PRICE is gone"}
    world.describe("DescribeDataset", [{"status": "ACTIVE", "latestDatasetUpdate": failed}])

    description = world.machines.end_of(world.machines.start(workflow))

    assert description["status"] == "FAILED"
    assert "failed: PRICE is gone" in description["cause"]


def test_what_is_published_has_the_filters_and_the_tracking_id(world: World, workflow: Json) -> None:
    world.steps["filters"] = lambda _: {
        "filters": [{"name": "unseen", "filterArn": "arn:unseen"}],
        "pending": [],
        "leftOut": ["cheap"],
    }

    world.machines.end_of(world.machines.start(workflow))

    (published,) = world.payloads("publish")
    assert published["filters"] == [{"name": "unseen", "filterArn": "arn:unseen"}]
    assert published["trackingId"] == "track-1"


def test_what_was_left_out_and_what_costs_for_nothing_is_told(world: World, workflow: Json) -> None:
    world.steps["filters"] = lambda _: {"filters": [], "pending": [], "leftOut": ["in-category"]}
    world.steps["publish"] = lambda _: {"published": ["for-you"], "unconfigured": ["arn:campaign/old"]}

    output = world.machines.output(workflow)

    assert (output["filtersLeftOut"], output["unconfiguredCampaigns"]) == (["in-category"], ["arn:campaign/old"])
    ((_, message),) = world.told()
    assert (message["filtersLeftOut"], message["unconfiguredCampaigns"]) == (["in-category"], ["arn:campaign/old"])
