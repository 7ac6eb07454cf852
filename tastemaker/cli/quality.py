"""What recipes are worth: tables for people, one JSON object for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from tastemaker.cli.titles import TITLES
from tastemaker.evaluation import Comparison, Figure, Interval, as_imported, repeats_removed

if TYPE_CHECKING:
    from rich.console import Console

DIGITS = 4

Figures = Mapping[str, Mapping[str, Figure]]
"""By recipe and key of metric."""


@dataclass(frozen=True, eq=False)
class Report:
    """All recipes under one protocol: `figures` on the events as they are, `figures_new_items` without repeats."""

    protocol: str
    comparison: Comparison
    figures: Figures
    figures_new_items: Figures

    @classmethod
    def of(cls, protocol: str, comparison: Comparison) -> Report:
        return cls(protocol, comparison, comparison.figures(as_imported), comparison.figures(repeats_removed))

    @property
    def seeds(self) -> int:
        return len(self.comparison.draws)

    @property
    def over(self) -> str:
        """What the intervals are over."""
        return "seeds" if self.comparison.over_seeds else "users"

    @property
    def tables(self) -> dict[str, Figures]:
        """The figures by what they are of, in words."""
        return {"events as imported": self.figures, "repeats removed": self.figures_new_items}

    @property
    def keys(self) -> list[str]:
        """The metrics that tables show."""
        return [key for key in TITLES if key in self.figures[self.comparison.baseline]]

    @property
    def choices(self) -> list[str]:
        """A sentence for each recipe that chooses: what most of its trainings chose."""
        told = []
        for name in self.comparison.names:
            words = Counter(choice.in_words() for choice in self.comparison.choices(name))
            for most, times in words.most_common(1):
                agree = "" if times == self.seeds else f" with {times} of {self.seeds} seeds"
                told.append(f"{name} chose {most}{agree}.")
        return told

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "protocol": self.protocol,
            "seeds": self.seeds,
            "intervalsOver": self.over,
            "recipes": {
                name: {
                    "metrics": {key: to_json(figure) for key, figure in self.figures[name].items()},
                    "metricsNewItems": {key: to_json(figure) for key, figure in self.figures_new_items[name].items()},
                    "choice": [choice.to_json() for choice in self.comparison.choices(name)],
                    "fitSeconds": round(self.comparison.fit_seconds(name), 3),
                }
                for name in self.comparison.names
            },
        }

    def print(self, console: Console) -> None:
        for what, figures in self.tables.items():
            console.print()
            console.print(self._table(what, figures))
        console.print(
            f"± half the 95 % interval over {self.over}. ▲ above, ▼ below {self.comparison.baseline} on the same "
            "requests, beyond chance.",
            highlight=False,
        )
        for words in self.choices:
            console.print(escape(words), highlight=False)

    def _table(self, what: str, figures: Figures) -> Table:
        draws = f"mean of {self.seeds} seeds" if self.seeds > 1 else "one seed"
        table = Table(title=f"{self.protocol}, {what}, {draws}", title_justify="left", show_edge=False, pad_edge=False)
        # of the longest names nothing is cut off
        table.add_column("", overflow="fold")
        for key in self.keys:
            # with that and the interval below the mean, a terminal of 80 columns is wide enough
            table.add_column(TITLES[key].replace("@", "\n@"), justify="right")
        for name, of_recipe in figures.items():
            table.add_row(escape(name), *(_cell(of_recipe[key]) for key in self.keys))
        return table


def to_json(figure: Figure) -> dict[str, Any]:
    """Rounded to four places; `overPopularity` where there is something to compare with."""
    found: dict[str, Any] = {
        "mean": round(figure.mean, DIGITS),
        "sd": round(figure.sd, DIGITS),
        "ci95": _bounds(figure.interval),
    }
    if difference := figure.over_baseline:
        found["overPopularity"] = {"mean": round(difference.mean, DIGITS), "ci95": _bounds(difference.interval)}
    return found


def mark(figure: Figure) -> str:
    """▲ where it is above that of the baseline beyond chance, ▼ where it is below, else nothing."""
    difference = figure.over_baseline
    if difference is None or difference.interval is None or not difference.interval.beyond_chance:
        return ""
    return "▲" if difference.mean > 0 else "▼"


def half_width(interval: Interval | None) -> str:
    """As tables show it: ±0.0123; nothing without an interval."""
    return "" if interval is None else f"±{interval.high - interval.mean:.{DIGITS}f}"


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(interval.low, DIGITS), round(interval.high, DIGITS)]


def _cell(figure: Figure) -> str:
    # a space where there is no mark, so that the points stand below each other; without the 0 there is room for it
    return f"{figure.mean:.{DIGITS}f}{mark(figure) or ' '}\n{half_width(figure.interval).replace('±0.', '±.')} "
