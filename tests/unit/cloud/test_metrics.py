"""CloudWatch as jobs send to it, over the endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tastemaker.cloud import moto_bridge
from tastemaker.cloud.identity import Caller
from tastemaker.cloud.metrics import CloudWatchMetrics
from tastemaker.cloud.wire import Request, Response
from tastemaker.personalize.attribution.sink import Datum, MetricsRefused
from tests.unit.cloud.served import Served, served

ROLE = "arn:aws:iam::123456789012:role/metrics"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
REGION = "eu-west-1"


@pytest.fixture
def is_closed() -> list[bool]:
    """Whether CloudWatch refuses everybody, in its one entry."""
    return [False]


@pytest.fixture
def cloud(is_closed: list[bool]) -> Iterator[Served]:
    def answer(service: str, request: Request) -> Response:
        if is_closed[0]:
            return Response(403, headers=[("x-amzn-query-error", "AccessDenied;Sender")])
        return moto_bridge.handle(service, request)

    with served({"monitoring": answer}) as running:
        yield running


@pytest.fixture
def metrics(cloud: Served) -> CloudWatchMetrics:
    return CloudWatchMetrics(cloud.clients, cloud.identities)


def test_what_is_sent_can_be_asked_for_in_its_region(cloud: Served, metrics: CloudWatchMetrics) -> None:
    data = [Datum("views", value, NOW.timestamp(), {"Source": "me"}, "Count") for value in (2.0, 3.0)]

    metrics.put("AWS/Personalize", data, role_arn=ROLE, region=REGION)

    asked = cloud.clients.client("cloudwatch", region=REGION).get_metric_statistics(
        Namespace="AWS/Personalize",
        MetricName="views",
        Dimensions=[{"Name": "Source", "Value": "me"}],
        StartTime=NOW,
        EndTime=NOW + timedelta(minutes=15),
        Period=900,
        Statistics=["Sum"],
    )
    assert [(point["Sum"], point["Timestamp"], point["Unit"]) for point in asked["Datapoints"]] == [(5.0, NOW, "Count")]
    assert cloud.clients.client("cloudwatch").list_metrics(Namespace="AWS/Personalize")["Metrics"] == []


def test_more_than_a_call_takes_are_sent_in_several(cloud: Served, metrics: CloudWatchMetrics) -> None:
    data = [Datum(f"m{number}", 1.0, NOW.timestamp(), {}) for number in range(1001)]
    cloud.calls.clear()

    metrics.put("AWS/Personalize", data, role_arn=ROLE, region=REGION)

    assert [(call.caller, call.operation) for call in cloud.calls] == [(Caller(ROLE), "PutMetricData")] * 2


def test_a_refusal_names_the_role_and_what_it_lacks(metrics: CloudWatchMetrics, is_closed: list[bool]) -> None:
    is_closed[0] = True

    with pytest.raises(MetricsRefused, match=f"{ROLE} cannot send metrics .* cloudwatch:PutMetricData"):
        metrics.put("AWS/Personalize", [Datum("m", 1.0, NOW.timestamp(), {})], role_arn=ROLE, region=REGION)
