"""What came of a run, as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tastemaker.conformance.expectations import Difference
from tastemaker.conformance.runner import Outcome, counts


def to_json(outcomes: Sequence[Outcome], *, endpoint: str, level: str, left: Sequence[str]) -> dict[str, Any]:
    """`{"endpoint", "level", "counts", "cases": […], "questions": […], "left": […]}`; `left` could not be deleted."""
    return {
        "endpoint": endpoint,
        "level": level,
        "counts": dict(counts(outcomes)),
        "cases": [_case(outcome) for outcome in outcomes],
        "questions": [
            {"case": outcome.case.name, **asdict(answered)} for outcome in outcomes for answered in outcome.answers
        ],
        "left": list(left),
    }


def difference_to_json(difference: Difference) -> dict[str, Any]:
    return {**asdict(difference), "hint": difference.is_hint}


def _case(outcome: Outcome) -> dict[str, Any]:
    case = outcome.case
    return {
        "name": case.name,
        "operation": case.operation,
        "kind": case.kind,
        "error": case.error,
        "reference": case.reference,
        "verdict": outcome.verdict,
        "seconds": round(outcome.seconds, 3),
        "differences": [difference_to_json(difference) for difference in outcome.differences],
        "why": outcome.why,
    }
