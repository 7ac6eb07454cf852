"""What filters need of datasets and of expressions, made once and kept until they change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tastemaker.personalize.filters.attributes import Attributes
from tastemaker.personalize.filters.events import Events
from tastemaker.personalize.filters.expression import Expression
from tastemaker.personalize.histories import interactions_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tastemaker.personalize.engine import Records
    from tastemaker.personalize.schemas import Schema

Made = TypeVar("Made")

_IDENTIFIED_BY: Final = {"ITEMS": "ITEM_ID", "USERS": "USER_ID"}


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    revision: str | None = None
    made: Any = None


class Snapshots:
    """The records of datasets as of their last import, and expressions, ready for requests. Safe to share."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def attributes(self, dataset_arn: str, schema_arn: str, schema: Callable[[], Schema]) -> Attributes | None:
        """The fields of an Items or Users dataset, whose schema may change; None before the first import."""

        def made(records: pa.Table) -> Attributes:
            kind = dataset_arn.rpartition("/")[2]
            return Attributes(records, schema(), identified_by=_IDENTIFIED_BY[kind])

        return self._of_records(dataset_arn, made, read_by=schema_arn)

    def events(self, dataset_arn: str) -> Events | None:
        """The events of an Interactions dataset; None before the first import."""
        return self._of_records(dataset_arn, lambda records: Events(interactions_of(records)))

    def expression(self, filter_arn: str, created: float, make: Callable[[], Expression]) -> Expression:
        """The expression of the filter that was created then; one of the same name may follow it."""
        return self._of(filter_arn, repr(created), make)

    def _of_records(self, dataset_arn: str, make: Callable[[pa.Table], Made], *, read_by: str = "") -> Made | None:
        # looked at before the records are read: records that come in between are made again at the next request
        revision = self._records.revision(dataset_arn)
        if revision is None:
            with self._lock:
                self._kept.pop(dataset_arn, None)
            return None

        def made() -> Made | None:
            records = self._records.read(dataset_arn)
            return None if records is None else make(records)

        return self._of(dataset_arn, f"{revision} {read_by}", made)

    def _of(self, key: str, revision: str, make: Callable[[], Made]) -> Made:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
        # whoever comes first makes it; the others wait for this one only
        with kept.lock:
            if kept.revision != revision:
                kept.made, kept.revision = make(), revision
            made: Made = kept.made
            return made
