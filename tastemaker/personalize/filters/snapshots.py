"""What filters need of datasets and of expressions, made once and kept until they change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tastemaker.personalize.filters.attributes import Attributes
from tastemaker.personalize.filters.events import OF_ACTIONS, OF_ITEMS, Events
from tastemaker.personalize.filters.expression import Expression
from tastemaker.personalize.filters.overlaid import LiveAttributes, Overlaid
from tastemaker.personalize.histories import interactions_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tastemaker.personalize.dataset_records import DatasetRecords
    from tastemaker.personalize.engine import Records
    from tastemaker.personalize.filters.attributes import Attributes
    from tastemaker.personalize.store import Resource

Made = TypeVar("Made")


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    revision: str | None = None
    made: Any = None


class Snapshots:
    """The records of datasets and the expressions of filters, ready for requests. Safe to share."""

    def __init__(self, *, bulk: Records, records: DatasetRecords) -> None:
        self._bulk = bulk
        self._records = records
        self._live: dict[str, LiveAttributes] = {}
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def attributes(self, dataset: Resource) -> Attributes | Overlaid | None:
        """The fields of an Items, Users or Actions dataset; None before its first record."""
        live = self._live.get(dataset.arn)
        if live is None:
            with self._lock:
                live = self._live.setdefault(dataset.arn, LiveAttributes(self._records))
        return live.of(dataset)

    def events(self, dataset_arn: str) -> Events | None:
        """The imported events of a dataset of interactions or action interactions; None before the first import."""
        # looked at before the records are read: records that come in between are made again at the next request
        revision = self._bulk.revision(dataset_arn)
        if revision is None:
            with self._lock:
                self._kept.pop(dataset_arn, None)
            return None

        def made() -> Events | None:
            records = self._bulk.read(dataset_arn)
            if records is None:
                return None
            if "ACTION_ID" in records.column_names:
                return Events(interactions_of(_with_items(records)), OF_ACTIONS)
            return Events(interactions_of(records), OF_ITEMS)

        return self._of(dataset_arn, revision, made)

    def expression(self, filter_arn: str, created: float, make: Callable[[], Expression]) -> Expression:
        """The expression of the filter that was created then; one of the same name may follow it."""
        return self._of(filter_arn, repr(created), make)

    def _of(self, key: str, revision: str, make: Callable[[], Made]) -> Made:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
        # whoever comes first makes it; the others wait for this one only
        with kept.lock:
            if kept.revision != revision:
                kept.made, kept.revision = make(), revision
            made: Made = kept.made
            return made


def _with_items(records: pa.Table) -> pa.Table:
    """Actions in the place of items."""
    return records.rename_columns(["ITEM_ID" if name == "ACTION_ID" else name for name in records.column_names])
