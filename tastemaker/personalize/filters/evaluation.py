"""From a bound expression to a mask over a model's catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tastemaker.personalize.filters.attributes import Attributes
from tastemaker.personalize.filters.checks import ANY_EVENT, EVENTS
from tastemaker.personalize.filters.columns import Column
from tastemaker.personalize.filters.expression import (
    Clause,
    Condition,
    Expression,
    FieldName,
    Membership,
    Parameter,
    operands,
)
from tastemaker.personalize.filters.overlaid import Overlaid
from tastemaker.recommenders import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TrueOf: TypeAlias = "Callable[[Condition], NDArray[np.bool_]]"


@dataclass(frozen=True)
class Facts:
    """What a request is about. `items` and `users` are the records of their datasets, None before the first one.

    `touched` gives the ids of the items that the user has events of the given types on (None: of any type). Where a
    filter is about actions, these are in the place of the items.
    """

    items: Attributes | Overlaid | None
    users: Attributes | Overlaid | None
    touched: Callable[[Collection[str] | None], Collection[str]]
    user_id: str | None = None
    item_id: str | None = None


def mask(expression: Expression, catalogue: NDArray[np.str_], facts: Facts) -> NDArray[np.bool_]:
    """(n_items,): which items of `catalogue`, a model's sorted ids, a checked and bound expression lets through.

    All of what the INCLUDEs match, or everything where there is none, without all of what the EXCLUDEs match. A clause
    whose IF does not hold for the user is as if it weren't there.
    """
    applying = [clause for clause in expression.clauses if _applies(clause, facts)]
    return _combined(applying, len(catalogue), lambda condition: _true_of(condition, catalogue, facts))


def user_mask(
    expression: Expression,
    user_ids: NDArray[np.str_],
    users: Attributes | Overlaid | None,
    has_events: Callable[[Collection[str] | None], NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """(n_users,): the same of an expression about UserID, which has no IF.

    `users` is None before the first import; `has_events` says which of the users have events of the given types (None:
    of any).
    """

    def true_of(condition: Condition) -> NDArray[np.bool_]:
        if condition.field.dataset == "Interactions":
            names = [str(value) for value in _listed(condition)]
            return has_events(None if ANY_EVENT in names else names) ^ _is_negated(condition)
        if users is None:
            return np.full(len(user_ids), _is_negated(condition), dtype=np.bool_)
        return _found(condition, users.column(condition.field.name), _listed(condition))[users.rows(user_ids)]

    return _combined(expression.clauses, len(user_ids), true_of)


def _combined(clauses: Sequence[Clause], n: int, true_of: _TrueOf) -> NDArray[np.bool_]:
    included = [_matched(clause, true_of) for clause in clauses if clause.include]
    allowed = reduce(np.logical_or, included) if included else np.ones(n, dtype=np.bool_)
    for clause in clauses:
        if not clause.include:
            allowed = allowed & ~_matched(clause, true_of)
    return allowed


def _applies(clause: Clause, facts: Facts) -> bool:
    return all(_holds_for_user(condition, facts) for rows in clause.users for row in rows for condition in row)


def _holds_for_user(condition: Condition, facts: Facts) -> bool:
    """False for a user whose field is null or unknown, whatever the condition."""
    if facts.users is None:
        return False
    column, row = facts.users.column(condition.field.name), facts.users.row(facts.user_id)
    return bool(column.at(row)) and bool(_found(condition, column, _values(condition, None, facts))[row])


def _matched(clause: Clause, true_of: _TrueOf) -> NDArray[np.bool_]:
    rows = [reduce(np.logical_and, map(true_of, row)) for row in clause.where]
    return np.asarray(reduce(np.logical_or, rows), dtype=np.bool_)


def _true_of(condition: Condition, catalogue: NDArray[np.str_], facts: Facts) -> NDArray[np.bool_]:
    if condition.field.dataset in EVENTS:
        return _true_of_events(condition, catalogue, facts)
    if facts.items is None:
        return np.full(len(catalogue), _is_negated(condition), dtype=np.bool_)
    column = facts.items.column(condition.field.name)
    return _found(condition, column, _values(condition, facts.items, facts))[facts.items.rows(catalogue)]


def _true_of_events(condition: Condition, catalogue: NDArray[np.str_], facts: Facts) -> NDArray[np.bool_]:
    names = [str(value) for value in _listed(condition)]
    places = locate(catalogue, sorted(facts.touched(None if ANY_EVENT in names else names)))
    found = np.zeros(len(catalogue), dtype=np.bool_)
    found[places[places >= 0]] = True
    return found ^ _is_negated(condition)


def _found(condition: Condition, column: Column, values: Sequence[str | float]) -> NDArray[np.bool_]:
    """(n + 1,): the rows of `column` for which `condition` is true of `values`."""
    if isinstance(condition, Membership):
        return column.among(values) ^ condition.negated
    if values and not isinstance(values[0], str):
        return column.ordered(condition.operator, float(values[0]))
    return column.among(())


def _values(condition: Condition, items: Attributes | Overlaid | None, facts: Facts) -> Sequence[str | float]:
    wanted = operands(condition)
    if not isinstance(wanted, FieldName):
        return _listed(condition)
    return () if items is None else items.column(wanted.name).at(items.row(facts.item_id))


def _listed(condition: Condition) -> list[str | float]:
    wanted = operands(condition)
    return [] if isinstance(wanted, FieldName) else [value for value in wanted if not isinstance(value, Parameter)]


def _is_negated(condition: Condition) -> bool:
    return isinstance(condition, Membership) and condition.negated
