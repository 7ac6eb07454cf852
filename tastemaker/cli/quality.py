"""What recipes are worth, over seeds: tables for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from tastemaker.cli.titles import LEAVE_ONE_OUT_TITLES, PERSONALIZE_TITLES
from tastemaker.evaluation import Evaluation

if TYPE_CHECKING:
    from rich.console import Console

_DIGITS = 4


@dataclass(frozen=True)
class Figure:
    """`sd` is the standard deviation of the sample (n − 1), 0 where there is one value."""

    mean: float
    sd: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        return cls(round(fmean(values), _DIGITS), round(stdev(values), _DIGITS) if len(values) > 1 else 0.0)

    def to_json(self) -> dict[str, float]:
        return {"mean": self.mean, "sd": self.sd}


Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Quality:
    """One recipe: `metrics` on the events as they are, `metrics_new_items` without repeats, mean time of training."""

    metrics: Figures
    metrics_new_items: Figures
    fit_seconds: float

    @classmethod
    def of(cls, evaluations: Sequence[Evaluation]) -> Quality:
        """The figures of one recipe's evaluations, one a seed."""
        return cls(
            metrics=_figures([evaluation.metrics for evaluation in evaluations]),
            metrics_new_items=_figures([evaluation.metrics_new_items for evaluation in evaluations]),
            fit_seconds=fmean(evaluation.fit_seconds for evaluation in evaluations),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "metrics": {key: figure.to_json() for key, figure in self.metrics.items()},
            "metricsNewItems": {key: figure.to_json() for key, figure in self.metrics_new_items.items()},
            "fitSeconds": round(self.fit_seconds, 3),
        }


@dataclass(frozen=True)
class Report:
    """All recipes, by name, under one protocol."""

    protocol: str
    seeds: int
    recipes: Mapping[str, Quality]

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "protocol": self.protocol,
            "seeds": self.seeds,
            "recipes": {name: quality.to_json() for name, quality in self.recipes.items()},
        }

    def print(self, console: Console) -> None:
        console.print()
        as_imported = {name: quality.metrics for name, quality in self.recipes.items()}
        console.print(self._table("events as imported", as_imported))
        console.print()
        new_items = {name: quality.metrics_new_items for name, quality in self.recipes.items()}
        console.print(self._table("repeats removed", new_items))

    def _table(self, what: str, rows: Mapping[str, Figures]) -> Table:
        seeds = f"mean ± sd of {self.seeds} seeds" if self.seeds > 1 else "one seed"
        table = Table(title=f"{self.protocol}, {what}, {seeds}", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("")
        titles = {
            key: title
            for key, title in (PERSONALIZE_TITLES | LEAVE_ONE_OUT_TITLES).items()
            if all(key in figures for figures in rows.values())
        }
        for title in titles.values():
            # with that and the deviation below the mean, a terminal of 80 columns is wide enough
            table.add_column(title.replace("@", "\n@"), justify="right")
        for name, figures in rows.items():
            table.add_row(escape(name), *(self._cell(figures[key]) for key in titles))
        return table

    def _cell(self, figure: Figure) -> str:
        return f"{figure.mean:.4f}\n±{figure.sd:.4f}" if self.seeds > 1 else f"{figure.mean:.4f}"


def _figures(metrics: Sequence[Mapping[str, float]]) -> Figures:
    return {key: Figure.of([one[key] for one in metrics]) for key in metrics[0]}
