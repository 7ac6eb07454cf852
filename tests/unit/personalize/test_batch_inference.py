"""Batch inference jobs: what comes back in the files, line by line, from models that were really trained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.batch.work import BatchSpec, do_batch
from tastemaker.personalize.engine import Refused
from tastemaker.personalize.kinds import SOLUTION_VERSION
from tastemaker.personalize.objects import Location
from tastemaker.personalize.quotas import Quotas
from tests.unit.personalize.batch_scene import GROUP, BatchScene, recommended
from tests.unit.personalize.scene import ACCOUNT, ARN, REGION, ROLE, Scene, refused


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[BatchScene]:
    shop = BatchScene(tmp_path)
    yield shop
    shop.personalize.close()


def tastes(items: list[str]) -> set[str]:
    return {item.partition("-")[0] for item in items}


def test_every_user_of_a_file_is_answered_as_a_campaign_would(shop: BatchScene) -> None:
    version = shop.version()
    campaign = shop.campaign(version)

    answers = shop.answers(version, {"userId": "user-0"}, {"userId": "user-1"}, {"userId": "nobody"}, numResults=5)

    for answer in answers:
        given = shop.runtime.get_recommendations(campaignArn=campaign, numResults=5, **answer["input"])
        assert answer["output"]["recommendedItems"] == [item["itemId"] for item in given["itemList"]]
        assert answer["output"]["scores"] == [item["score"] for item in given["itemList"]]
        assert answer["error"] is None
    assert [tastes(items) for items in recommended(answers)[:2]] == [{"even"}, {"odd"}]


def test_a_line_is_written_as_personalize_writes_it(shop: BatchScene) -> None:
    shop.answers(shop.version("aws-popularity-count"), '{ "userId" : "Ärger" }', numResults=2)

    assert shop.read("out/in.json.out") == (
        '{"input":{"userId":"Ärger"},"output":{"recommendedItems":["even-1","even-10"]},"error":null}\n'
    )
    assert shop.read("out/_CHECK") == ""


def test_25_results_come_unless_another_number_is_given(shop: BatchScene) -> None:
    version = shop.version("aws-similar-items")

    answers = shop.answers(version, {"itemId": "even-3"}, {"itemId": "unheard of"})

    assert shop.describe(f"{ARN}:batch-inference-job/job")["numResults"] == 25
    assert [len(items) for items in recommended(answers)] == [11, 24]
    assert tastes(recommended(answers)[0][:5]) == {"even"}
    assert all("scores" not in answer["output"] for answer in answers)


def test_a_line_that_cannot_be_answered_says_why_and_the_others_are(shop: BatchScene) -> None:
    lines: list[Any] = [
        "no json",
        "[1]",
        {"itemId": "even-1"},
        {"userId": 7},
        {"userId": "user-1", "filterValues": "x"},
        "",
    ]

    answers = shop.answers(
        shop.version(),
        *lines,
        {"userId": "user-1", "filterValues": {"TASTE": '"Even"'}},
        numResults=1,
        filterArn=shop.filter("INCLUDE ItemID WHERE Items.TASTE IN ($TASTE)"),
    )

    assert [answer["output"] is None for answer in answers] == [True] * 5 + [False]
    assert [answer["input"] for answer in answers[:2]] == ["no json", "[1]"]
    words = [
        "no JSON object",
        "no JSON object",
        "userId is required",
        "userId is required",
        "filterValues is an object",
    ]
    for answer, word in zip(answers, words, strict=False):
        assert word in answer["error"]


def test_each_line_brings_the_values_of_the_filters_placeholders(shop: BatchScene) -> None:
    taken = shop.filter(
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view") | INCLUDE ItemID WHERE Items.TASTE IN ($T)'
    )

    answers = shop.answers(
        shop.version(),
        {"userId": "user-0", "filterValues": {"T": '"Even"'}},
        {"userId": "user-0", "filterValues": {"T": '"Odd"'}},
        {"userId": "user-0"},
        filterArn=taken,
    )

    assert recommended(answers[:2])[0] == ["even-11"]
    assert sorted(recommended(answers[:2])[1]) == sorted(f"odd-{n}" for n in range(12))
    assert "$T" in answers[2]["error"]


def test_what_was_streamed_counts_for_the_latest_version_only(shop: BatchScene) -> None:
    tracker = shop.control.create_event_tracker(name="web", datasetGroupArn=f"{ARN}:dataset-group/shop")
    arn = tracker["eventTrackerArn"]
    Scene.until_active(lambda: shop.control.describe_event_tracker(eventTrackerArn=arn)["eventTracker"])
    older, newer = shop.version(), shop.version()
    shop.events.put_events(
        trackingId=tracker["trackingId"],
        sessionId="s",
        userId="new",
        eventList=[{"eventType": "view", "itemId": f"odd-{n}", "sentAt": 1_700_000_000 + n} for n in range(3)],
    )

    at_the_newest = shop.answers(newer, {"userId": "new"}, name="newest", numResults=3)
    at_the_older = shop.answers(older, {"userId": "new"}, {"userId": "nobody"}, name="older", numResults=3)

    assert tastes(recommended(at_the_newest)[0]) == {"odd"}
    assert recommended(at_the_older)[0] == recommended(at_the_older)[1]


def test_exploration_is_configured_for_each_job(shop: BatchScene) -> None:
    new = [f"new-{n},Even,1,a story" for n in range(40)]
    shop.objects.store("bucket", "Items.csv", "\n".join([shop.read("Items.csv"), *new]).encode())
    shop.import_again("Items")
    version = shop.version()
    lines = [{"userId": f"user-{n}"} for n in range(50)]

    without, much = (
        shop.answers(
            version,
            *lines,
            name=f"weight-{weight}",
            numResults=5,
            batchInferenceJobConfig={"itemExplorationConfig": {"explorationWeight": str(weight)}},
        )
        for weight in (0, 1)
    )

    assert "new" not in set().union(*map(tastes, recommended(without)))
    assert "new" in set().union(*map(tastes, recommended(much)))


def test_a_list_is_ranked_whole_and_its_scores_sum_to_one(shop: BatchScene) -> None:
    version = shop.version("aws-personalized-ranking")
    items = ["odd-3", "unheard of", "even-11", "odd-4"]

    answer = shop.answers(version, {"userId": "user-0", "itemList": items}, numResults=1)[0]

    assert answer["output"]["recommendedItems"][0] == "even-11"
    assert answer["output"]["recommendedItems"][-1] == "unheard of"
    assert sorted(answer["output"]["recommendedItems"]) == sorted(items)
    assert sum(answer["output"]["scores"]) == pytest.approx(1, abs=1e-6)
    assert answer["output"]["scores"][-1] == 0


def test_v2_says_why_an_item_is_there(shop: BatchScene) -> None:
    answer = shop.answers(shop.version("aws-user-personalization-v2"), {"userId": "user-0"}, numResults=3)[0]

    assert answer["output"]["reasons"] == [[], [], []]
    assert len(answer["output"]["scores"]) == 3


def test_each_file_of_a_folder_has_its_own_output(shop: BatchScene) -> None:
    version = shop.version("aws-popularity-count")
    shop.put("in/a.json", {"userId": "user-1"})
    shop.put("in/b.json", {"userId": "user-2"}, {"userId": "user-3"})
    shop.put("in/deeper/c.json", {"userId": "user-4"})

    arn = shop.start(version, source="in/")
    statuses = Scene.until_active(lambda: shop.describe(arn))

    assert statuses == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    outputs = {key: shop.read(key).splitlines() for key in shop.keys("out/")}
    assert {key: len(lines) for key, lines in outputs.items()} == {
        "out/_CHECK": 0,
        "out/a.json.out": 1,
        "out/b.json.out": 2,
    }
    asked = [json.loads(line)["input"]["userId"] for line in outputs["out/b.json.out"]]
    assert asked == ["user-2", "user-3"]


def test_processes_share_the_lines_of_a_long_file(shop: BatchScene) -> None:
    here = shop.personalize.account(ACCOUNT, REGION)
    lines = [{"userId": f"a user with the number {number}"} for number in range(12_000)]
    shop.put("in.json", *lines)
    arn = shop.version("aws-popularity-count")
    with here.resources.changing():
        version = here.resources.get(SOLUTION_VERSION, arn)
    source, target = Location("bucket", "in.json"), Location("bucket", "out/")
    spec = BatchSpec(version, source, target, ROLE, None, 1, len(lines), streams_count=True, processes=3)

    report = do_batch(here, spec, go_on=lambda: True)

    assert (report.answered, report.refused, report.results) == ([12_000], [0], 12_000)
    answers = [json.loads(line) for line in shop.read("out/in.json.out").splitlines()]
    assert [answer["input"] for answer in answers] == lines
    with pytest.raises(Refused, match="more than 11,999 lines"):
        do_batch(here, replace(spec, most_lines=11_999), go_on=lambda: True)


def test_what_went_away_before_the_work_began_fails_the_job_in_words(shop: BatchScene) -> None:
    here = shop.personalize.account(ACCOUNT, REGION)
    arn = shop.version("aws-popularity-count")
    with here.resources.changing():
        version = here.resources.get(SOLUTION_VERSION, arn)
    source, target = Location("bucket", "gone.json"), Location("bucket", "out/")
    spec = BatchSpec(version, source, target, ROLE, None, 1, 10, streams_count=True)

    with pytest.raises(Refused, match="Invalid Data location"):
        do_batch(here, spec, go_on=lambda: True)


@pytest.fixture(scope="module")
def checking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BatchScene, str]]:
    """A shop with an input file and a version, for requests that are refused."""
    shop = BatchScene(tmp_path_factory.mktemp("shop"))
    shop.put("in.json", {"userId": "user-1"})
    yield shop, shop.version()
    shop.personalize.close()


def source(path: str) -> dict[str, Any]:
    return {"jobInput": {"s3DataSource": {"path": path}}}


def target(path: str) -> dict[str, Any]:
    return {"jobOutput": {"s3DataDestination": {"path": path}}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (source("s3://bucket/missing.json"), "Invalid S3 input path"),
        (source("s3://bucket/missing/"), "Invalid S3 input path"),
        (source("s3://nowhere/in.json"), "Invalid S3 input path"),
        (source("https://bucket/in.json"), "Invalid S3 input path"),
        (source("s3://locked/in.json"), "Insufficient privileges for accessing data in S3"),
        (target("s3://bucket/out"), "Invalid S3 output path"),
        (target("https://bucket/out/"), "Invalid S3 output path"),
        (target("s3://nowhere/out/"), "Invalid S3 output path"),
        (target("s3://locked/out/"), "fix bucket policy on locked"),
        (source("s3://bucket/") | target("s3://bucket/"), "Invalid S3 output path"),
        ({"numResults": 0}, "numResults"),
        ({"numResults": 501}, "500"),
        ({"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "2"}}}, "explorationWeight"),
        ({"batchInferenceJobConfig": {"rankingInfluence": {"POPULARITY": 0.5}}}, "POPULARITY"),
        ({"batchInferenceJobMode": "THEME_GENERATION"}, "only for aws-similar-items"),
        (
            {"themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}}},
            "only for the batchInferenceJobMode THEME_GENERATION",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    checking: tuple[BatchScene, str], given: dict[str, Any], words: str
) -> None:
    shop, version = checking
    with refused("InvalidInputException", words):
        shop.start(version, **given)
    assert not shop.control.list_batch_inference_jobs()["batchInferenceJobs"]


def test_a_version_that_is_not_there_is_not_found(checking: tuple[BatchScene, str]) -> None:
    shop, version = checking
    with refused("ResourceNotFoundException", "12345678"):
        shop.start(f"{version[:-8]}12345678")


def test_a_filter_has_to_be_active_and_of_the_same_group(checking: tuple[BatchScene, str]) -> None:
    shop, version = checking
    expression = 'INCLUDE ItemID WHERE Items.TASTE IN ("Even")'
    pending = shop.control.create_filter(name="pending", datasetGroupArn=GROUP, filterExpression=expression)
    with refused("ResourceInUseException", "CREATE PENDING"):
        shop.start(version, filterArn=pending["filterArn"])
    with refused("ResourceNotFoundException", "filter/none"):
        shop.start(version, filterArn=f"{ARN}:filter/none")


def test_themes_are_not_generated(checking: tuple[BatchScene, str]) -> None:
    shop, _ = checking
    themes: dict[str, Any] = {
        "batchInferenceJobMode": "THEME_GENERATION",
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "STORY"}},
    }
    with refused("InvalidInputException", "generates no themes"):
        shop.start(shop.version("aws-similar-items"), **themes)


def test_a_job_shows_what_it_was_given_and_keeps_its_name(shop: BatchScene) -> None:
    version = shop.version("aws-popularity-count")
    shop.answers(version, {"userId": "u"}, tags=[{"tagKey": "team", "tagValue": "shop"}])
    arn = f"{ARN}:batch-inference-job/job"

    job = shop.describe(arn)

    assert job["jobInput"] == {"s3DataSource": {"path": "s3://bucket/in.json"}}
    assert job["jobOutput"] == {"s3DataDestination": {"path": "s3://bucket/out/"}}
    assert (job["batchInferenceJobMode"], job["solutionVersionArn"]) == ("BATCH_INFERENCE", version)
    assert "failureReason" not in job
    listed = shop.control.list_batch_inference_jobs(solutionVersionArn=version)["batchInferenceJobs"]
    assert [each["batchInferenceJobArn"] for each in listed] == [arn]
    assert shop.control.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "shop"}]
    with refused("ResourceAlreadyExistsException", arn):
        shop.start(version)


def test_no_more_jobs_are_under_way_than_the_quota_allows(tmp_path: Path) -> None:
    shop = BatchScene(tmp_path, quotas=Quotas(batch_inference_jobs=2))
    version = shop.version("aws-popularity-count")
    shop.put("in.json", {"userId": "u"})
    for number in range(2):
        shop.start(version, name=f"job-{number}")

    with refused("LimitExceededException", "More than 2 resources with PENDING or IN_PROGRESS status."):
        shop.start(version, name="another")
    shop.personalize.close()


def test_a_job_that_a_restart_interrupted_is_done_after_it(tmp_path: Path) -> None:
    shop = BatchScene(tmp_path)
    version = shop.version("aws-popularity-count")
    shop.put("in.json", {"userId": "u"})
    shop.jobs.put_off = True
    arn = shop.start(version)
    shop.personalize.close()

    shop.open()

    Scene.until_active(lambda: shop.describe(arn))
    assert "out/in.json.out" in shop.keys("out/")
    shop.personalize.close()


def test_a_job_that_nobody_wants_any_more_writes_nothing(shop: BatchScene) -> None:
    version = shop.version("aws-popularity-count")
    shop.put("in.json", {"userId": "u"})
    shop.jobs.cancel_tasks = True

    shop.start(version)

    assert shop.keys("out/") == ["out/_CHECK"]
