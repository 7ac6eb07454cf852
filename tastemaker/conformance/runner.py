"""Running cases one after the other, and what came of each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from botocore.exceptions import BotoCoreError

from tastemaker.conformance.case import Case
from tastemaker.conformance.endpoint import Exchange, Refused
from tastemaker.conformance.expectations import Answered, Difference, Expect
from tastemaker.conformance.waiting import TookTooLong
from tastemaker.conformance.world import CouldNotRun, World

Verdict: TypeAlias = Literal["passed", "different", "could not run"]


@dataclass(frozen=True)
class Outcome:
    """What came of a case. `differences` hold hints too, which make no case different; `why` it could not run."""

    case: Case
    verdict: Verdict
    differences: tuple[Difference, ...]
    answers: tuple[Answered, ...]
    exchanges: tuple[Exchange, ...]
    seconds: float
    why: str | None = None


def run_case(case: Case, world: World) -> Outcome:
    """Run one case. Only an interruption gets out of it."""
    expect = Expect(case.operation)
    began, first = time.perf_counter(), len(world.endpoint.exchanges)
    why: str | None = None
    try:
        case.run(world, expect)
    except (CouldNotRun, Refused) as error:
        why = str(error)
        refused = error if isinstance(error, Refused) else error.refused
        if refused is not None and refused.operation == case.operation:
            expect.answered_instead_of(refused)
    except (TookTooLong, BotoCoreError) as error:
        why = str(error)
    except (KeyError, IndexError) as error:
        expect.missing(str(error))
    except Exception as error:  # noqa: BLE001 # an answer that no case foresaw must not end a run of hours
        why = f"{type(error).__name__}: {error}"
    return Outcome(
        case=case,
        verdict=_verdict(expect, why),
        differences=tuple(expect.differences),
        answers=tuple(expect.answers),
        exchanges=tuple(world.endpoint.exchanges[first:]),
        seconds=time.perf_counter() - began,
        why=why,
    )


def run(cases: Iterable[Case], world: World) -> Iterator[Outcome]:
    """The outcomes of cases, as they come."""
    return (run_case(case, world) for case in cases)


def counts(outcomes: Iterable[Outcome]) -> Counter[Verdict]:
    return Counter(outcome.verdict for outcome in outcomes)


def _verdict(expect: Expect, why: str | None) -> Verdict:
    if any(not difference.is_hint for difference in expect.differences):
        return "different"
    return "could not run" if why is not None else "passed"
