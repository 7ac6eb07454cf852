"""How commands speak to people: a line a step with its duration, and a spinner while it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from rich.console import Console

    from tastemaker.cli.timeline import Step, Timeline


class Progress:
    """Prints each part of a command when it ends; on a terminal a spinner names what is under way."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, key: str, words: str, *, began: float | None = None) -> Iterator[None]:
        """A part of the command: timed under `key`, shown as `words`; `began` where it did so earlier, unseen."""
        began = time.perf_counter() if began is None else began
        with self.console.status(f"{escape(words)} …"):
            yield
        self.seconds[key] = time.perf_counter() - began
        self._line(words, self.seconds[key])

    @contextmanager
    def run(self) -> Iterator[Callable[[Timeline], None]]:
        """A run of the state machine; what it gives takes the run's timeline, again and again, and last its end."""
        printed: set[str] = set()
        with self.console.status("Starting the state machine …") as status:

            def watch(timeline: Timeline) -> None:
                for step in timeline.finished():
                    if step.name not in printed:
                        printed.add(step.name)
                        self._step(step)
                if current := timeline.current():
                    status.update(f"{escape(current.name)} …")

            yield watch

    def _step(self, step: Step) -> None:
        self._line(f"  {step.name}", step.seconds, note=f"  {step.times} times" if step.times > 1 else "")

    def _line(self, words: str, seconds: float, *, note: str = "") -> None:
        self.console.print(f"{seconds:7.1f} s  {escape(words)}[dim]{note}[/dim]", highlight=False)
