"""Cases: one function each, with what it sees of which operation, where the reference says so, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from tastemaker.conformance.expectations import Expect

if TYPE_CHECKING:
    from tastemaker.conformance.world import World

Kind: TypeAlias = Literal["success", "error", "paging", "effect", "rule", "question"]
Run: TypeAlias = "Callable[[World, Expect], None]"


class Level(IntEnum):
    """What a case needs, and so what it costs on AWS; each has those before it."""

    CONTROL = 0
    """Groups, schemas, datasets, filters, solutions without training: free."""
    DATA = 1
    """Imports, exports and events of some hundred kilobytes: cents."""
    TRAINING = 2
    """Solution versions, campaigns and batch jobs: dollars, and an hour or two."""
    RECOMMENDERS = 3
    """Domain recommenders, which bill by the hour."""


@dataclass(frozen=True)
class Case:
    """`error` is the code that an error case provokes, or that a question may be answered with."""

    operation: str
    kind: Kind
    title: str
    reference: str
    level: Level
    run: Run
    error: str | None = None

    @property
    def name(self) -> str:
        """Unique among all cases: `CreateCampaign.error.ResourceInUseException: two updates at once`."""
        error = f".{self.error}" if self.error else ""
        return f"{self.operation}.{self.kind}{error}: {self.title}"


_CASES: Final[dict[str, Case]] = {}


def case(
    operation: str,
    kind: Kind,
    *,
    reference: str,
    level: Level = Level.CONTROL,
    error: str | None = None,
    title: str | None = None,
) -> Callable[[Run], Run]:
    """Register a function as a case; its title is the function's name in words unless given."""

    def register(run: Run) -> Run:
        words = title or run.__name__.strip("_").replace("_", " ")
        made = Case(operation, kind, words, reference, level, run, error)
        if made.name in _CASES:
            raise ValueError(f"there are two cases {made.name}: give one of them another name")
        _CASES[made.name] = made
        return run

    return register


def registered() -> tuple[Case, ...]:
    """The cases of the modules that were imported, in the order of their definition. See `cases.all_cases`."""
    return tuple(_CASES.values())
