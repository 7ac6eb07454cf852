"""Which columns of its datasets a training may learn from: trainingDataConfig, and what was there at the creation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.schemas import Schema

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import TrainingDataConfigOutputTypeDef, TrainingDataConfigTypeDef

_TYPES: Final = ("INTERACTIONS", "ITEMS", "USERS")
_NEEDED: Final = frozenset({"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"})


def training_columns(
    config: TrainingDataConfigTypeDef | TrainingDataConfigOutputTypeDef | None,
    schemas: Mapping[str, Schema],
    *,
    where: str,
) -> dict[str, list[str]]:
    """The names of the columns by dataset type, of the datasets in `schemas`, that trainings of `config` use.

    A dataset that `config` does not name keeps all of its columns; ids, timestamps and event types always take part.
    Columns that a schema gains later do not. Raises InvalidInput, naming the member at `where`.
    """
    excluded: Mapping[str, Sequence[str]] = (config or {}).get("excludedDatasetColumns", {})
    included: Mapping[str, Sequence[str]] = (config or {}).get("includedDatasetColumns", {})
    if excluded and included:
        raise InvalidInput(f"{where}: give either includedDatasetColumns or excludedDatasetColumns, not both.")
    left_out = _checked(excluded, schemas, where=f"{where}.excludedDatasetColumns")
    kept = _checked(included, schemas, where=f"{where}.includedDatasetColumns")
    for dataset_type, columns in left_out.items():
        for column in columns:
            if column in _NEEDED:
                raise InvalidInput(f"{where}.excludedDatasetColumns: {column} of {dataset_type} cannot be excluded.")
    return {
        dataset_type: [
            field.name
            for field in schema.fields
            if field.name in _NEEDED
            or (
                field.name not in left_out.get(dataset_type, ()) and field.name in kept.get(dataset_type, (field.name,))
            )
        ]
        for dataset_type, schema in schemas.items()
    }


def _checked(
    given: Mapping[str, Sequence[str]], schemas: Mapping[str, Schema], *, where: str
) -> dict[str, Sequence[str]]:
    """The columns by dataset type in capitals, all of which exist."""
    by_type = {dataset_type.upper(): columns for dataset_type, columns in given.items()}
    for dataset_type, columns in by_type.items():
        if dataset_type not in _TYPES:
            raise InvalidInput(f"{where}: {dataset_type} is none of {', '.join(_TYPES)}.")
        if dataset_type not in schemas:
            raise InvalidInput(f"{where}: the dataset group has no {dataset_type} dataset.")
        for column in columns:
            if schemas[dataset_type].field(column) is None:
                names = ", ".join(field.name for field in schemas[dataset_type].fields)
                raise InvalidInput(f"{where}: the {dataset_type} dataset has no column {column}; it has {names}.")
    return by_type
