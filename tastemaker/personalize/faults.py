"""Faults on order: operations that are refused or slow, and work that fails, so that what handles it can be tested."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from tastemaker.personalize import wire
from tastemaker.personalize.errors import BY_CODE, PersonalizeError

_COMMON: Final = frozenset(
    {"ThrottlingException", "AccessDeniedException", "ValidationException", "InternalFailure", "ServiceUnavailable"}
)
_MESSAGES: Final = {
    "ThrottlingException": "Rate exceeded",
    "LimitExceededException": "The limit on the number of requests per second has been exceeded.",
}


@dataclass
class _Order:
    """What is left of a fault. `action` is a refusal, a delay in seconds or the reason of a failure."""

    action: PersonalizeError | float | str
    times: int


class Faults:
    """The faults that are ordered and have not happened yet. Safe to use from several threads.

    Each order names an operation and how many times in a row it shall happen; several for one operation happen one
    after the other. Each raises ValueError where the operation does not exist or cannot go wrong in that way.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: dict[tuple[str, type], list[_Order]] = {}

    def throttle(self, operation: str, *, times: int = 1) -> None:
        """The next calls of `operation` are answered with ThrottlingException. SDKs try again by themselves."""
        self.refuse(operation, "ThrottlingException", times=times)

    def exceed_limit(self, operation: str, *, times: int = 1) -> None:
        """The next calls of `operation` are answered with LimitExceededException."""
        self.refuse(operation, "LimitExceededException", times=times)

    def refuse(self, operation: str, code: str, message: str | None = None, *, times: int = 1) -> None:
        """The next calls of `operation` are answered with the error `code`: one that it models, or a common one."""
        possible = _COMMON | set(_found(operation).errors)
        if code not in possible:
            raise ValueError(f"{operation} does not answer {code}: choose one of {', '.join(sorted(possible))}")
        text = message or _MESSAGES.get(code, f"{code} was ordered by a test.")
        self._order(operation, _Order(BY_CODE[code](text), times), PersonalizeError)

    def delay(self, operation: str, seconds: float, *, times: int = 1) -> None:
        """The next calls of `operation` take so long, on the clock."""
        _found(operation)
        if not 0 <= seconds < math.inf:
            raise ValueError(f"seconds is {seconds}: a call takes 0 or more of them")
        self._order(operation, _Order(float(seconds), times), float)

    def fail(self, operation: str, reason: str, *, times: int = 1) -> None:
        """What the next calls of a Create or Update begin ends in a failure with this `failureReason`.

        CreateDatasetImportJob is a failed import, CreateSolutionVersion a failed training, UpdateCampaign a failed
        update, after which the campaign goes on with what it had.
        """
        _found(operation)
        if not operation.startswith(("Create", "Update")) or operation == "CreateSchema":
            raise ValueError(f"{operation} begins nothing that can fail: name a Create or an Update")
        self._order(operation, _Order(reason, times), str)

    def clear(self) -> None:
        """Forget what has not happened."""
        with self._lock:
            self._orders.clear()

    def before(self, operation: str, *, wait: Callable[[float], None]) -> None:
        """Let happen what is ordered for a call of `operation`: raises the refusal after the delay."""
        if not self._orders:
            return
        if (seconds := self._taken(operation, float)) is not None:
            wait(float(str(seconds)))
        if isinstance(refusal := self._taken(operation, PersonalizeError), PersonalizeError):
            raise refusal

    def reason_for(self, operation: str) -> str | None:
        """Why what `operation` has begun shall fail; None where it need not."""
        reason = self._taken(operation, str) if self._orders else None
        return None if reason is None else str(reason)

    def _order(self, operation: str, order: _Order, kind: type) -> None:
        if order.times < 1:
            raise ValueError(f"times is {order.times}: a fault happens once or more")
        with self._lock:
            self._orders.setdefault((operation, kind), []).append(order)

    def _taken(self, operation: str, kind: type) -> PersonalizeError | float | str | None:
        with self._lock:
            orders = self._orders.get((operation, kind))
            if not orders:
                return None
            order = orders[0]
            order.times -= 1
            if not order.times:
                orders.pop(0)
            return order.action


def _found(name: str) -> wire.Operation:
    operations = {operation.name: operation for operation in wire.operations()}
    if name not in operations:
        near = get_close_matches(name, operations, n=1)
        raise ValueError(f"{name} is no operation of Personalize" + (f"; did you mean {near[0]}?" if near else ""))
    return operations[name]
