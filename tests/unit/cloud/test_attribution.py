"""A metric attribution in the embedded cloud: what users did is asked for in CloudWatch, as on AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.cloud.identity import Caller
from tests.unit.personalize.event_scene import GROUP, interactions_schema

ROLE = "arn:aws:iam::123456789012:role/personalize"
PATIENCE_SECONDS = 60.0
AN_HOUR_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def cloud() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud() as running:
        yield running


def awaited(look: Callable[[], Any]) -> Any:
    """What `look` finds as soon as it finds something: the work is done in threads that tell nobody here."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
    return found


def until_active(describe: Callable[[], Any]) -> None:
    awaited(lambda: describe()["status"] == "ACTIVE")


def with_events(cloud: EmbeddedCloud) -> str:
    """A dataset group with an ACTIVE tracker; its tracking id."""
    control = cloud.client("personalize")
    control.create_dataset_group(name="shop")
    until_active(lambda: control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])
    schema = control.create_schema(name="events", schema=interactions_schema())["schemaArn"]
    dataset = control.create_dataset(
        name="events", datasetGroupArn=GROUP, schemaArn=schema, datasetType="Interactions"
    )["datasetArn"]
    until_active(lambda: control.describe_dataset(datasetArn=dataset)["dataset"])
    tracker = control.create_event_tracker(name="web", datasetGroupArn=GROUP)
    arn = tracker["eventTrackerArn"]
    until_active(lambda: control.describe_event_tracker(eventTrackerArn=arn)["eventTracker"])
    return str(tracker["trackingId"])


def test_what_events_come_to_is_in_cloudwatch_and_was_sent_by_the_role(cloud: EmbeddedCloud) -> None:
    control = cloud.client("personalize")
    tracking_id = with_events(cloud)
    attribution = control.create_metric_attribution(
        name="effect",
        datasetGroupArn=GROUP,
        metrics=[{"eventType": "view", "metricName": "views", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": ROLE},
    )["metricAttributionArn"]
    until_active(lambda: control.describe_metric_attribution(metricAttributionArn=attribution)["metricAttribution"])

    cloud.client("personalize-events").put_events(
        trackingId=tracking_id,
        userId="ann",
        sessionId="s",
        eventList=[{"eventType": "view", "itemId": item, "sentAt": AN_HOUR_AGO} for item in ("a", "b")],
    )

    def points() -> Any:
        control.list_schemas()  # what is due is sent when anyone looks
        return cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Personalize",
            MetricName="views",
            Dimensions=[
                {"Name": "DatasetGroupArn", "Value": GROUP},
                {"Name": "EventType", "Value": "view"},
                {"Name": "EventAttributionSource", "Value": "SOURCE_NAME_UNDEFINED"},
            ],
            StartTime=AN_HOUR_AGO - timedelta(minutes=15),
            EndTime=AN_HOUR_AGO + timedelta(minutes=15),
            Period=900,
            Statistics=["Sum"],
        )["Datapoints"]

    assert sum(point["Sum"] for point in awaited(points)) == 2
    senders = {call.caller for call in cloud.calls if call.operation == "PutMetricData"}
    assert senders == {Caller(ROLE)}
