"""Measured figures beside their limits: a table or JSON, and whether all of them hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured value. `at_most` and `at_least` are its limits; without one it is only told."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool:
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def limit(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"


def told(figures: Sequence[Figure], *, as_json: bool) -> int:
    """Print the figures, as a table or as one JSON object. The exit status: 1 where a limit is missed."""
    if as_json:
        sys.stdout.write(json.dumps(to_json(figures)) + "\n")
    else:
        Console(width=100).print(_table(figures))
    return 0 if all(each.holds for each in figures) else 1


def to_json(figures: Sequence[Figure]) -> dict[str, dict[str, float | str | bool]]:
    """By the figures' names."""
    return {each.name: {"value": each.value, "unit": each.unit, "holds": each.holds} for each in figures}


def _table(figures: Sequence[Figure]) -> Table:
    table = Table("figure", box=None)
    for heading in ("measured", "limit"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    table.add_column("")
    for each in figures:
        verdict = "" if not each.limit else "[green]holds[/green]" if each.holds else "[red]missed[/red]"
        table.add_row(each.name, _rounded(each.value), each.limit, each.unit, verdict)
    return table


def _rounded(value: float) -> str:
    if value < 1:
        return f"{value:.4f}"
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
