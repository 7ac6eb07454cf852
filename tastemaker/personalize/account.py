"""One account in one region: its resources, and what its operations work with."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from tastemaker.personalize.attribution.journal import Journals
from tastemaker.personalize.attribution.sink import MetricSink
from tastemaker.personalize.clock import Clock
from tastemaker.personalize.dataset_records import DatasetRecords
from tastemaker.personalize.engine import JobRunner, Recommender
from tastemaker.personalize.filters.snapshots import Snapshots
from tastemaker.personalize.impressions import Impressions
from tastemaker.personalize.kinds import Kind
from tastemaker.personalize.objects import ObjectStore
from tastemaker.personalize.puts import Puts
from tastemaker.personalize.quotas import Quotas
from tastemaker.personalize.rates import Rates
from tastemaker.personalize.recommendation_memory import Recommendations
from tastemaker.personalize.store import Resources
from tastemaker.personalize.streams import Streams
from tastemaker.personalize.trends import Trends
from tastemaker.personalize.usage import Meter


@dataclass(frozen=True)
class AccountRegion:
    """Where an operation runs. Nothing of one account and region can be seen from another."""

    account: str
    region: str
    clock: Clock
    resources: Resources
    jobs: JobRunner
    recommender: Recommender
    trainable_recipes: Collection[str]
    snapshots: Snapshots
    streams: Streams
    puts: Puts
    records: DatasetRecords
    objects: ObjectStore
    quotas: Quotas
    rates: Rates
    trends: Trends
    metrics: MetricSink
    attributions: Journals
    meter: Meter
    scratch: Path
    """Where work in progress may lie: a directory on the disk that has the data, empty at the start."""
    recommendations: Recommendations = field(default_factory=Recommendations)
    impressions: Impressions = field(default_factory=Impressions)

    def arn(self, kind: Kind, name: str) -> str:
        return f"arn:aws:personalize:{self.region}:{self.account}:{kind.arn_type}/{name}"


def short_id() -> str:
    """The eight hexadecimal digits in which ARNs end that no name gives."""
    return uuid.uuid4().hex[:8]
