"""Trending now moves on with the clock and the events, without a training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.personalize.serving_world import GROUP, ServingWorld, ids, numbered
from tests.unit.personalize.test_filters import interactions

RECIPE_ARN = "arn:aws:personalize:::recipe/aws-trending-now"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ServingWorld]:
    shop = ServingWorld(tmp_path)
    yield shop
    shop.personalize.close()


def trending(shop: ServingWorld, frequency: str = "30 minutes", **more: str) -> str:
    solution = shop.control.create_solution(
        name="trends",
        datasetGroupArn=GROUP,
        recipeArn=RECIPE_ARN,
        performAutoTraining=False,
        solutionConfig={"featureTransformationParameters": {"trend_discovery_frequency": frequency}},
        **more,  # type: ignore[arg-type] # further members
    )["solutionArn"]
    shop.clock.advance(60)
    version = shop.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    shop.clock.advance(60)
    arn = shop.control.create_campaign(name="trends", solutionVersionArn=version)["campaignArn"]
    shop.clock.advance(60)
    return arn


def to_the_next_window(shop: ServingWorld, minutes: int) -> None:
    shop.clock.advance(60 * minutes - shop.clock.now() % (60 * minutes))


def test_what_rises_is_shown_in_the_next_window_and_no_sooner(shop: ServingWorld) -> None:
    campaign = trending(shop)
    to_the_next_window(shop, 30)
    before = ids(shop.answer(campaign, numResults=3))

    for visitor in range(3):
        shop.stream("item-17", "item-23", user=f"visitor-{visitor}")
    shop.stream("item-23", user="visitor-9")
    during = ids(shop.answer(campaign, numResults=3))
    to_the_next_window(shop, 30)

    assert before == during
    assert ids(shop.answer(campaign, numResults=2)) == numbered(23, 17) != before[:2]


def test_items_that_no_training_has_seen_are_trending_too(shop: ServingWorld) -> None:
    campaign = trending(shop)

    shop.stream("brand-new", user="visitor")
    to_the_next_window(shop, 30)

    assert ids(shop.answer(campaign, numResults=1)) == ["brand-new"]


def test_an_import_counts_without_a_training(shop: ServingWorld) -> None:
    campaign = trending(shop)
    shop.answer(campaign)
    rows = [f"user-{number % 40},item-29,{int(shop.clock.now()) + number},View" for number in range(1000)]

    shop.load("Interactions", "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows]).encode())
    to_the_next_window(shop, 30)

    assert ids(shop.answer(campaign)) == numbered(29)


def test_longer_frequencies_are_looked_at_every_two_hours(shop: ServingWorld) -> None:
    campaign = trending(shop, "1 day")
    to_the_next_window(shop, 120)
    shop.answer(campaign)

    shop.stream("item-23", user="visitor")
    shop.clock.advance(7100)
    before = ids(shop.answer(campaign, numResults=1))
    shop.clock.advance(100)

    assert (before, ids(shop.answer(campaign, numResults=1))) == (numbered(0), numbered(23))


def test_only_the_events_of_the_solution_make_a_trend(shop: ServingWorld) -> None:
    shop.load("Interactions", interactions(*(f"extra-{number},item-00,{number},Buy" for number in range(300))))
    campaign = trending(shop, eventType="Buy")

    shop.stream("item-23", user="visitor")
    shop.stream("item-17", user="visitor", kind="buy")
    to_the_next_window(shop, 30)

    assert ids(shop.answer(campaign, numResults=1)) == numbered(17)


def test_filters_and_promotions_hold_for_trends(shop: ServingWorld) -> None:
    campaign = trending(shop)
    comedies = shop.filter("INCLUDE ItemID WHERE Items.GENRE IN ('comedy')", "comedies")
    shop.stream("item-23", "item-21", user="visitor")
    to_the_next_window(shop, 30)

    assert ids(shop.answer(campaign, numResults=1, filterArn=comedies)) == numbered(21)
    promotion = {"name": "p", "percentPromotedItems": 50, "filterArn": comedies}
    answer = shop.answer(campaign, numResults=2, promotions=[promotion])
    assert sorted(ids(answer)) == numbered(21, 23)
    assert [item["itemId"] for item in answer if "promotionName" in item] == numbered(21)
