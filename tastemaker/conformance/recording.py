"""Recordings of runs: every call with its answer's code, status and fields, and what differs between two of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from tastemaker.conformance.endpoint import Exchange
from tastemaker.conformance.expectations import Difference
from tastemaker.conformance.runner import Outcome
from tastemaker.conformance.world import World

FORMAT: Final = 1
_MASKS: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"(?<=:)\d{12}(?=:)"), "ACCOUNT"),
    (re.compile(r"(?<=/)[0-9a-f]{8}\b"), "ID"),
    (re.compile(r"\brun-([a-z]+)-\d+"), r"run-\1"),
)

Recording: TypeAlias = dict[str, Any]
"""`{"format", "endpoint", "cases": {name: {"operation", "verdict", "exchanges": […]}}}`"""


class NoRecording(Exception):
    """A file is no recording of a run. The message names it."""


def recorded(outcomes: Iterable[Outcome], world: World, *, endpoint: str) -> Recording:
    """A recording of a run. Account ids, the run's own names and bucket, and ids that were generated are masked."""
    own = ((world.prefix, "run"), (world.files.bucket, "bucket"))
    cases = {
        outcome.case.name: {
            "operation": outcome.case.operation,
            "verdict": outcome.verdict,
            "exchanges": [_masked(_members(exchange), own) for exchange in outcome.exchanges],
        }
        for outcome in outcomes
    }
    return {"format": FORMAT, "endpoint": endpoint, "cases": cases}


def write(recording: Recording, path: Path) -> None:
    """Write a recording. Raises OSError."""
    path.write_text(json.dumps(recording, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Recording:
    """Raises NoRecording, also where the file cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoRecording(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise NoRecording(f"{path} is no recording that this version reads: make one with --record")
    return found


def compare(one: Recording, other: Recording) -> Iterator[tuple[str, Difference]]:
    """What differs in the cases that both have, by case: `expected` is the first one's, `seen` the other's.

    Only calls of the operation that a case is about count: others depend on which case came first.
    """
    for name in one["cases"]:
        if name in other["cases"]:
            operation = str(one["cases"][name]["operation"])
            answers = [_Answers.of(recording["cases"][name], operation) for recording in (one, other)]
            for difference in answers[0].differences(answers[1], operation):
                yield name, difference


@dataclass
class _Answers:
    """The answers to one operation in one case: the statuses, fields and messages, each by code."""

    statuses: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)
    messages: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Recording, operation: str) -> _Answers:
        answers = cls()
        for exchange in case["exchanges"]:
            if exchange["operation"] == operation:
                code = exchange.get("code") or "an answer"
                answers.statuses.setdefault(code, set()).add(str(exchange["status"]))
                answers.fields.setdefault(code, set()).update(exchange.get("fields", ()))
                if message := exchange.get("message"):
                    answers.messages.setdefault(code, set()).add(message)
        return answers

    def differences(self, other: _Answers, operation: str) -> Iterator[Difference]:
        if self.statuses.keys() != other.statuses.keys():
            yield Difference(operation, "code", "its codes", _words(self.statuses), _words(other.statuses))
        for code in sorted(self.statuses.keys() & other.statuses.keys()):
            if self.statuses[code] != other.statuses[code]:
                expected, seen = _words(self.statuses[code]), _words(other.statuses[code])
                yield Difference(operation, "status", f"of {code}", expected, seen)
            for name in sorted(self.fields[code] - other.fields[code]):
                yield Difference(operation, "field", name, "present", "absent")
            for name in sorted(other.fields[code] - self.fields[code]):
                yield Difference(operation, "field", name, "absent", "present")
            mine, theirs = self.messages.get(code, set()), other.messages.get(code, set())
            if mine != theirs:
                yield Difference(operation, "message", f"of {code}", _words(mine - theirs), _words(theirs - mine))


def _words(found: Iterable[str]) -> str:
    return " | ".join(sorted(found)) or "nothing else"


def _members(exchange: Exchange) -> Recording:
    members: Recording = {"operation": exchange.operation, "input": exchange.given, "status": exchange.status}
    if exchange.code is None:
        return members | {"fields": list(exchange.fields)}
    return members | {"code": exchange.code, "message": exchange.message}


def _masked(value: object, own: tuple[tuple[str, str], ...]) -> Any:
    if isinstance(value, dict):
        return {name: _masked(member, own) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(member, own) for member in value]
    if isinstance(value, str):
        for mine, mask in own:
            value = value.replace(mine, mask)
        for pattern, mask in _MASKS:
            value = pattern.sub(mask, value)
    return value
