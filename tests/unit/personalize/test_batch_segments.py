"""Batch segment jobs: which users come back in the files, from a model that was really trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.quotas import Quotas
from tests.unit.personalize.batch_scene import BatchScene
from tests.unit.personalize.scene import ARN, Scene, refused

ODD = {f"user-{n}" for n in range(1, 100, 2)}
EVEN = {f"user-{n}" for n in range(0, 100, 2)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BatchScene]:
    shop = BatchScene(tmp_path_factory.mktemp("shop"))
    yield shop
    shop.personalize.close()


@pytest.fixture(scope="module")
def by_item(shop: BatchScene) -> str:
    return shop.version("aws-item-affinity")


@pytest.fixture(scope="module")
def by_attribute(shop: BatchScene) -> str:
    return shop.version("aws-item-attribute-affinity")


def users(answers: list[Any]) -> list[list[str]]:
    return [answer["output"]["usersList"] for answer in answers]


def test_the_users_with_most_affinity_to_an_item_come_first(shop: BatchScene, by_item: str) -> None:
    answers = shop.segments(by_item, {"itemId": "even-3"}, {"itemId": "odd-3"}, {"itemId": "x"}, {}, name="items")

    assert [len(found) for found in users(answers[:2])] == [25, 25]
    assert set(users(answers[:2])[0]) <= EVEN
    assert set(users(answers[:2])[1]) <= ODD
    assert [answer["output"] for answer in answers[2:]] == [None, None]
    assert "no item x" in answers[2]["error"]
    assert "itemId is required" in answers[3]["error"]


def test_a_line_is_written_as_recorded(shop: BatchScene, by_item: str) -> None:
    found = users(shop.segments(by_item, '{"itemId":"even-3"}', name="written", numResults=2))[0]

    assert shop.read("out/in.json.out") == (
        f'{{"input": {{"itemId": "even-3"}}, "output": {{"usersList": ["{found[0]}", "{found[1]}"]}}, "error": null}}\n'
    )


def test_a_query_is_about_the_items_that_meet_all_its_conditions(shop: BatchScene, by_attribute: str) -> None:
    asked = [
        'ITEMS.taste = "Even"',
        'ITEMS.TASTE = "Odd" and Items.Price >= 3 AND ITEMS.PRICE != 4',
        'ITEMS.TASTE = "Odd" AND ITEMS.TASTE = "Even"',
        'ITEMS.TASTE = "Odd" OR ITEMS.PRICE = 3',
        'ITEMS.TASTE IN ("Odd")',
        'ITEMS.STORY = "A story"',
        'ITEMS.COLOUR = "red"',
        "USERS.AGE = 3",
        'ITEMS.TASTE > "Odd"',
    ]

    answers = shop.segments(by_attribute, *({"itemAttributes": query} for query in asked), name="queries")

    assert set(users(answers[:2])[0]) <= EVEN
    assert set(users(answers[:2])[1]) <= ODD
    words = ["no item with", "'OR ITEMS", "'IN (", "textual", "does not exist", "fields of ITEMS", "by ="]
    for answer, word in zip(answers[2:], words, strict=True):
        assert word in answer["error"]


def test_a_filter_says_which_users_may_be_in_a_segment(shop: BatchScene, by_item: str) -> None:
    young = shop.filter("INCLUDE UserID WHERE Users.AGE < 20 | EXCLUDE UserID WHERE Users.AGE IN ($NOT)", name="young")
    everyone = shop.filter('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("View")', name="strangers")
    line = {"itemId": "even-3"}

    answers = shop.segments(by_item, line, line | {"filterValues": {"NOT": '"4","6"'}}, name="young", filterArn=young)
    nobody = shop.segments(by_item, line, name="nobody", filterArn=everyone)

    # all the young are there, the others of their taste first
    assert set(users(answers)[0][:10]) == {f"user-{n}" for n in range(0, 20, 2)}
    assert set(users(answers)[0]) == {f"user-{n}" for n in range(20)}
    assert set(users(answers)[1]) == {f"user-{n}" for n in range(20)} - {"user-4", "user-6"}
    assert users(nobody) == [[]]


@pytest.mark.parametrize(("recipe", "lines", "most"), [("item", 501, 500), ("item-attribute", 11, 10)])
def test_a_file_with_too_many_lines_fails_the_job(
    shop: BatchScene, by_item: str, by_attribute: str, recipe: str, lines: int, most: int
) -> None:
    shop.put("in.json", *({"itemId": "even-1", "itemAttributes": "ITEMS.PRICE = 1"} for _ in range(lines)))
    arn = shop.start_segments(by_item if recipe == "item" else by_attribute, name=f"long-{recipe}")

    statuses = [shop.describe_segments(arn)["status"] for _ in range(3)]

    assert statuses == ["CREATE PENDING", "CREATE IN_PROGRESS", "CREATE FAILED"]
    reason = shop.describe_segments(arn)["failureReason"]
    assert reason == f"An input file has more than {most} lines: split it."


def test_a_job_shows_what_it_was_given(shop: BatchScene, by_item: str) -> None:
    shop.segments(by_item, {"itemId": "even-1"}, name="shown", tags=[{"tagKey": "team", "tagValue": "shop"}])
    arn = f"{ARN}:batch-segment-job/shown"

    job = shop.describe_segments(arn)

    assert (job["jobName"], job["numResults"], job["solutionVersionArn"]) == ("shown", 25, by_item)
    listed = shop.control.list_batch_segment_jobs(solutionVersionArn=by_item)["batchSegmentJobs"]
    assert listed[0]["batchSegmentJobArn"] == arn
    assert shop.control.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "shop"}]
    with refused("ResourceAlreadyExistsException", arn):
        shop.start_segments(by_item, name="shown")


def test_each_recipe_has_its_own_kind_of_job(shop: BatchScene, by_item: str) -> None:
    shop.put("in.json", {"itemId": "even-1"})
    with refused("InvalidInputException", "does not support batch inference jobs"):
        shop.start(by_item, name="other")
    with refused("InvalidInputException", "does not support batch segment jobs"):
        shop.start_segments(shop.version("aws-popularity-count"), name="other")


def test_by_attributes_nobody_is_filtered_by_events(shop: BatchScene, by_attribute: str) -> None:
    seen = shop.filter('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("View")', name="seen")
    shop.put("in.json", {"itemAttributes": "ITEMS.PRICE = 1"})
    with refused("InvalidInputException", "uses Interactions"):
        shop.start_segments(by_attribute, name="wrong", filterArn=seen)


def test_filters_are_about_users(shop: BatchScene, by_item: str) -> None:
    of_items = shop.filter('INCLUDE ItemID WHERE Items.TASTE IN ("Odd")', name="of-items")
    of_current = shop.filter("INCLUDE UserID WHERE Users.AGE > 1 IF CurrentUser.AGE > 5", name="of-current")
    with refused("InvalidInputException", "about ItemID"):
        shop.start_segments(by_item, name="wrong", filterArn=of_items)
    with refused("InvalidInputException", "CurrentUser"):
        shop.start_segments(by_item, name="wrong", filterArn=of_current)
    with refused("InvalidInputException", "numResults"):
        shop.start_segments(by_item, name="wrong", numResults=5_000_001)


def test_no_more_jobs_are_under_way_than_the_quota_allows(tmp_path: Path) -> None:
    shop = BatchScene(tmp_path, quotas=Quotas(batch_segment_jobs=1))
    version = shop.version("aws-item-affinity")
    shop.put("in.json", {"itemId": "even-1"})
    arn = shop.start_segments(version)
    with refused("LimitExceededException", "More than 1 resources with PENDING or IN_PROGRESS status."):
        shop.start_segments(version, name="another")
    Scene.until_active(lambda: shop.describe_segments(arn))
    shop.start_segments(version, name="another")
    shop.personalize.close()
