"""The record of every AWS call: who made it, what it asked, of which resources."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tastemaker.cloud.identity import Caller, Identities
from tastemaker.cloud.operations import operation_of
from tastemaker.cloud.wire import Request

# A record says what was touched, not what was written: names and ARNs fit, payloads do not
_LONGEST_TEXT = 2048
_LONGEST_LIST = 100
_DEEPEST = 3
# no deeper than names are elsewhere, and many: a hundred thousand PutEvents would fill gigabytes
_DATA = frozenset({"eventList", "items", "users", "actions", "actionInteractions", "inputList"})


@dataclass(frozen=True)
class CallRecord:
    """One call. `service` is the name that it was signed for (`states`, `dynamodb`, `personalize`…), `operation`
    the API's name, `parameters` the request's without payloads: long texts, what lies deeper than three levels and
    Personalize's records are left out, so a BatchWriteItem keeps its table names and loses its items."""

    caller: Caller
    service: str
    operation: str
    region: str
    parameters: Mapping[str, object]


class CallLog:
    """The latest calls, oldest first; `dropped` counts those that had to make room."""

    def __init__(self, identities: Identities, *, limit: int = 100_000) -> None:
        self._identities = identities
        self._records: deque[CallRecord] = deque(maxlen=limit)
        self._recorded = 0

    def record(self, service: str, request: Request) -> None:
        """Note that `request` was made to the service that signs as `service`."""
        operation = operation_of(service, request)
        signature = request.signature
        caller = self._identities.caller(signature.access_key_id if signature else "")
        left_out = _DATA if service == "personalize" else frozenset()
        parameters = {name: _pruned(value, 1) for name, value in operation.parameters.items() if name not in left_out}
        self._records.append(CallRecord(caller, service, operation.name, request.region, parameters))
        self._recorded += 1

    @property
    def dropped(self) -> int:
        return self._recorded - len(self._records)

    def clear(self) -> None:
        self._records.clear()
        self._recorded = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[CallRecord]:
        return iter(tuple(self._records))


def _pruned(value: object, depth: int) -> object:
    if isinstance(value, dict):
        if depth > _DEEPEST:
            return {}
        return {name: _pruned(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_pruned(member, depth + 1) for member in value[:_LONGEST_LIST]] if depth <= _DEEPEST else []
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return ""
    return value
