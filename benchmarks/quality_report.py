"""The figures of a contest as tables and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Final

from rich.table import Table

from benchmarks.figures import percentile
from benchmarks.intervals import Interval, over_draws, ratio_over_draws
from benchmarks.quality_draws import MAIN_METRIC, Measured, ProtocolName
from benchmarks.quality_limits import short

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN: Final[Mapping[ProtocolName, tuple[str, ...]]] = {
    "personalize": ("mean_reciprocal_rank_at_25", MAIN_METRIC["personalize"], "precision_at_25", "coverage"),
    "leave-one-out": (MAIN_METRIC["leave-one-out"], "hit_rate_at_10", "mean_reciprocal_rank"),
}
_TITLES: Final = {False: "as imported", True: "repeats removed"}


@dataclass(frozen=True)
class Report:
    """`found`: our first recipe comes first, and the others are compared with it. `left_out`: name → why."""

    protocol: ProtocolName
    draws: int
    found: Sequence[Measured]
    left_out: Mapping[str, str]

    def print(self, console: Console) -> None:
        for new_items in (False, True):
            console.print(self._quality(new_items=new_items))
            console.print()
        console.print(self._cost())
        for each in self.found:
            if each.library:
                settings = ", ".join(f"{name} {value}" for name, value in each.settings.items())
                console.print(f"{each.name}: {settings}", highlight=False)
        for name, reason in self.left_out.items():
            console.print(f"{name} is left out: {reason}", highlight=False, markup=False)

    def to_json(self) -> dict[str, object]:
        return {
            "protocol": self.protocol,
            "draws": self.draws,
            "contenders": {each.name: self._entry(each) for each in self.found},
            "leftOut": dict(self.left_out),
        }

    def _entry(self, each: Measured) -> dict[str, object]:
        return {
            "metrics": self._metrics(each, new_items=False),
            "metricsNewItems": self._metrics(each, new_items=True),
            "fitSeconds": median(each.fit_seconds),
            "peakMegabytes": max(each.peak_megabytes),
            "latencyMilliseconds": {"p50": median(each.latencies), "p99": percentile(each.latencies, 0.99)},
            "timesAsGood": {
                title: _entry_of(self._times(each, new_items=new_items)) for new_items, title in _TITLES.items()
            },
            "settings": dict(each.settings) if each.library else {},
        }

    @staticmethod
    def _metrics(each: Measured, *, new_items: bool) -> dict[str, object]:
        first = each.evaluations[0]
        metrics = first.metrics_new_items if new_items else first.metrics
        return {metric: _entry_of(over_draws(each.values(metric, new_items=new_items))) for metric in metrics}

    def _times(self, each: Measured, *, new_items: bool) -> Interval | None:
        """How many times as good as `each` our first recipe is."""
        metric = MAIN_METRIC[self.protocol]
        return ratio_over_draws(
            self.found[0].values(metric, new_items=new_items), each.values(metric, new_items=new_items)
        )

    def _quality(self, *, new_items: bool) -> Table:
        table = Table(f"{_TITLES[new_items]}", box=None)
        for metric in _SHOWN[self.protocol]:
            table.add_column(short(metric), justify="right")
        table.add_column(f"{self.found[0].name}'s {short(MAIN_METRIC[self.protocol])} is", justify="right")
        for each in self.found:
            cells = [_mean(over_draws(each.values(m, new_items=new_items))) for m in _SHOWN[self.protocol]]
            times = "" if each is self.found[0] else _times(self._times(each, new_items=new_items))
            table.add_row(each.name, *cells, times)
        return table

    def _cost(self) -> Table:
        table = Table("cost", box=None)
        for heading in ("training, s", "peak, MB", "request p50, ms", "p99, ms"):
            table.add_column(heading, justify="right")
        for each in self.found:
            latencies = (median(each.latencies), percentile(each.latencies, 0.99))
            table.add_row(
                each.name,
                f"{median(each.fit_seconds):.2f}",
                f"{max(each.peak_megabytes):,.0f}",
                *(f"{latency:.2f}" for latency in latencies),
            )
        return table


def headline(report: Report, source: str, users: int, items: int, events: int) -> str:
    """What was measured, in a line."""
    asked = mean(len(each.latencies) for each in report.found) / report.draws
    return (
        f"{source}: {events:,} events, {users:,} users, {items:,} items; {report.protocol}, {report.draws} draws "
        f"(±: 95 %), about {asked:,.0f} requests each"
    )


def _mean(interval: Interval) -> str:
    return f"{interval.value:.4f}" + ("" if interval.half is None else f" ±{interval.half:.3f}")


def _times(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    ends = "" if interval.low is None else f" ({interval.low:.2f} to {interval.high:.2f})"
    return f"{interval.value:.2f} times{ends}"


def _entry_of(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {"mean": interval.value, "low": interval.low, "high": interval.high}
