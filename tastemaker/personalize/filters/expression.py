"""A filter expression as values: what the grammar makes, the checks settle and the evaluation reads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]


class FilterError(Exception):
    """An expression or a value for it breaks a rule. The message names the field and the remedy."""


@dataclass(frozen=True)
class FieldName:
    """`dataset.name`, such as `CurrentUser.AGE`: as it is written or, after the checks, as the schema has it."""

    dataset: str
    name: str

    def __str__(self) -> str:
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True)
class Parameter:
    """`$name`. After the checks, `number`: its values are numbers; `single`: it takes one value."""

    name: str
    number: bool = False
    single: bool = False


Value: TypeAlias = str | float | Parameter


@dataclass(frozen=True)
class Membership:
    """`field IN (values)`; `negated`: NOT IN. `values` may be the current item's instead."""

    field: FieldName
    values: tuple[Value, ...] | FieldName
    negated: bool = False


@dataclass(frozen=True)
class Comparison:
    """`field operator value`. The checks turn `=` and `!=` into a Membership of one value."""

    field: FieldName
    operator: Operator
    value: Value | FieldName


Condition: TypeAlias = Membership | Comparison
Alternatives: TypeAlias = tuple[tuple[Condition, ...], ...]
"""Conditions joined by OR, each of which is conditions joined by AND."""


@dataclass(frozen=True)
class Clause:
    """`INCLUDE` or `EXCLUDE` of a `target` where one of `where` holds, for users who meet one of each of `users`.

    The language allows one IF without OR, so that after the checks `users` is empty or one row of conditions.
    """

    include: bool
    target: str
    where: Alternatives
    users: tuple[Alternatives, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        for alternatives in (self.where, *self.users):
            for row in alternatives:
                yield from row


@dataclass(frozen=True)
class Expression:
    """The clauses that `|` joins."""

    clauses: tuple[Clause, ...]

    def conditions(self) -> Iterator[Condition]:
        for clause in self.clauses:
            yield from clause.conditions()

    def mentions(self, dataset: str) -> bool:
        """Whether a condition is about `dataset`, or takes its value from there."""
        return any(field.dataset == dataset for condition in self.conditions() for field in fields_of(condition))


def fields_of(condition: Condition) -> tuple[FieldName, ...]:
    """The field of a condition, and the one that its value comes from, if it does."""
    value = operands(condition)
    return (condition.field, value) if isinstance(value, FieldName) else (condition.field,)


def operands(condition: Condition) -> tuple[Value, ...] | FieldName:
    """What the field is held against."""
    if isinstance(condition, Membership):
        return condition.values
    return condition.value if isinstance(condition.value, FieldName) else (condition.value,)


def number_in(text: str) -> float | None:
    """The finite number that `text` says; None where it says none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
