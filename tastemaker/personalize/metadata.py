"""What a training learns of items beside their interactions: which fields it takes, and their values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.schemas import Schema
from tastemaker.recommenders import Attributes

_NUMBERS = frozenset({"int", "long", "float", "double"})
_NO_METADATA = frozenset({"ITEM_ID", "CREATION_TIMESTAMP"})


@dataclass(frozen=True)
class MetadataFields:
    """Names of categorical and of numeric fields of an Items dataset, and of its texts, the name of an item first."""

    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, schema: Schema, columns: Collection[str] | None = None) -> MetadataFields:
        """Those of an Items schema that are among `columns` (None: all).

        Booleans and strings that are neither categorical nor texts never take part in a training.
        """
        fields = [field for field in schema.fields if field.name not in _NO_METADATA]
        if columns is not None:
            fields = [field for field in fields if field.name in columns]
        return cls(
            categories=tuple(field.name for field in fields if field.categorical),
            numbers=tuple(field.name for field in fields if field.type in _NUMBERS),
            texts=tuple(
                [field.name for field in fields if field.item_name] + [field.name for field in fields if field.textual]
            ),
        )

    @classmethod
    def of_json(cls, names: Mapping[str, Sequence[str]]) -> MetadataFields:
        return cls(**{kind: tuple(listed) for kind, listed in names.items()})


NO_METADATA = MetadataFields()


def item_attributes(records: pa.Table, fields: MetadataFields) -> Attributes:
    """What recommenders take from the records of an Items dataset.

    A field that was added to the schema after the last import has no column yet and is passed over.
    """
    present = set(records.column_names)
    return Attributes.from_columns(
        records["ITEM_ID"].to_pylist(),
        {name: records[name].to_pylist() for name in fields.categories if name in present},
        {name: pc.cast(records[name], pa.float64()).to_pylist() for name in fields.numbers if name in present},
    )
