"""Metadata in answers: the columns of the Items dataset that a request asks for, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.filters.attributes import NO_RECORD, Attributes
from tastemaker.personalize.filters.overlaid import Overlaid
from tastemaker.personalize.kinds import DATASET
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.filtering import attributes_of, dataset_arn
from tastemaker.personalize.operations.serving import Serving
from tastemaker.personalize.properties import camel_case
from tastemaker.personalize.schemas import Schema

if TYPE_CHECKING:
    from tastemaker.personalize.operations.answers import Describe
    from tastemaker.personalize.operations.filtering import Request

MOST_COLUMNS: Final = 10


def item_metadata(here: AccountRegion, given: Request, serving: Serving) -> Describe | None:
    """What tells the metadata of items that the request asks for; None where it asks for none."""
    asked = given.get("metadataColumns")
    if not asked:
        return None
    columns = _checked(asked, serving)
    if not columns:
        return None
    items = attributes_of(here, serving.group_arn, "ITEMS")
    schema = items.schema if items is not None else _schema(here, serving.group_arn)
    for name in columns:
        if name == "ITEM_ID" or schema.field(name) is None:
            raise InvalidInput(f"metadataColumns: the Items dataset has no metadata column {name}.")
    if items is None:
        return lambda ids: [{} for _ in ids]
    known = items
    return lambda ids: _texts(known, columns, ids)


def _checked(asked: object, serving: Serving) -> list[str]:
    if not serving.gives_metadata:
        raise InvalidInput(
            f"metadataColumns: {serving.arn} has no metadata in its answers; set enableMetadataWithRecommendations in "
            "its configuration."
        )
    assert isinstance(asked, dict)  # noqa: S101 # the shape's
    if others := sorted(set(asked) - {"ITEMS"}):
        raise InvalidInput(f"metadataColumns: {others[0]} is no dataset with metadata of items: use ITEMS.")
    columns: list[str] = list(dict.fromkeys(asked["ITEMS"]))
    if len(columns) > MOST_COLUMNS:
        raise InvalidInput(f"metadataColumns has {len(columns)} columns, and {MOST_COLUMNS} is the most.")
    return columns


def _schema(here: AccountRegion, group_arn: str) -> Schema:
    with here.resources.changing():
        dataset = here.resources.peek(DATASET, dataset_arn(here, group_arn, "ITEMS"))
        if dataset is None:
            raise InvalidInput(f"metadataColumns: {group_arn} has no Items dataset.")
        return schema_of(here, dataset)


def _texts(items: Attributes | Overlaid, columns: Sequence[str], ids: Sequence[str]) -> list[dict[str, str]]:
    """Each item's fields; one that is null, or an item without a record, has none."""
    keys = {name: camel_case(name) for name in columns}
    texts = []
    for row in map(items.row, ids):
        values = {} if row == NO_RECORD else {key: items.value(name, row) for name, key in keys.items()}
        texts.append({key: _text(value) for key, value in values.items() if value is not None and value.is_valid})
    return texts


def _text(value: pa.Scalar) -> str:
    if pa.types.is_boolean(value.type):
        return "true" if value.as_py() else "false"
    if pa.types.is_float32(value.type):
        # 9.99, not the 9.989999771118164 that it is as a double
        return str(np.float32(value.as_py()))
    return str(value.as_py())
