"""What Amazon Personalize costs, as data: replace it by prices of your own region and day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

Tiers: TypeAlias = tuple[tuple[float, float], ...]
"""`(up to how many, price)` in order; the last bound is infinite."""

_MILLION: Final = 1e6
_REST: Final = float("inf")


@dataclass(frozen=True)
class Prices:
    """Prices in US dollars.

    `as_of` and `evidence` say when and by what they were found, `unverified` which of them nobody could confirm.
    Requests and recommendations are priced by 1,000, with tiers of a calendar month; recommenders by the hour and
    100,000 users.
    """

    as_of: str
    evidence: str
    unverified: tuple[str, ...]
    ingested_gigabyte: float
    training_hour: float
    thousand_training_interactions: float
    """Of v2 recipes, which are not priced by the hour."""
    requests: Tiers
    v2_requests: Tiers
    batch: Tiers
    v2_batch: Tiers
    recommender_hours: Tiers
    """An hour by 100,000 users, whole or begun; bounds count users."""
    recommender_requests_included: float
    """What an hour includes."""
    thousand_recommender_requests: float
    thousand_segment_users: float | None = None
    """None: not known."""

    def __post_init__(self) -> None:
        for tiers in (self.requests, self.v2_requests, self.batch, self.v2_batch, self.recommender_hours):
            bounds = [bound for bound, _ in tiers]
            if not bounds or bounds != sorted(bounds) or bounds[-1] != _REST:
                raise ValueError(f"the bounds of a price's tiers have to rise to infinity, and are {bounds}")


def tiered(quantity: float, tiers: Tiers) -> float:
    """The price of `quantity`, each part of it at the price of its tier."""
    total, below = 0.0, 0.0
    for bound, price in tiers:
        total += max(0.0, min(quantity, bound) - below) * price
        below = bound
    return total


US_EAST_1: Final = Prices(
    as_of="2026-08",
    evidence="community copies of AWS's pricing page of 2024 to August 2026 and notes in AWS's samples; us-east-1",
    unverified=(
        "batch inference of classic recipes",
        "user segments, whose price is not known and which are left out",
        "the bounds of the recommenders' tiers",
        "metadata in responses, which is left out",
        "the free tier, which is left out",
    ),
    ingested_gigabyte=0.05,
    training_hour=0.24,
    thousand_training_interactions=0.002,
    requests=((72 * _MILLION, 0.0556), (720 * _MILLION, 0.0278), (_REST, 0.0139)),
    v2_requests=((_REST, 0.15),),
    batch=((20 * _MILLION, 0.067), (200 * _MILLION, 0.058), (_REST, 0.050)),
    v2_batch=((_REST, 0.15),),
    recommender_hours=((100_000, 0.375), (_REST, 0.045)),
    recommender_requests_included=4000,
    thousand_recommender_requests=0.0833,
)
