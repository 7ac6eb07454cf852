"""Every case against the embedded Personalize, with real imports and trainings of small data, and what they cover."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tastemaker.conformance.case import Case
from tastemaker.conformance.cases import all_cases
from tastemaker.conformance.coverage import NOT_PROVOKED, coverage
from tastemaker.conformance.endpoint import operations
from tastemaker.conformance.runner import Outcome, run_case
from tastemaker.conformance.world import World
from tests.conformance.coverage_page import PAGE, page
from tests.conformance.disagreements import DISAGREEMENTS
from tests.conformance.embedded import embedded_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with embedded_world() as world:
        yield world


@pytest.fixture(scope="module")
def ran() -> dict[Case, Outcome]:
    """The outcomes of this module's cases, in which each writes its own."""
    return {}


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_the_embedded_personalize_does_what_the_reference_says(
    case: Case, world: World, ran: dict[Case, Outcome], request: pytest.FixtureRequest
) -> None:
    if case.name in DISAGREEMENTS:
        request.applymarker(pytest.mark.xfail(reason=DISAGREEMENTS[case.name], strict=True))

    outcome = ran[case] = run_case(case, world)

    assert outcome.verdict == "passed", _told(outcome)
    assert [(answered.question, answered.answer) for answered in outcome.answers] == [
        (answered.question, answered.chosen) for answered in outcome.answers
    ]


def test_every_operation_has_a_success_its_errors_its_pages_and_an_effect() -> None:
    found = coverage(all_cases())

    assert len(found) == len(operations()) == 79
    assert {covered.operation: covered.gaps for covered in found if covered.gaps} == {}


def test_what_cannot_be_provoked_is_modelled_and_has_no_case() -> None:
    unseen = {(covered.operation, code) for covered in coverage(all_cases()) for code in covered.unseen}

    assert unseen == set(NOT_PROVOKED)


def test_every_disagreement_is_one_of_a_case() -> None:
    assert DISAGREEMENTS.keys() <= {case.name for case in all_cases()}


def test_the_committed_table_is_of_what_ran(ran: dict[Case, Outcome]) -> None:
    if len(ran) < len(all_cases()):
        pytest.skip("not all cases ran")

    written = page(ran.values())

    assert PAGE.read_text(encoding="utf-8") == written, "write it anew with `python -m tests.conformance.coverage_page`"


def _told(outcome: Outcome) -> str:
    lines = [f"{d.operation}: {d.aspect}: {d.what}: expected {d.expected}, saw {d.seen}" for d in outcome.differences]
    return "\n".join([outcome.verdict, *([outcome.why] if outcome.why else []), *lines])
