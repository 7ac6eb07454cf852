"""What the embedded Personalize says that the same work would have cost on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tastemaker.personalize.costs import CostReport, cost_report
from tastemaker.personalize.prices import US_EAST_1, tiered
from tastemaker.personalize.usage import Meter, Served, Usage
from tests.unit.personalize.batch_scene import GROUP, BatchScene
from tests.unit.personalize.scene import ACCOUNT, REGION, Scene

DAY = 86400.0
NEW_YEAR = 1_704_067_200.0  # 2024-01-01, a Monday, UTC
ARN = "arn:aws:personalize:us-east-1:1:campaign/live"
RECOMMENDER = "arn:aws:personalize:us-east-1:1:recommender/you"


def report(usage: Usage, *, now: float = NEW_YEAR + DAY, users: int = 1000) -> CostReport:
    return cost_report(usage, US_EAST_1, now=now, users_of=lambda _: users)


def campaign(family: str = "classic", *, least: float = 1, until: float | None = None) -> Served:
    assert family in ("classic", "v2")
    return Served(ARN, "v2" if family == "v2" else "classic", "group", least, NEW_YEAR, until)


@pytest.mark.parametrize(("family", "a_day", "a_month"), [("classic", 4.80, 146.0), ("v2", 12.96, 389.0)])
def test_an_idle_campaign_costs_what_aws_says(family: str, a_day: float, a_month: float) -> None:
    usage = Usage(served=[campaign(family)])

    assert report(usage).total == pytest.approx(a_day, abs=0.01)
    assert report(usage, now=NEW_YEAR + 30 * DAY).total == pytest.approx(a_month, rel=0.02)
    assert report(usage).items[0].quantity == 86_400


def test_a_campaign_costs_its_least_rate_until_it_is_gone() -> None:
    assert report(Usage(served=[campaign(least=3)])).total == pytest.approx(3 * 4.80384)
    assert report(Usage(served=[campaign(until=NEW_YEAR + DAY / 4)])).total == pytest.approx(4.80384 / 4)


def test_of_each_five_minutes_the_larger_of_the_average_and_the_least_counts() -> None:
    first, second = int(NEW_YEAR // 300), int(NEW_YEAR // 300) + 1
    # 3,000 requests in one window, and 100, which one a second has already paid for, in another
    usage = Usage(served=[campaign(until=NEW_YEAR + 600)], requests={ARN: {first: 3000, second: 100}})

    assert report(usage).items[0].quantity == 3000 + 300


def test_a_change_in_the_middle_of_five_minutes_is_billed_by_the_second() -> None:
    before, after = (
        campaign(until=NEW_YEAR + 100),
        replace(campaign(least=2), since=NEW_YEAR + 100, until=NEW_YEAR + 300),
    )

    quiet = report(Usage(served=[before, after]))
    busy = report(Usage(served=[before, after], requests={ARN: {int(NEW_YEAR // 300): 900}}))

    assert quiet.items[0].quantity == 100 + 400
    assert busy.items[0].quantity == 900


def test_tiers_are_those_of_a_calendar_month() -> None:
    # 40 a second are 107 million in January and 100 in February, each of which begins again with 72 million
    usage = Usage(served=[campaign(least=40)])

    total = report(usage, now=NEW_YEAR + 60 * DAY).total

    january, february = 40 * 31 * DAY, 40 * 29 * DAY
    expected = sum((72e6 * 0.0556 + (count - 72e6) * 0.0278) / 1000 for count in (january, february))
    assert total == pytest.approx(expected)


def test_each_part_is_priced_by_its_tier() -> None:
    tiers = ((10, 3.0), (100, 2.0), (float("inf"), 1.0))
    assert [tiered(quantity, tiers) for quantity in (0, 10, 11, 150)] == [0, 30, 32, 30 + 180 + 50]


def test_what_is_trained_ingested_and_asked_in_batches_is_billed_by_its_amount() -> None:
    usage = Usage(
        bulk_bytes=2 * 10**9,
        streamed_bytes=10**9,
        training_hours=10,
        training_interactions=50_000_000,
        batch={"classic": 30_000_000, "v2": 1_000_000},
        segment_users=5_000,
    )

    dollars = {item.what: item.dollars for item in report(usage).items}

    assert dollars == {
        "bulk data": pytest.approx(0.10),
        "streamed data": pytest.approx(0.05),
        "training": pytest.approx(2.40),
        "training of v2 recipes": pytest.approx(100),
        "batch recommendations": pytest.approx(20_000 * 0.067 + 10_000 * 0.058),
        "batch recommendations of v2 recipes": pytest.approx(150),
        "user segments": None,
    }
    assert report(usage).total == pytest.approx(0.15 + 2.4 + 100 + 1920 + 150)
    assert any("user segments" in words for words in report(usage).unverified)


def test_a_recommender_costs_by_the_hour_and_its_users_and_what_is_asked_beyond() -> None:
    served = Served(RECOMMENDER, "recommender", "group", 1, NEW_YEAR, None)
    hour = {int(NEW_YEAR // 300): 10_000, int(NEW_YEAR // 300) + 1: 4_000}

    idle = report(Usage(served=[served]))
    of_many = report(Usage(served=[served]), users=150_000)
    asked = report(Usage(served=[served], requests={RECOMMENDER: hour}))
    reserved = report(Usage(served=[replace(served, least=2)]), now=NEW_YEAR + 3600)

    assert idle.total == pytest.approx(24 * 0.375)
    assert of_many.total == pytest.approx(24 * (0.375 + 0.045))
    assert asked.total == pytest.approx(24 * 0.375 + 10 * 0.0833)
    assert reserved.total == pytest.approx(0.375 + (7200 - 4000) / 1000 * 0.0833)


def test_a_report_in_one_line_names_its_parts_and_the_day_of_its_prices() -> None:
    assert str(report(Usage(served=[campaign()]))) == ("$4.80 (real-time recommendations $4.80; prices of 2026-08)")
    assert report(Usage()).items == ()


def test_tiers_have_to_rise() -> None:
    with pytest.raises(ValueError, match="rise to infinity"):
        replace(US_EAST_1, requests=((10, 1.0),))


def test_what_was_counted_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "a.usage"
    meter = Meter(path)
    meter.add(bulk_bytes=5, training_hours=1.5)
    meter.serves(campaign())
    meter.request(ARN, NEW_YEAR)
    meter.request(ARN, NEW_YEAR + 299)
    meter.keep()

    again = Meter(path)
    again.request(ARN, NEW_YEAR + 1)

    usage = again.usage()
    assert (usage.bulk_bytes, usage.training_hours, usage.served) == (5, 1.5, [campaign()])
    assert usage.requests == {ARN: {int(NEW_YEAR // 300): 3}}


def test_requests_are_billed_as_what_answered_them_where_a_campaign_changes_its_recipe() -> None:
    meter = Meter()
    for family, count in (("classic", 500), ("v2", 7)):
        meter.serves(campaign(family))
        for _ in range(count):
            meter.request(ARN, NEW_YEAR)

    quantities = {item.what: item.quantity for item in report(meter.usage(), now=NEW_YEAR).items}

    assert quantities == {"real-time recommendations": 500, "real-time recommendations of v2 recipes": 7}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BatchScene]:
    shop = BatchScene(tmp_path_factory.mktemp("shop"))
    yield shop
    shop.personalize.close()


def spent(shop: BatchScene) -> dict[str, float]:
    return {item.what: item.quantity for item in shop.personalize.costs(ACCOUNT, REGION).items}


def test_the_meter_counts_what_clients_do(shop: BatchScene) -> None:
    files = ("Interactions.csv", "Items.csv", "Users.csv")
    assert spent(shop) == {"bulk data": pytest.approx(sum(len(shop.read(name).encode()) for name in files) / 1e9)}

    version, v2 = shop.version("aws-popularity-count"), shop.version("aws-user-personalization-v2")
    assert spent(shop)["training"] == pytest.approx(1 / 3600)
    assert spent(shop)["training of v2 recipes"] == 1100

    live, second = shop.campaign(version), shop.campaign(v2, "second")
    shop.clock.advance(600)
    for _ in range(1000):
        shop.runtime.get_recommendations(campaignArn=live, userId="user-1", numResults=1)
    # the thousand fall into a window of which 200 seconds have passed
    assert shop.clock.now() % 300 == 200
    assert spent(shop)["real-time recommendations"] == pytest.approx(400 + 1000)

    shop.control.delete_campaign(campaignArn=second)
    shop.clock.advance(86_400)
    assert spent(shop)["real-time recommendations of v2 recipes"] == pytest.approx(600)


def test_batch_jobs_are_counted_by_what_they_answered(shop: BatchScene) -> None:
    shop.answers(shop.version("aws-popularity-count"), {"userId": "u"}, {"userId": "v"}, {}, numResults=5)
    shop.segments(shop.version("aws-item-affinity"), {"itemId": "even-1"}, numResults=7)

    assert spent(shop)["batch recommendations"] == 10
    assert spent(shop)["user segments"] == 7


def test_streamed_events_are_counted_by_their_size(shop: BatchScene) -> None:
    tracker = shop.control.create_event_tracker(name="web", datasetGroupArn=GROUP)
    arn = tracker["eventTrackerArn"]
    Scene.until_active(lambda: shop.control.describe_event_tracker(eventTrackerArn=arn)["eventTracker"])
    shop.events.put_events(
        trackingId=tracker["trackingId"],
        sessionId="s",
        userId="u",
        eventList=[{"eventType": "view", "itemId": "odd-1", "sentAt": 1_700_000_000}],
    )

    assert 100 <= spent(shop)["streamed data"] * 1e9 <= 300


def test_a_process_that_was_killed_before_it_counted_a_campaign_bills_it_all_the_same(tmp_path: Path) -> None:
    shop = BatchScene(tmp_path)
    version = shop.version("aws-popularity-count")
    shop.campaign(version)
    shop.personalize.close()
    for path in tmp_path.rglob("*.usage"):
        path.unlink()

    shop.open()
    shop.clock.advance(3600)

    assert spent(shop)["real-time recommendations"] == pytest.approx(3600)
    shop.personalize.close()
