"""What the same work would have cost on AWS: usage times prices, item by item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Final

from tastemaker.personalize.prices import Prices, Tiers, tiered
from tastemaker.personalize.usage import WINDOW_SECONDS, Family, Served, Usage

_GIGABYTE: Final = 1e9
_HOUR: Final = 3600


@dataclass(frozen=True)
class CostItem:
    """One line of a bill. `dollars` is None where the price is not known."""

    what: str
    quantity: float
    unit: str
    dollars: float | None


@dataclass(frozen=True)
class CostReport:
    """Items whose quantity is not 0, and what of the prices nobody could confirm."""

    items: tuple[CostItem, ...]
    prices_as_of: str
    unverified: tuple[str, ...]

    @property
    def total(self) -> float:
        """US dollars, without the items whose price is not known."""
        return sum(item.dollars for item in self.items if item.dollars is not None)

    def __str__(self) -> str:
        parts = ", ".join(f"{item.what} ${item.dollars:,.2f}" for item in self.items if item.dollars is not None)
        return f"${self.total:,.2f} ({parts or 'nothing that is billed'}; prices of {self.prices_as_of})"


def cost_report(usage: Usage, prices: Prices, *, now: float, users_of: Callable[[str], int]) -> CostReport:
    """What `usage` costs until `now`. `users_of`: how many users the dataset group of an ARN has."""
    items = [
        _gigabytes("bulk data", usage.bulk_bytes, prices),
        _gigabytes("streamed data", usage.streamed_bytes, prices),
        CostItem("training", usage.training_hours, "hours", usage.training_hours * prices.training_hour),
        CostItem(
            "training of v2 recipes",
            usage.training_interactions,
            "interactions",
            usage.training_interactions / 1000 * prices.thousand_training_interactions,
        ),
        _real_time("real-time recommendations", usage, "classic", prices.requests, now),
        _real_time("real-time recommendations of v2 recipes", usage, "v2", prices.v2_requests, now),
        *_recommenders(usage, prices, now, users_of),
        _batch("batch recommendations", usage, "classic", prices.batch),
        _batch("batch recommendations of v2 recipes", usage, "v2", prices.v2_batch),
        CostItem(
            "user segments",
            usage.segment_users,
            "users",
            None
            if prices.thousand_segment_users is None
            else usage.segment_users / 1000 * prices.thousand_segment_users,
        ),
    ]
    return CostReport(tuple(item for item in items if item.quantity), prices.as_of, prices.unverified)


def _gigabytes(what: str, size: int, prices: Prices) -> CostItem:
    return CostItem(what, size / _GIGABYTE, "GB", size / _GIGABYTE * prices.ingested_gigabyte)


def _batch(what: str, usage: Usage, family: Family, tiers: Tiers) -> CostItem:
    count = usage.batch.get(family, 0)
    return CostItem(what, count, "recommendations", tiered(count, tiers) / 1000)


def _real_time(what: str, usage: Usage, family: Family, tiers: Tiers, now: float) -> CostItem:
    """Σ max(least, average in the window) × seconds, over all campaigns, with the tiers of each calendar month."""
    of_month: defaultdict[tuple[int, int], float] = defaultdict(float)
    mine = [served for served in usage.served if served.family == family]
    for served in mine:
        for month, seconds in _by_month(served.since, now if served.until is None else served.until):
            of_month[month] += served.least * seconds
    for arn in {served.arn for served in mine}:
        times = [served for served in mine if served.arn == arn]
        for window, count in usage.requests_to(arn, family).items():
            start = window * WINDOW_SECONDS
            of_month[_month(start)] += max(0.0, count - _floor(times, start, start + WINDOW_SECONDS, now))
    quantity = sum(of_month.values())
    return CostItem(what, quantity, "requests", sum(tiered(count, tiers) for count in of_month.values()) / 1000)


def _recommenders(usage: Usage, prices: Prices, now: float, users_of: Callable[[str], int]) -> Iterator[CostItem]:
    """By the hour and the users, and what is asked beyond what an hour includes."""
    mine = [served for served in usage.served if served.family == "recommender"]
    hours = dollars = 0.0
    for served in mine:
        active = _seconds(served, served.since, now, now) / _HOUR
        hours += active
        # begun hundred thousands count whole
        users = max(1, ceil(users_of(served.group_arn) / 100_000)) * 100_000
        dollars += active * tiered(users, prices.recommender_hours) / 100_000
    yield CostItem("recommenders", hours, "hours", dollars)
    extra = sum(
        _beyond(usage.requests_to(arn, "recommender"), [served for served in mine if served.arn == arn], prices, now)
        for arn in {served.arn for served in mine}
    )
    yield CostItem("requests to recommenders", extra, "requests", extra / 1000 * prices.thousand_recommender_requests)


def _beyond(windows: Mapping[int, int], times: Sequence[Served], prices: Prices, now: float) -> float:
    """The requests to one recommender, at least those that are billed at least, beyond what its hours include."""
    asked: defaultdict[int, float] = defaultdict(float)
    for window, count in windows.items():
        asked[window * WINDOW_SECONDS // _HOUR] += count
    for served in times:
        if served.least * _HOUR > prices.recommender_requests_included:
            end = now if served.until is None else served.until
            for hour in range(int(served.since // _HOUR), int(end // _HOUR) + 1):
                asked[hour] += 0.0
    beyond = 0.0
    for hour, requests in asked.items():
        start = hour * _HOUR
        least = _floor(times, start, start + _HOUR, now)
        share = sum(_seconds(served, start, start + _HOUR, now) for served in times) / _HOUR
        beyond += max(0.0, max(requests, least) - share * prices.recommender_requests_included)
    return beyond


def _floor(times: Sequence[Served], start: float, end: float, now: float) -> float:
    """The requests that are billed at least between two moments."""
    return sum(served.least * _seconds(served, start, end, now) for served in times)


def _seconds(served: Served, start: float, end: float, now: float) -> float:
    """How long it was served between two moments."""
    until = now if served.until is None else served.until
    return max(0.0, min(end, until) - max(start, served.since))


def _by_month(start: float, end: float) -> Iterator[tuple[tuple[int, int], float]]:
    """The calendar months between two moments, with the seconds of each."""
    while start < end:
        year, month = _month(start)
        following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()
        yield (year, month), min(end, following) - start
        start = following


def _month(moment: float) -> tuple[int, int]:
    day = datetime.fromtimestamp(moment, UTC)
    return day.year, day.month
