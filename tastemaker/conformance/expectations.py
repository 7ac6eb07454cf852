"""What a case expects and what it saw instead: every difference is written down, and the case goes on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from tastemaker.conformance.endpoint import Members, Refused, service_of

Aspect: TypeAlias = Literal["code", "status", "field", "value", "message"]

# the statuses of the runtime and events APIs; the control plane answers each of its errors with 400
_REST_STATUS: Final = {
    "InvalidInputException": 400,
    "ResourceNotFoundException": 404,
    "ResourceInUseException": 409,
}


@dataclass(frozen=True)
class Difference:
    """One thing that was not as the reference says. A message is only a hint: AWS may word it otherwise."""

    operation: str
    aspect: Aspect
    what: str
    expected: str
    seen: str

    @property
    def is_hint(self) -> bool:
        return self.aspect == "message"


@dataclass(frozen=True)
class Answered:
    """What a question of the reference's was answered with, and what the embedded Personalize has chosen."""

    question: str
    answer: str
    chosen: str


@dataclass
class Expect:
    """The expectations of one case of `operation`."""

    operation: str
    differences: list[Difference] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    def refused(self, call: Callable[[], object], *, code: str, message: str | None = None) -> None:
        """`call` is refused with `code` and the HTTP status that belongs to it; `message` is a hint, as is the rest."""
        try:
            call()
        except Refused as refused:
            self._same(refused.operation, "code", "the code", code, refused.code)
            if refused.code == code:
                self._same(refused.operation, "status", f"of {code}", _status(refused), refused.status)
            if message is not None:
                self._same(refused.operation, "message", f"of {refused.code}", message, refused.message)
        else:
            self._note(self.operation, "code", "the code", code, "an answer without an error")

    def equal(self, what: str, expected: object, seen: object) -> None:
        self._same(self.operation, "value", what, expected, seen)

    def true(self, what: str, holds: bool, seen: object = "it is not so") -> None:
        """`what` says what holds, `seen` what there is instead."""
        if not holds:
            self._note(self.operation, "value", what, "it is so", str(seen))

    def members(self, what: str, shown: Mapping[str, object], required: Collection[str]) -> None:
        """`shown` has the members `required`; others it may have."""
        for name in sorted(set(required) - set(shown)):
            self._note(self.operation, "field", f"{what}: {name}", "present", "absent")

    def without(self, what: str, shown: Mapping[str, object], absent: Iterable[str]) -> None:
        for name in sorted(set(absent) & set(shown)):
            self._note(self.operation, "field", f"{what}: {name}", "absent", "present")

    def answer(self, question: str, answer: object, *, chosen: object) -> None:
        """What the reference leaves open is written down beside what the embedded Personalize has `chosen`."""
        self.answers.append(Answered(question, str(answer), str(chosen)))

    def answered_instead_of(self, refused: Refused) -> None:
        """The case needed an answer, and the operation that it is about `refused` to give one."""
        self._note(self.operation, "code", "the code", "an answer", f"{refused.code}: {refused.message}")

    def missing(self, member: str) -> None:
        """The case could not go on without `member` of an answer."""
        self._note(self.operation, "field", member, "present", "absent")

    def _same(self, operation: str, aspect: Aspect, what: str, expected: object, seen: object) -> None:
        if expected != seen:
            self._note(operation, aspect, what, str(expected), str(seen))

    def _note(self, operation: str, aspect: Aspect, what: str, expected: str, seen: str) -> None:
        self.differences.append(Difference(operation, aspect, what, expected, seen))


def outcome_of(call: Callable[[], Members]) -> str:
    """How a call ends, for questions: `accepted`, or the code of its refusal."""
    try:
        call()
    except Refused as refused:
        return refused.code
    return "accepted"


def _status(refused: Refused) -> int:
    if service_of(refused.operation) == "personalize":
        return 400
    return _REST_STATUS.get(refused.code, 400)
