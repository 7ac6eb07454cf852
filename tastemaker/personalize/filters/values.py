"""The values that a request gives for an expression's placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tastemaker.personalize.filters.expression import (
    Clause,
    Comparison,
    Condition,
    Expression,
    FieldName,
    FilterError,
    Membership,
    Parameter,
    Value,
    number_in,
    operands,
)

_LISTED: Final = re.compile(r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"',][^"',]*?))\s*(?:,|$)""")


def bind(expression: Expression, given: Mapping[str, str]) -> Expression:
    """A checked expression with values in place of its placeholders. `given`: `{"GENRE": '"drama","comedy"'}`.

    An EXCLUDE whose placeholder has no value is left out; for an INCLUDE that raises FilterError, as does a value that
    does not fit. Values for placeholders that the expression does not have are passed over.
    """
    clauses = []
    for clause in expression.clauses:
        missing = sorted(parameter.name for parameter in _parameters(clause) if parameter.name not in given)
        if missing and clause.include:
            raise FilterError(
                f"filterValues has no value for ${missing[0]}, which an INCLUDE needs: add one under {missing[0]}."
            )
        if not missing:
            clauses.append(_bound(clause, given))
    return Expression(tuple(clauses))


def _parameters(clause: Clause) -> set[Parameter]:
    wanted = (operands(condition) for condition in clause.conditions())
    return {value for values in wanted if isinstance(values, tuple) for value in values if isinstance(value, Parameter)}


def _bound(clause: Clause, given: Mapping[str, str]) -> Clause:
    where = tuple(tuple(_condition(condition, given) for condition in row) for row in clause.where)
    users = tuple(tuple(tuple(_condition(each, given) for each in row) for row in rows) for rows in clause.users)
    return replace(clause, where=where, users=users)


def _condition(condition: Condition, given: Mapping[str, str]) -> Condition:
    values = operands(condition)
    if isinstance(values, FieldName):
        return condition
    found: list[Value] = []
    for value in values:
        found.extend(_values(value, given[value.name]) if isinstance(value, Parameter) else [value])
    if isinstance(condition, Comparison):
        return replace(condition, value=found[0])
    return Membership(condition.field, tuple(found), condition.negated)


def _values(parameter: Parameter, text: str) -> list[str | float]:
    texts: list[str] = []
    place = 0
    while place < len(text) or not texts or text[place - 1] == ",":
        match = _LISTED.match(text, place)
        if match is None or (match["bare"] is not None and not parameter.number):
            raise FilterError(
                f"The value of ${parameter.name} in filterValues is not understood: write each value in double quotes, "
                'and commas between them, as in "\\"drama\\",\\"comedy\\"".'
            )
        texts.append(next(group for group in match.groups() if group is not None))
        place = match.end()
    if parameter.single and len(texts) > 1:
        raise FilterError(f"${parameter.name} has {len(texts)} values in filterValues, and takes one.")
    return [_number(parameter, each) for each in texts] if parameter.number else list(texts)


def _number(parameter: Parameter, text: str) -> float:
    if (number := number_in(text)) is None:
        raise FilterError(f'${parameter.name} has to be a number in filterValues, and "{text}" is none.')
    return number
