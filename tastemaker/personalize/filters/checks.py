"""Checks a parsed expression against the schemas of a dataset group, and settles its names and types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tastemaker.personalize.filters.expression import (
    Alternatives,
    Clause,
    Comparison,
    Condition,
    Expression,
    FieldName,
    FilterError,
    Membership,
    Parameter,
    Value,
    fields_of,
    number_in,
    operands,
)
from tastemaker.personalize.schemas import Field, Schema

MOST_FIELDS: Final = 10
ANY_EVENT: Final = "*"

_TARGETS: Final = {
    "ItemID": ("Items", "Interactions"),
    "UserID": ("Users", "Interactions"),
    "ActionID": ("Actions", "Action_Interactions"),
}
_DATASETS: Final = {
    "Items": "ITEMS",
    "Interactions": "INTERACTIONS",
    "Users": "USERS",
    "Actions": "ACTIONS",
    "Action_Interactions": "ACTION_INTERACTIONS",
    "CurrentUser": "USERS",
    "CurrentItem": "ITEMS",
}
EVENTS: Final = ("Interactions", "Action_Interactions")
_NEVER: Final = frozenset({"REPEAT_FREQUENCY", "ACTION_EXPIRATION_TIMESTAMP", "EXPIRATION_TIMESTAMP"})


def check(expression: Expression, schemas: Mapping[str, Schema]) -> Expression:
    """The expression with the names of the schemas (by dataset type) and values of the fields' types.

    Raises FilterError.
    """
    clauses = tuple(_clause(clause, schemas) for clause in expression.clauses)
    checked = Expression(clauses)
    if len({clause.target for clause in clauses}) > 1:
        raise FilterError(
            "Invalid Expression: the parts that | joins have to be about one of ItemID, UserID, ActionID."
        )
    fields = dataset_fields(checked)
    if len(fields) > MOST_FIELDS:
        raise FilterError(
            f"The filter uses {len(fields)} fields ({', '.join(sorted(fields))}); "
            f"a filter can use {MOST_FIELDS}: leave some out."
        )
    return checked


def dataset_fields(expression: Expression) -> frozenset[str]:
    """The distinct fields of the dataset group that a checked expression uses, such as `ITEMS.GENRE`."""
    named = (field for condition in expression.conditions() for field in fields_of(condition))
    return frozenset(f"{_DATASETS[field.dataset]}.{field.name}" for field in named)


def _clause(clause: Clause, schemas: Mapping[str, Schema]) -> Clause:
    target = _known(clause.target, _TARGETS, "after INCLUDE and EXCLUDE stands")
    where = tuple(tuple(_settled(condition, schemas) for condition in row) for row in clause.where)
    first = where[0][0].field.dataset
    for condition in (condition for row in where for condition in row):
        dataset = condition.field.dataset
        if dataset == "CurrentUser":
            raise FilterError(f"Invalid Expression: {condition.field} can only stand after IF.")
        if dataset == "CurrentItem":
            raise FilterError(f"Invalid Expression: {condition.field} can only stand behind IN or a comparison.")
        if dataset not in _TARGETS[target]:
            allowed = " or ".join(_TARGETS[target])
            raise FilterError(f"Invalid Expression: {target} is filtered by {allowed}, not by {condition.field}.")
        if dataset != first:
            raise FilterError(
                f"Invalid Expression: {first} and {dataset} cannot be mixed in one expression: "
                "write two expressions and join them with |."
            )
    return Clause(clause.include, target, where, _users(clause.users, schemas))


def _users(given: tuple[Alternatives, ...], schemas: Mapping[str, Schema]) -> tuple[Alternatives, ...]:
    if len(given) > 1:
        raise FilterError("Invalid Expression: an expression can have one IF: extend it with AND.")
    if any(len(alternatives) > 1 for alternatives in given):
        raise FilterError("Invalid Expression: OR is not allowed after IF: extend it with AND only.")
    settled = tuple(tuple(tuple(_settled(each, schemas) for each in row) for row in rows) for rows in given)
    for condition in (condition for rows in settled for row in rows for condition in row):
        if condition.field.dataset != "CurrentUser" or isinstance(operands(condition), FieldName):
            raise FilterError(
                f"Invalid Expression: after IF only fields of CurrentUser can be compared with values, "
                f"not {' and '.join(str(field) for field in fields_of(condition))}."
            )
    return settled


def _settled(condition: Condition, schemas: Mapping[str, Schema]) -> Condition:
    name, field = _field(condition.field, schemas)
    negated = condition.negated if isinstance(condition, Membership) else condition.operator == "!="
    compared = isinstance(condition, Comparison) and condition.operator not in ("=", "!=")
    if compared and field.type == "string":
        raise FilterError(f"Invalid Expression: {name} is a string, which is no more or less than another: use IN.")
    wanted = operands(condition)
    values: tuple[Value, ...] | FieldName
    if isinstance(wanted, FieldName):
        values = _taken(wanted, name, field, schemas)
    else:
        values = tuple(_value(value, name, field, condition) for value in wanted)
    if compared and isinstance(condition, Comparison):
        return replace(condition, field=name, value=values if isinstance(values, FieldName) else values[0])
    return Membership(name, values, negated)


def _field(named: FieldName, schemas: Mapping[str, Schema]) -> tuple[FieldName, Field]:
    dataset = _known(named.dataset, _DATASETS, f"{named} begins with no dataset: write")
    schema = schemas.get(_DATASETS[dataset])
    if schema is None:
        raise FilterError(
            f"Invalid Expression: {named} needs a dataset of type {_DATASETS[dataset]}, and the dataset group has "
            "none: create it first."
        )
    field = next((field for field in schema.fields if field.name.lower() == named.name.lower()), None)
    if field is None:
        known = ", ".join(field.name for field in schema.fields)
        raise FilterError(f"Invalid Expression: {named} does not exist: the {dataset} schema has {known}.")
    name = FieldName(dataset, field.name)
    _check_filterable(name, field)
    return name, field


def _check_filterable(name: FieldName, field: Field) -> None:
    if name.dataset in EVENTS and field.name != "EVENT_TYPE":
        raise FilterError(f"Invalid Expression: {name} cannot be filtered by: of {name.dataset}, use EVENT_TYPE.")
    if field.textual:
        raise FilterError(
            f"Invalid Expression: {name} is textual, which cannot be filtered by: use a categorical field."
        )
    if field.type == "boolean":
        raise FilterError(
            f"Invalid Expression: {name} is a boolean, which cannot be filtered by: import it as a string with "
            '"True" and "False", or as an int with 0 and 1.'
        )
    if name.dataset == "Actions" and field.name in _NEVER:
        raise FilterError(f"Invalid Expression: {name} cannot be filtered by: leave it out.")


def _taken(wanted: FieldName, name: FieldName, field: Field, schemas: Mapping[str, Schema]) -> FieldName:
    """The field of the current item whose values are taken."""
    taken, other = _field(wanted, schemas)
    if taken.dataset != "CurrentItem" or name.dataset != "Items":
        raise FilterError(
            f"Invalid Expression: {name} cannot be held against {wanted}: "
            "only a field of Items can be, and only against one of CurrentItem."
        )
    if (field.type == "string") != (other.type == "string"):
        raise FilterError(
            f"Invalid Expression: {name} is of the type {field.type} and {taken} of the type {other.type}: "
            "compare fields that are alike."
        )
    return taken


def _value(value: Value, name: FieldName, field: Field, condition: Condition) -> Value:
    if isinstance(value, Parameter):
        if isinstance(condition, Membership) and condition.negated:
            raise FilterError(
                f"Invalid input symbol: ${value.name}. Placeholders are not allowed with NOT_IN operator. "
                "Use IN with the opposite of INCLUDE or EXCLUDE."
            )
        return Parameter(value.name, number=field.type != "string", single=isinstance(condition, Comparison))
    if field.type == "string":
        if isinstance(value, float):
            raise FilterError(
                f'Invalid Expression: {name} is a string: write the value {value:g} in quotes, as "{value:g}".'
            )
        if value == ANY_EVENT and name.dataset not in EVENTS:
            raise FilterError(f'Invalid Expression: "{ANY_EVENT}" is for EVENT_TYPE, not {name}: list the values.')
        return value
    if (number := value if isinstance(value, float) else number_in(value)) is None:
        raise FilterError(f'Invalid Expression: {name} is of the type {field.type}, and "{value}" is no number.')
    return number


def _known(written: str, names: Mapping[str, object], problem: str) -> str:
    """The name as documented, however it is written."""
    found = next((name for name in names if name.lower() == written.lower()), None)
    if found is None:
        raise FilterError(f"Invalid Expression: {problem} one of {', '.join(names)}, not {written}.")
    return found
