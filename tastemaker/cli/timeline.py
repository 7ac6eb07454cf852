"""What a state machine's history says of a run: each step with its duration, and the phases they make up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

# the loop that waits for a resource is one step to whoever watches
_LOOP: Final = ("Describe ", "Wait for ")
# states that do something or wait; the others pass data on, or hold the steps that are shown
_SHOWN: Final = ("TaskStateEntered", "TaskStateExited", "WaitStateEntered", "WaitStateExited")
_SHOWN_MAPS: Final = frozenset({"Export segments"})
_ENDS: Final = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
_PHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "export": ("Export segments", "Write manifest"),
    "datasets": ("Set up dataset group", "Await dataset group", "Set up dataset", "Await dataset"),
    "import": ("Start import", "Await import"),
    "training": ("Set up solution", "Await solution", "Start training", "Await training", "Read metrics"),
    "campaign": ("Set up campaign", "Await campaign", "Await campaign update"),
    "publish": ("Publish",),
}


@dataclass
class Step:
    """One state, or one loop of them: when it began and last ended, how often it was entered, how many still run."""

    name: str
    began: datetime
    ended: datetime | None = None
    times: int = 0
    running: int = 0

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds() if self.ended else 0.0


@dataclass
class Timeline:
    """The steps of a run in the order in which they began."""

    steps: dict[str, Step] = field(default_factory=dict)
    latest: str | None = None
    over: bool = False

    @classmethod
    def of(cls, history: Iterable[Mapping[str, Any]]) -> Timeline:
        """From the events of GetExecutionHistory, oldest first."""
        timeline = cls()
        for event in history:
            timeline.over = event["type"] in _ENDS
            entered, exited = event.get("stateEnteredEventDetails"), event.get("stateExitedEventDetails")
            details = entered or exited
            if not details or not (event["type"] in _SHOWN or details["name"] in _SHOWN_MAPS):
                continue
            if entered:
                timeline._enter(details["name"], event["timestamp"])
            else:
                timeline._exit(details["name"], event["timestamp"])
        return timeline

    def finished(self) -> list[Step]:
        """The steps that are over: nothing of them runs, and another step has begun since or the run has ended."""
        return [step for step in self.steps.values() if self.over or (not step.running and step.name != self.latest)]

    def current(self) -> Step | None:
        """The step that the run is at."""
        return self.steps[self.latest] if self.latest else None

    def phases(self) -> dict[str, float]:
        """Seconds from the beginning of each phase to its end; a phase that was not reached is left out."""
        seconds = {}
        for phase, names in _PHASES.items():
            steps = [self.steps[name] for name in names if name in self.steps]
            ends = [step.ended for step in steps if step.ended]
            if ends:
                seconds[phase] = (max(ends) - min(step.began for step in steps)).total_seconds()
        return seconds

    def _enter(self, state: str, moment: datetime) -> None:
        name = _label(state)
        step = self.steps.setdefault(name, Step(name, began=moment))
        step.times += not state.startswith("Wait for ")
        step.running += 1
        self.latest = name

    def _exit(self, state: str, moment: datetime) -> None:
        if step := self.steps.get(_label(state)):
            step.running -= 1
            step.ended = moment


def _label(state: str) -> str:
    for prefix in _LOOP:
        if state.startswith(prefix):
            return f"Await {state.removeprefix(prefix)}"
    return state
