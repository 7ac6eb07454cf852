"""What a demo found: tables for people, one JSON object for programs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from tastemaker.cli.api import Api
from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.effect import EVENTS, Effect
from tastemaker.cli.measure import Metrics
from tastemaker.cli.pipeline import Run
from tastemaker.cli.samples import Neighbours, Sample
from tastemaker.cli.titles import PERSONALIZE_TITLES

if TYPE_CHECKING:
    from rich.console import Console


_MENDED = {"lineBreak": "whose line breaks became spaces"}


@dataclass
class Report:
    """`phases` are in seconds, `reasons` count the refused rows; a run that failed has no more than that."""

    source: str
    api: Api
    run: Run
    phases: dict[str, float]
    reasons: dict[str, int]
    catalogue: Catalogue
    baselines: dict[str, Metrics] = field(default_factory=dict)
    oracle: Metrics | None = None
    samples: list[Sample] = field(default_factory=list)
    neighbours: Neighbours | None = None
    effect: Effect | None = None

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
            "apiUrl": self.api.url,
            "executionStatus": self.run.status,
            **failure,
            "phases": {name: round(seconds, 3) for name, seconds in self.phases.items()},
            "rows": dict(self.run.output.get("rows", {})),
            "rejected": self.reasons,
            "mended": dict(self.run.output.get("mended", {})),
            "models": self.models,
            "baselines": self.baselines,
            **({"oracle": self.oracle} if self.oracle else {}),
            "samples": [sample.to_json() for sample in self.samples],
            "similarItems": self.neighbours and self.neighbours.to_json(),
            "eventEffect": self.effect and self.effect.to_json(),
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
        for reason, count in self.run.output["mended"].items():
            console.print(f"Mended: {count:,} values, {_MENDED.get(reason, reason)}", highlight=False)
        console.print(self._metrics())
        console.print(self._samples())
        if self.neighbours:
            console.print(self._similar(self.neighbours))
        if self.effect:
            console.print(escape(_in_words(self.effect)), highlight=False)
        if self.samples and serving:
            url = self.api.recommendations_url(self.samples[0].user_id, 10)
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
        table = Table(title="Recommended by the API", title_justify="left", show_lines=True)
        for title in ("user", "history, the newest last", "recommendations, the best first"):
            table.add_column(title)
        for sample in self.samples:
            table.add_row(escape(sample.user_id), self._labels(sample.history), self._labels(sample.recommendations))
        return table

    def _similar(self, neighbours: Neighbours) -> Table:
        table = Table(title=f"Beside {escape(self.catalogue.label(neighbours.item_id))}", title_justify="left")
        table.add_column("similar items, the nearest first")
        for item_id in neighbours.similar:
            table.add_row(escape(self.catalogue.label(item_id)))
        return table

    def _labels(self, item_ids: list[str]) -> str:
        return "\n".join(escape(self.catalogue.label(item_id)) for item_id in item_ids)


def _in_words(effect: Effect) -> str:
    return (
        f"{EVENTS} events with {effect.field} {effect.value!r}: its share of the user's top ten went from "
        f"{effect.share_before:.0%} to {effect.share_after:.0%}; "
        f"a user who sent none has {effect.control_share_after:.0%}"
    )
