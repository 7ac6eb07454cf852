"""Personalize's service quotas, each of which can be raised, lowered or switched off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotas:
    """AWS's defaults; None switches a quota off.

    Counts are of resources in one account and region (`schemas` … `solution_versions`, the jobs among them of those
    that are pending or in progress) or in one dataset group (`solutions` …). Rates are calls in a second; they are off
    by default, since a laptop's time is not AWS's, and `AWS_RATES` has AWS's.
    """

    schemas: int | None = 500
    dataset_groups: int | None = 5
    import_jobs: int | None = 5
    batch_inference_jobs: int | None = 5
    batch_segment_jobs: int | None = 5
    solution_versions: int | None = 20

    solutions: int | None = 10
    campaigns: int | None = 5
    recommenders: int | None = 5
    filters: int | None = 30
    filter_fields: int | None = 10
    """Distinct fields in one filter."""
    filter_fields_in_group: int | None = 20
    data_deletion_jobs: int | None = 5

    recommendations_per_second: float | None = None
    """GetRecommendations, GetPersonalizedRanking and GetActionRecommendations of an account in a region together."""
    recommendations_per_second_and_campaign: float | None = None
    events_per_second: float | None = None
    """PutEvents, and as many PutActionInteractions, of a dataset group."""
    records_per_second: float | None = None
    """PutItems, and as many PutUsers and PutActions, of a dataset group."""


DEFAULT_QUOTAS = Quotas()
AWS_RATES = Quotas(
    recommendations_per_second=2500,
    recommendations_per_second_and_campaign=500,
    events_per_second=1000,
    records_per_second=10,
)
