"""Where metrics are sent: CloudWatch as the embedded Personalize needs it, and one in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class MetricsRefused(Exception):
    """The role may not send metrics, or they cannot be sent now. The message names the role."""


@dataclass(frozen=True)
class Datum:
    """A metric's value. `timestamp` is in epoch seconds, `unit` CloudWatch's word for it."""

    name: str
    value: float
    timestamp: float
    dimensions: Mapping[str, str]
    unit: str = "None"


class MetricSink(Protocol):
    """CloudWatch as seen by a job that has assumed the role it was given."""

    def put(self, namespace: str, data: Sequence[Datum], *, role_arn: str, region: str) -> None:
        """Send all of `data`. Raises MetricsRefused; some of them may have been sent then."""


class MemoryMetrics:
    """Metrics in memory, in the order in which they were sent. The roles in `refused` may send none."""

    def __init__(self, *, refused: frozenset[str] = frozenset()) -> None:
        self._refused = refused
        self._lock = threading.Lock()
        self._sent: list[tuple[str, Datum]] = []

    def put(self, namespace: str, data: Sequence[Datum], *, role_arn: str, region: str) -> None:  # noqa: ARG002 # one region's are another's here
        if role_arn in self._refused:
            raise MetricsRefused(f"{role_arn} may not send metrics to CloudWatch: allow it cloudwatch:PutMetricData.")
        with self._lock:
            self._sent += [(namespace, datum) for datum in data]

    def sent(self, namespace: str) -> list[Datum]:
        """What was sent to a namespace."""
        with self._lock:
            return [datum for name, datum in self._sent if name == namespace]
