"""Filters as DynamoDB judges them: what is of another type is neither less nor greater, and no error."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.dynamodb import comparisons

_ORDERED = ("OpLessThan", "OpLessThanOrEqual", "OpGreaterThan", "OpGreaterThanOrEqual", "FuncBetween")
_ADAPTED = "_tastemaker_adapted"


def install() -> None:
    """Adapt moto's comparisons, once."""
    if getattr(comparisons, _ADAPTED, False):
        return
    for name in _ORDERED:
        operator = getattr(comparisons, name)
        operator.expr = _false_where_types_differ(operator.expr)
    setattr(comparisons, _ADAPTED, True)


def _false_where_types_differ(judge: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    @wraps(judge)
    def judged(operator: Any, item: Any) -> bool:
        try:
            return judge(operator, item)
        except TypeError:
            return False

    return judged
