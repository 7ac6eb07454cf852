"""What a demo found: tables for people, one JSON object for programs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from tastemaker.cli.measure import Metrics
from tastemaker.cli.pipeline import Run
from tastemaker.cli.samples import Sample, recommendations_url
from tastemaker.cli.titles import PERSONALIZE_TITLES

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Report:
    """`phases` are in seconds, `reasons` count the refused rows; a run that failed has no more than that."""

    source: str
    api_url: str
    run: Run
    phases: dict[str, float]
    reasons: dict[str, int]
    baselines: dict[str, Metrics]
    oracle: Metrics | None
    samples: list[Sample]

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        return {
            name: {"recipe": model["recipe"], "metrics": model["metrics"]}
            for name, model in self.run.output.get("models", {}).items()
        }

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints: phases in seconds, metrics by GetSolutionMetrics' keys."""
        failure = {} if self.run.succeeded else {"error": self.run.error, "cause": self.run.cause}
        return {
            "apiUrl": self.api_url,
            "executionStatus": self.run.status,
            **failure,
            "phases": {name: round(seconds, 3) for name, seconds in self.phases.items()},
            "rows": dict(self.run.output.get("rows", {})),
            "rejected": self.reasons,
            "models": self.models,
            "baselines": self.baselines,
            **({"oracle": self.oracle} if self.oracle else {}),
            "samples": [sample.to_json() for sample in self.samples],
        }

    def print(self, console: Console, *, serving: bool) -> None:
        """For people; the address to call only where somebody will answer there (`serving`)."""
        if not self.run.succeeded:
            console.print(f"\n[red]The run ended {self.run.status}[/red]: {escape(self.run.cause or 'no cause given')}")
            return
        rows = ", ".join(f"{count:,} {dataset}" for dataset, count in self.run.output["rows"].items() if count)
        console.print(f"\nImported of {escape(self.source)}: {rows}", highlight=False)
        for reason, count in self.reasons.items():
            console.print(f"Refused: {count:,} rows, {reason}", highlight=False)
        console.print(self._metrics())
        console.print(self._samples())
        if self.samples and serving:
            url = recommendations_url(self.api_url, self.samples[0].user_id, 10)
            console.print(f"curl {shlex.quote(url)}", highlight=False, soft_wrap=True)

    def _metrics(self) -> Table:
        table = Table(title="On held-out events of users that the model has not seen", title_justify="left")
        table.add_column("")
        for title in PERSONALIZE_TITLES.values():
            table.add_column(title, justify="right")
        rows = {f"{name} ({model['recipe']})": model["metrics"] for name, model in self.models.items()}
        rows |= self.baselines
        if self.oracle:
            rows["oracle (the shop's own probabilities)"] = self.oracle
        for name, metrics in rows.items():
            table.add_row(escape(name), *(f"{metrics[key]:.4f}" for key in PERSONALIZE_TITLES))
        return table

    def _samples(self) -> Table:
        table = Table(title="Recommended by the API", title_justify="left")
        for title in ("user", "history, the newest last", "recommendations, the best first"):
            table.add_column(title)
        for sample in self.samples:
            table.add_row(
                escape(sample.user_id), escape(", ".join(sample.history)), escape(", ".join(sample.recommendations))
            )
        return table
