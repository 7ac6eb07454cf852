"""What a training learns beside what was done, of items, users and events: which fields it takes, and their values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.schemas import Schema
from tastemaker.recommenders import Attributes
from tastemaker.recommenders.next_best_action import VALUE

_NUMBERS = frozenset({"int", "long", "float", "double"})
_CREATED = "CREATION_TIMESTAMP"
_NO_METADATA = frozenset({"ITEM_ID", "USER_ID", _CREATED})
_NO_CONTEXT = frozenset({*_NO_METADATA, "TIMESTAMP", "EVENT_VALUE"})


@dataclass(frozen=True)
class MetadataFields:
    """Names of categorical and of numeric fields of a dataset, and of its texts, the name of an item first.

    `created`: whether the time at which an item was created takes part.
    """

    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    created: bool = False

    @classmethod
    def of(cls, schema: Schema, columns: Collection[str] | None = None) -> MetadataFields:
        """Those of a schema of items, users or interactions that are among `columns` (None: all).

        Those of interactions are the context. Booleans and strings that are neither categorical nor texts never take
        part in a training.
        """
        others = _NO_CONTEXT if schema.dataset_type == "INTERACTIONS" else _NO_METADATA
        fields = [field for field in schema.fields if field.name not in others]
        if columns is not None:
            fields = [field for field in fields if field.name in columns]
        return cls(
            categories=tuple(field.name for field in fields if field.categorical),
            numbers=tuple(field.name for field in fields if field.type in _NUMBERS),
            texts=tuple(
                [field.name for field in fields if field.item_name] + [field.name for field in fields if field.textual]
            ),
            created=schema.field(_CREATED) is not None and (columns is None or _CREATED in columns),
        )

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> MetadataFields:
        """Of what `asdict` makes of one, by way of JSON."""
        return cls(tuple(given["categories"]), tuple(given["numbers"]), tuple(given["texts"]), given["created"])


NO_METADATA = MetadataFields()


def item_attributes(records: pa.Table, fields: MetadataFields) -> Attributes:
    """What recommenders take from the records of an Items dataset.

    A field that was added to the schema after the last import has no column yet and is passed over.
    """
    present = set(records.column_names)
    return Attributes.from_columns(
        records["ITEM_ID"].to_pylist(),
        {name: records[name].to_pylist() for name in fields.categories if name in present},
        {name: _numbers(records, name) for name in fields.numbers if name in present},
        texts={name: records[name].to_pylist() for name in fields.texts if name in present},
        created=_numbers(records, _CREATED) if fields.created and _CREATED in present else None,
    )


def user_attributes(records: pa.Table, fields: MetadataFields) -> Attributes:
    """The same from the records of a Users dataset."""
    present = set(records.column_names)
    return Attributes.from_columns(
        records["USER_ID"].to_pylist(),
        {name: records[name].to_pylist() for name in fields.categories if name in present},
        {name: _numbers(records, name) for name in fields.numbers if name in present},
    )


def action_attributes(records: pa.Table) -> Attributes:
    """The same from the records of an Actions dataset: the value of each action."""
    numbers = {name: _numbers(records, name) for name in (VALUE,) if name in records.column_names}
    return Attributes.from_columns(records["ACTION_ID"].to_pylist(), {}, numbers)


def in_double_precision(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The numbers of a column; whole ones beyond 2^53, as codes may be, are the nearest that there are."""
    return pc.cast(column, pa.float64(), safe=False)


def _numbers(records: pa.Table, name: str) -> list[float | None]:
    numbers: list[float | None] = in_double_precision(records[name]).to_pylist()
    return numbers
