"""What events and imports come to: by metric, by source and by quarter of an hour, in CloudWatch and in S3."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.attribution.sink import Datum, MemoryMetrics
from tastemaker.personalize.objects import AccessDenied, MemoryObjects
from tests.unit.personalize.scene import ROLE, Scene, refused
from tests.unit.personalize.shop_scene import GROUP, INTERACTIONS, NOON, Shop, interactions
from tests.unit.personalize.test_metric_attributions import (
    ATTRIBUTION,
    PRICES,
    VALUE,
    VIEWS,
    active,
    create,
    describe,
    update,
)

NAMESPACE = "AWS/Personalize"
UNDEFINED = "SOURCE_NAME_UNDEFINED"
BUCKET = NOON - NOON % 900
"""The beginning of the quarter of an hour that has noon in it."""
QUARTER = 900
EVENT_COLUMNS = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,RECOMMENDATION_ID,EVENT_ATTRIBUTION_SOURCE"
TO_S3 = {"s3DataDestination": {"path": "s3://bucket/metrics/"}}
REPORT_HEADER = "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP"


@pytest.fixture
def metrics() -> MemoryMetrics:
    return MemoryMetrics()


@pytest.fixture
def shop(tmp_path: Path, metrics: MemoryMetrics) -> Iterator[Shop]:
    shop = Shop(tmp_path, metrics=metrics)
    yield shop
    shop.personalize.close()


def sent(metrics: MemoryMetrics) -> list[Datum]:
    """What was sent beside the first one, which is to find out whether it may be."""
    first, *others = metrics.sent(NAMESPACE)
    assert first.name == "MetricAttributionValidation"
    return others


def values(metrics: MemoryMetrics) -> dict[tuple[str, str], float]:
    """By metric and source, all quarters of an hour together."""
    total: dict[tuple[str, str], float] = {}
    for datum in sent(metrics):
        key = datum.name, datum.dimensions["EventAttributionSource"]
        total[key] = total.get(key, 0) + datum.value
    return total


def a_quarter_later(shop: Shop) -> None:
    shop.clock.advance(QUARTER)
    shop.control.list_schemas()


def attributed_to(source: str) -> dict[str, Any]:
    return {"metricAttribution": {"eventAttributionSource": source}}


def records(*rows: str) -> str:
    """A file of imported interactions with enough others, of a type of their own, for an import."""
    others = [f"u,i,{n},other,,,," for n in range(1000)]
    return "\n".join([EVENT_COLUMNS, *others, *rows, ""])


def report(shop: Shop) -> list[str]:
    """The rows of the one report."""
    (key,) = [key for key in shop.objects.list("bucket", "metrics/", role_arn=ROLE) if key.endswith(".csv")]
    with shop.objects.open("bucket", key, role_arn=ROLE) as file:
        header, *rows = file.read().decode().splitlines()
    assert header == REPORT_HEADER
    return rows


def test_events_are_sent_when_their_quarter_of_an_hour_has_passed(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)
    shop.put({"itemId": "a"}, {"itemId": "b"}, {"itemId": "c", "eventType": "buy"})
    shop.control.list_schemas()
    assert sent(metrics) == []

    a_quarter_later(shop)

    (datum,) = sent(metrics)
    assert datum.name == "views"
    assert datum.value == 2
    assert datum.timestamp == BUCKET
    assert datum.unit == "Count"
    assert datum.dimensions == {
        "DatasetGroupArn": GROUP,
        "EventType": "view",
        "EventAttributionSource": UNDEFINED,
    }
    a_quarter_later(shop)
    assert len(sent(metrics)) == 1


def test_sums_are_of_the_events_or_of_their_items(shop: Shop, metrics: MemoryMetrics) -> None:
    shop.load("ITEMS", "ITEM_ID,PRICE,TITLE\nlamp,2.5,Lamp\nchair,10,Chair\nfree,,Free\n")
    active(shop, VALUE, PRICES)

    shop.put(
        {"eventType": "buy", "itemId": "lamp", "eventValue": 4.0},
        {"eventType": "buy", "itemId": "chair", "eventValue": 0.5},
        {"eventType": "buy", "itemId": "free"},
        {"eventType": "buy", "itemId": "unknown"},
        {"eventType": "buy"},
        {"eventType": "view", "itemId": "lamp", "eventValue": 100.0},
    )
    a_quarter_later(shop)

    assert values(metrics) == {("value", UNDEFINED): 4.5, ("prices", UNDEFINED): 12.5}


def test_a_source_is_what_the_event_says_or_else_who_recommended(shop: Shop, metrics: MemoryMetrics) -> None:
    shop.load("INTERACTIONS", interactions())
    campaign = shop.campaign()
    active(shop, VIEWS)
    shown = shop.runtime.get_recommendations(campaignArn=campaign, userId="ann")["recommendationId"]

    shop.put(
        {"itemId": "a", "recommendationId": shown},
        {"itemId": "b", "recommendationId": shown, **attributed_to("a partner")},
        {"itemId": "c", **attributed_to("a partner")},
        {"itemId": "d", "recommendationId": "RID-of-another-time"},
        {"itemId": "e"},
    )
    a_quarter_later(shop)

    assert values(metrics) == {("views", campaign): 1, ("views", "a partner"): 2, ("views", UNDEFINED): 2}


def test_what_comes_before_the_attribution_is_active_is_not_counted(shop: Shop, metrics: MemoryMetrics) -> None:
    shop.put({"itemId": "early"})
    create(shop, VIEWS)
    shop.put({"itemId": "not yet"})
    Scene.until_active(lambda: describe(shop))
    shop.put({"itemId": "counted"})

    a_quarter_later(shop)

    assert values(metrics) == {("views", UNDEFINED): 1}


def test_an_event_that_comes_again_counts_once(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)
    for _ in range(2):
        shop.put({"itemId": "a", "eventId": "1"}, {"itemId": "b"})
    shop.put({"itemId": "a"}, user="bob", session="t")

    a_quarter_later(shop)
    shop.put({"itemId": "a", "eventId": "1"})
    a_quarter_later(shop)

    assert values(metrics) == {("views", UNDEFINED): 3}


def test_an_event_that_is_refused_does_not_count(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)

    with refused("InvalidInputException"):
        shop.put({"itemId": "a"}, {"itemId": "b", "properties": "["})
    a_quarter_later(shop)

    assert sent(metrics) == []


def test_events_of_the_past_go_to_their_own_quarter_and_old_ones_nowhere(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)
    day = 24 * 3600
    shop.put({"itemId": "a"}, {"itemId": "b", "sentAt": NOON - day}, {"itemId": "c", "sentAt": NOON - 15 * day})

    a_quarter_later(shop)

    assert sorted(datum.timestamp for datum in sent(metrics)) == [(NOON - day) // 900 * 900, BUCKET]


def test_after_an_update_the_new_metrics_count(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)
    shop.put({"itemId": "a"})
    update(shop, addMetrics=[VIEWS | {"eventType": "buy", "metricName": "buys"}], removeMetrics=["views"])
    shop.put({"itemId": "b"}, {"itemId": "b", "eventType": "buy"})
    Scene.until_active(lambda: describe(shop))
    shop.put({"itemId": "c"}, {"itemId": "c", "eventType": "buy"})

    a_quarter_later(shop)

    assert values(metrics) == {("views", UNDEFINED): 2, ("buys", UNDEFINED): 1}


def test_nothing_is_sent_after_the_deletion_nor_by_the_next_of_its_name(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)
    shop.put({"itemId": "a"})
    shop.control.delete_metric_attribution(metricAttributionArn=ATTRIBUTION)
    shop.put({"itemId": "b"})
    Scene.until_gone(lambda: describe(shop))
    active(shop, VIEWS)

    a_quarter_later(shop)

    assert {datum.name for datum in sent(metrics)} == {"MetricAttributionValidation"}


def test_of_more_than_a_hundred_sources_the_others_are_undefined(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS)
    for number in range(103):
        shop.put({"itemId": str(number), **attributed_to(f"source {number}")})
    shop.put({"itemId": "again", **attributed_to("source 7")})

    a_quarter_later(shop)
    shop.put({"itemId": "later", **attributed_to("source 101")})
    a_quarter_later(shop)

    counted = values(metrics)
    assert len(counted) == 101
    assert counted["views", "source 7"] == 2
    assert counted["views", UNDEFINED] == 4


def test_what_was_acknowledged_is_sent_after_a_restart_and_what_was_sent_is_not(
    tmp_path: Path, metrics: MemoryMetrics
) -> None:
    before = Shop(tmp_path, metrics=metrics)
    active(before, VIEWS)
    before.put({"itemId": "a", "sentAt": NOON - QUARTER})
    before.control.list_schemas()
    assert values(metrics) == {("views", UNDEFINED): 1}
    before.put({"itemId": "b", **attributed_to("x")}, {"itemId": "c"})
    before.personalize.close()

    after = Shop(tmp_path, objects=before.objects, metrics=metrics)
    after.put({"itemId": "c"}, {"itemId": "d"})
    a_quarter_later(after)

    assert values(metrics) == {("views", UNDEFINED): 3, ("views", "x"): 1}
    after.personalize.close()


def test_a_line_that_a_killed_process_left_unfinished_is_passed_over(tmp_path: Path, metrics: MemoryMetrics) -> None:
    before = Shop(tmp_path, metrics=metrics)
    active(before, VIEWS)
    before.put({"itemId": "a"})
    before.personalize.close()
    (journal,) = (tmp_path / "attributions").glob("*.journal")
    journal.write_bytes(journal.read_bytes() + b'{"keys": ["00"], "ce')

    after = Shop(tmp_path, objects=before.objects, metrics=metrics)
    after.put({"itemId": "b"})
    after.personalize.close()
    again = Shop(tmp_path, objects=before.objects, metrics=metrics)
    a_quarter_later(again)

    assert values(metrics) == {("views", UNDEFINED): 2}
    again.personalize.close()


def test_metrics_that_cannot_be_sent_are_kept_and_tried_again(
    tmp_path: Path, metrics: MemoryMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    before = Shop(tmp_path, metrics=metrics)
    active(before, VIEWS)
    before.put({"itemId": "a"})
    before.personalize.close()

    closed = MemoryMetrics(refused=frozenset({ROLE}))
    shut = Shop(tmp_path, objects=before.objects, metrics=closed)
    with caplog.at_level(logging.WARNING):
        a_quarter_later(shut)
        shut.control.list_schemas()
    shut.personalize.close()
    after = Shop(tmp_path, objects=before.objects, metrics=metrics)
    a_quarter_later(after)

    assert [f"the metrics of {ATTRIBUTION}" in record.message for record in caplog.records] == [True]
    assert values(metrics) == {("views", UNDEFINED): 1}
    after.personalize.close()


def test_a_user_is_in_no_journal(tmp_path: Path, metrics: MemoryMetrics) -> None:
    shop = Shop(tmp_path, metrics=metrics)
    active(shop, VIEWS)
    shop.put({"itemId": "a"}, user="someone-with-a-name", session="a-session-of-it")

    (journal,) = (tmp_path / "attributions").glob("*.journal")

    content = journal.read_text()
    assert "views" in content
    assert "someone" not in content
    assert "session" not in content
    shop.personalize.close()


def test_incremental_imports_are_sent_and_full_ones_are_not(shop: Shop, metrics: MemoryMetrics) -> None:
    active(shop, VIEWS, VALUE)
    shop.load("INTERACTIONS", records(f"u,i,{NOON},view,,,,"))

    shop.load(
        "INTERACTIONS",
        records(
            f"u,a,{NOON - 3600},view,,,,",
            f"u,b,{NOON - 3600},view,,,,x",
            f"u,c,{NOON - 3590},view,,,,x",
            f"u,d,{NOON - 7200},buy,2.5,,,",
            f"u,e,{NOON - 7200},buy,,,,",
        ),
        name="more",
        importMode="INCREMENTAL",
    )
    a_quarter_later(shop)

    assert values(metrics) == {("views", UNDEFINED): 1, ("views", "x"): 2, ("value", UNDEFINED): 2.5}
    assert {datum.timestamp for datum in sent(metrics)} == {
        float((NOON - 3600) // 900 * 900),
        float((NOON - 7200) // 900 * 900),
    }


def test_an_import_is_reported_to_s3_where_it_asks_for_it(shop: Shop, metrics: MemoryMetrics) -> None:
    shop.load("ITEMS", "ITEM_ID,PRICE,TITLE\nlamp,2.5,Lamp\n")
    campaign = _campaign(shop)
    shown = shop.runtime.get_recommendations(campaignArn=campaign, userId="ann")["recommendationId"]
    active(shop, VIEWS, PRICES, **TO_S3)

    shop.load(
        "INTERACTIONS",
        records(
            f"u,a,{NOON},view,,,{shown},",
            f"u,b,{NOON - 900},view,,,RID-x,",
            f"u,lamp,{NOON},buy,,,,me",
            f"v,lamp,{NOON + 1},buy,,,,me",
        ),
        name="again",
        publishAttributionMetricsToS3=True,
    )

    assert report(shop) == [
        f"prices,buy,5.0,sum,me,{BUCKET}",
        f"views,view,1.0,samplecount,{campaign},{BUCKET}",
        f"views,view,1.0,samplecount,{UNDEFINED},{BUCKET - 900}",
    ]
    (key,) = shop.objects.list("bucket", "metrics/A", role_arn=ROLE)
    created = round(shop.clock.now() * 1000)
    assert key == f"metrics/AggregatedAttributionMetrics - FULL - {created}.csv"
    job = shop.control.list_dataset_import_jobs(datasetArn=INTERACTIONS)["datasetImportJobs"][0]["datasetImportJobArn"]
    assert shop.describe_import(job)["publishAttributionMetricsToS3"] is True
    a_quarter_later(shop)
    assert sent(metrics) == []


def _campaign(shop: Shop) -> str:
    shop.load("INTERACTIONS", interactions())
    return shop.campaign()


def test_an_incremental_import_is_both_sent_and_reported(shop: Shop, metrics: MemoryMetrics) -> None:
    shop.load("INTERACTIONS", records())
    active(shop, VIEWS, **TO_S3)

    shop.load(
        "INTERACTIONS",
        records(f"u,a,{NOON},view,,,,"),
        name="more",
        importMode="INCREMENTAL",
        publishAttributionMetricsToS3=True,
    )
    a_quarter_later(shop)

    assert report(shop) == [f"views,view,1.0,samplecount,{UNDEFINED},{BUCKET}"]
    assert values(metrics) == {("views", UNDEFINED): 1}


def test_an_import_that_comes_to_nothing_is_reported_by_the_header(shop: Shop) -> None:
    active(shop, VIEWS, **TO_S3)

    shop.load("INTERACTIONS", records(), publishAttributionMetricsToS3=True)

    assert report(shop) == []


def test_a_report_needs_an_attribution_and_a_place(shop: Shop) -> None:
    with refused("InvalidInputException", "needs a metric attribution"):
        shop.load("INTERACTIONS", records(), publishAttributionMetricsToS3=True)
    active(shop, VIEWS)
    with refused("InvalidInputException", "needs an s3DataDestination", ATTRIBUTION):
        shop.load("INTERACTIONS", records(), publishAttributionMetricsToS3=True)


class Closing(MemoryObjects):
    """Buckets that can be closed to whoever writes."""

    is_closed = False

    def put(self, bucket: str, key: str, body: bytes, *, role_arn: str) -> None:
        if self.is_closed:
            raise AccessDenied(f"{role_arn} may not write into {bucket}")
        super().put(bucket, key, body, role_arn=role_arn)


@pytest.fixture
def closing(tmp_path: Path) -> Iterator[tuple[Shop, Closing]]:
    objects = Closing({"bucket": {}, "reports": {}})
    shop = Shop(tmp_path, objects=objects)
    yield shop, objects
    shop.personalize.close()


def test_a_report_that_the_role_may_not_write_is_refused_at_once(closing: tuple[Shop, Closing]) -> None:
    shop, objects = closing
    active(shop, VIEWS, **TO_S3)
    objects.is_closed = True

    with refused("InvalidInputException", "Insufficient privileges", "bucket policy on bucket"):
        shop.load("INTERACTIONS", records(), publishAttributionMetricsToS3=True)


def test_a_report_that_cannot_be_written_in_the_end_fails_the_import(closing: tuple[Shop, Closing]) -> None:
    shop, objects = closing
    # what can be written into the root of a bucket shows when it is tried
    active(shop, VIEWS, s3DataDestination={"path": "s3://reports/"})
    objects.is_closed = True
    objects.store("bucket", "data/late.csv", records().encode())

    job = shop.control.create_dataset_import_job(
        jobName="late",
        datasetArn=INTERACTIONS,
        dataSource={"dataLocation": "s3://bucket/data/late.csv"},
        roleArn=ROLE,
        publishAttributionMetricsToS3=True,
    )["datasetImportJobArn"]

    Shop.until("CREATE FAILED", lambda: shop.describe_import(job))
    assert "Insufficient privileges" in shop.describe_import(job)["failureReason"]
