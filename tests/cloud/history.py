"""How many events an execution's history can come to, computed from its definition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

State = dict[str, Any]
States = dict[str, State]
_BOUND = re.compile(r">= (\d+)")


def longest_history(definition: State) -> int:
    """The events of the longest run that the definition allows, every retry and every poll of it used up."""
    started_and_ended = 2
    return started_and_ended + _longest(definition)


def _longest(machine: State) -> int:
    states: States = machine["States"]
    visits = dict.fromkeys(states, 1)
    for loop in _loops(states, machine["StartAt"]):
        bound = max(int(number) for name in loop for number in _BOUND.findall(_conditions(states[name])))
        for name in loop:
            visits[name] = bound
    weights = {name: visits[name] * events_of(state) for name, state in states.items()}
    return _longest_path(states, machine["StartAt"], weights, frozenset())


def events_of(state: State) -> int:
    """The events of passing through a state once."""
    entered_and_exited = 2
    match state["Type"]:
        case "Task":
            attempts: int = 1 + sum(retry["MaxAttempts"] for retry in state.get("Retry", []))
            return entered_and_exited + 3 * attempts
        case "Parallel":
            return entered_and_exited + 2 + sum(_longest(branch) for branch in state["Branches"])
        case "Map" if state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE":
            return entered_and_exited + 2 + len(state["Items"]) * (2 + _longest(state["ItemProcessor"]))
        case "Map":  # its children are executions with histories of their own
            return entered_and_exited + 4
        case _:
            return entered_and_exited


def successors(state: State) -> set[str]:
    """Where a state may go to."""
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    named = [state.get("Next"), state.get("Default"), *(branch["Next"] for branch in branches)]
    return {name for name in named if name}


def _loops(states: States, name: str, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if name in path:
        yield path[path.index(name) :]
        return
    for following in successors(states[name]):
        yield from _loops(states, following, (*path, name))


def _longest_path(states: States, name: str, weights: dict[str, int], path: frozenset[str]) -> int:
    onward = successors(states[name]) - path - {name}
    rest = [_longest_path(states, following, weights, path | {name}) for following in onward]
    return weights[name] + max(rest, default=0)


def _conditions(state: State) -> str:
    return " ".join(choice["Condition"] for choice in state.get("Choices", []))
