"""CloudWatch as the jobs of the embedded Personalize use it: over the endpoint, as the role that they were given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tastemaker.cloud.clients import Clients
from tastemaker.cloud.identity import Identities
from tastemaker.personalize.attribution.sink import Datum, MetricsRefused

_MOST_IN_A_CALL: Final = 1000


class CloudWatchMetrics:
    """A `MetricSink` whose every use is a call of the given role, and is recorded as such."""

    def __init__(self, clients: Clients, identities: Identities) -> None:
        self._clients = clients
        self._identities = identities

    def put(self, namespace: str, data: Sequence[Datum], *, role_arn: str, region: str) -> None:
        """Send all of `data`. Raises MetricsRefused; some of them may have been sent then."""
        cloudwatch = self._clients.client("cloudwatch", self._identities.credentials_for(role_arn), region=region)
        for start in range(0, len(data), _MOST_IN_A_CALL):
            entries = [_entry(datum) for datum in data[start : start + _MOST_IN_A_CALL]]
            try:
                cloudwatch.put_metric_data(Namespace=namespace, MetricData=entries)
            except (ClientError, BotoCoreError) as error:
                raise MetricsRefused(
                    f"{role_arn} cannot send metrics to CloudWatch; it needs cloudwatch:PutMetricData: {error}"
                ) from error


def _entry(datum: Datum) -> dict[str, Any]:
    return {
        "MetricName": datum.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions.items()],
        "Timestamp": datetime.fromtimestamp(datum.timestamp, UTC),
        "Value": datum.value,
        "Unit": datum.unit,
    }
