"""Every case against the embedded Personalize, with real imports and trainings of small data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tastemaker.conformance.case import Case
from tastemaker.conformance.cases import all_cases
from tastemaker.conformance.runner import Outcome, run_case
from tastemaker.conformance.world import World
from tests.conformance.disagreements import DISAGREEMENTS
from tests.conformance.embedded import embedded_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with embedded_world() as world:
        yield world


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_the_embedded_personalize_does_what_the_reference_says(
    case: Case, world: World, request: pytest.FixtureRequest
) -> None:
    if case.name in DISAGREEMENTS:
        request.applymarker(pytest.mark.xfail(reason=DISAGREEMENTS[case.name], strict=True))

    outcome = run_case(case, world)

    if missing := _not_built(outcome):
        pytest.skip(missing)
    assert outcome.verdict == "passed", _told(outcome)


def test_every_disagreement_is_one_of_a_case() -> None:
    assert DISAGREEMENTS.keys() <= {case.name for case in all_cases()}


def _not_built(outcome: Outcome) -> str | None:
    """What the embedded Personalize says of an operation that it does not have."""
    said = [outcome.why, *(exchange.message for exchange in outcome.exchanges)]
    return next((text for text in said if text and "is not implemented by the embedded Personalize" in text), None)


def _told(outcome: Outcome) -> str:
    lines = [f"{d.operation}: {d.aspect}: {d.what}: expected {d.expected}, saw {d.seen}" for d in outcome.differences]
    return "\n".join([outcome.verdict, *([outcome.why] if outcome.why else []), *lines])
