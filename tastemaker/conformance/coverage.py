"""What the cases see of each operation, what of it nobody can provoke, and the table of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tastemaker.conformance.case import Case
from tastemaker.conformance.endpoint import SERVICES, inputs, modelled_errors, operations, service_of

Provoked: TypeAlias = Literal["provoked", "asked for", "not provoked"]
"""Asked for: nothing documents when the error comes; a question writes down whether it does."""

_NO_QUOTA: Final = "no quota on it is published"
_ONE_OF_EACH: Final = "a group has one: a second one is ResourceAlreadyExistsException before any quota is reached"
NOT_PROVOKED: Final[Mapping[tuple[str, str], str]] = {
    ("CreateDataset", "LimitExceededException"): "a group has one of each type: a second one already exists",
    ("CreateDatasetExportJob", "LimitExceededException"): _NO_QUOTA,
    ("CreateEventTracker", "LimitExceededException"): _ONE_OF_EACH,
    ("CreateMetricAttribution", "LimitExceededException"): _ONE_OF_EACH,
    ("CreateSchema", "LimitExceededException"): "it takes 500 schemas, all that the account's region may have",
    ("TagResource", "LimitExceededException"): _NO_QUOTA,
    ("UpdateSolution", "LimitExceededException"): _NO_QUOTA,
}
"""Modelled errors by operation and code that no case provokes, and why."""


@dataclass(frozen=True)
class Coverage:
    """What was seen of an operation. `errors` maps each modelled code to how a case sees it."""

    operation: str
    success: bool
    errors: Mapping[str, Provoked]
    paging: bool | None
    """None: the operation has no pages."""
    effect: bool
    rules: int
    questions: int

    @property
    def unseen(self) -> tuple[str, ...]:
        """The modelled errors that no case provokes."""
        return tuple(code for code, seen in self.errors.items() if seen == "not provoked")

    @property
    def gaps(self) -> tuple[str, ...]:
        """What should have been seen and was not."""
        unexcused = [code for code in self.unseen if (self.operation, code) not in NOT_PROVOKED]
        found = {"success": self.success, "paging": self.paging is not False, "effect": self.effect}
        return (*(name for name, seen in found.items() if not seen), *unexcused)


def coverage(cases: Iterable[Case]) -> tuple[Coverage, ...]:
    """What these cases see of each of the operations, by service and name."""
    of: dict[str, list[Case]] = {name: [] for name in operations()}
    for case in cases:
        of[case.operation].append(case)
    names = sorted(of, key=lambda name: (SERVICES.index(service_of(name)), name))
    return tuple(_covered(name, of[name]) for name in names)


def _covered(operation: str, cases: list[Case]) -> Coverage:
    kinds = {case.kind for case in cases}
    of_error: dict[str | None, Provoked] = {case.error: "asked for" for case in cases if case.kind == "question"}
    of_error |= {case.error: "provoked" for case in cases if case.kind == "error"}
    return Coverage(
        operation=operation,
        success="success" in kinds,
        errors={code: of_error.get(code, "not provoked") for code in modelled_errors(operation)},
        paging="paging" in kinds if "nextToken" in inputs(operation) else None,
        effect="effect" in kinds,
        rules=sum(case.kind == "rule" for case in cases),
        questions=sum(case.kind == "question" for case in cases),
    )


def table(cases: Iterable[Case]) -> str:
    """The coverage as a page of Markdown, a row an operation."""
    rows = [_row(covered) for covered in coverage(cases)]
    return "\n".join([*_HEAD, *rows, "", *_NOT_PROVOKED_HEAD, *_not_provoked(), ""])


_HEAD: Final = (
    "# The conformance suite",
    "",
    "What `tests/conformance` sees of each operation of Amazon Personalize on the embedded one; this page is written",
    "from the cases that ran and passed. They run against any endpoint: `tastemaker conformance --against URL`.",
    "",
    "*Success*: the answer and its members. *Errors*: those that botocore's model knows; II InvalidInput, NF",
    "ResourceNotFound, AE ResourceAlreadyExists, LE LimitExceeded, IU ResourceInUse, TT TooManyTags,",
    "TK TooManyTagKeys, NT InvalidNextToken. *Effect*: what another operation shows of it. *Rules*: what else AWS",
    "documents. *Open*: what it does not document, written down and compared with what was chosen here.",
    "",
    "| Operation | Success | Errors | Paging | Effect | Rules | Open |",
    "|---|---|---|---|---|---|---|",
)
_NOT_PROVOKED_HEAD: Final = (
    "With a question mark: AWS does not document when this error comes, and a case writes down what comes instead. In",
    "brackets: modelled, and provoked by no case.",
    "",
    "| Operation | Error | Why not |",
    "|---|---|---|",
)
_SEEN: Final[Mapping[Provoked, str]] = {"provoked": "{}", "asked for": "{}?", "not provoked": "({})"}
_SHORT: Final = {
    "InvalidInputException": "II",
    "ResourceNotFoundException": "NF",
    "ResourceAlreadyExistsException": "AE",
    "LimitExceededException": "LE",
    "ResourceInUseException": "IU",
    "TooManyTagsException": "TT",
    "TooManyTagKeysException": "TK",
    "InvalidNextTokenException": "NT",
}


def _row(covered: Coverage) -> str:
    errors = [_SEEN[seen].format(_SHORT[code]) for code, seen in covered.errors.items()]
    cells = (
        covered.operation,
        _mark(covered.success),
        " ".join(errors),
        "–" if covered.paging is None else _mark(covered.paging),
        _mark(covered.effect),
        str(covered.rules or ""),
        str(covered.questions or ""),
    )
    return f"| {' | '.join(cells)} |"


def _not_provoked() -> list[str]:
    return [f"| {operation} | {_SHORT[code]} | {why} |" for (operation, code), why in sorted(NOT_PROVOKED.items())]


def _mark(seen: bool) -> str:
    return "✓" if seen else "—"
