"""What a record of PutItems, PutUsers or PutActions says, checked against the schema of its dataset."""

from __future__ import annotations

from typing import Final

from tastemaker.personalize.csv_files import LONGEST_STRING, LONGEST_TEXT
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.properties import camel_case, parsed, text_of
from tastemaker.personalize.puts import PutRecord
from tastemaker.personalize.schemas import IDENTIFIED_BY, Field, Schema

_NO_PROPERTIES: Final = "{}"


class RecordFields:
    """The rules that a schema makes for records of its dataset."""

    def __init__(self, schema: Schema) -> None:
        own = [field for field in schema.fields if field.name != IDENTIFIED_BY[schema.dataset_type]]
        self._by_key = {camel_case(field.name): field for field in own}

    def read(self, record_id: str, properties: str | None, place: str) -> PutRecord:
        """The record as it is kept. `place` is for messages. Raises InvalidInput.

        As in a CSV file, an empty value is null, and text that is too long is cut off. Keys that the schema does not
        know are passed over.
        """
        given = parsed(properties or _NO_PROPERTIES, place)
        values = {}
        for key, field in self._by_key.items():
            value = given.get(key)
            if value is not None and value != "":
                values[field.name] = _fitting(field, text_of(field, value, f"{place}.properties.{key}"), place)
            elif not field.nullable:
                raise InvalidInput(
                    f"{place} lacks {key} in its properties: the field {field.name} of the schema does not allow null."
                )
        return PutRecord(record_id, values)


def _fitting(field: Field, text: str, place: str) -> str:
    if field.type != "string":
        return text
    if field.textual:
        return text[:LONGEST_TEXT]
    if len(text) > LONGEST_STRING:
        raise InvalidInput(
            f"{place}.properties.{camel_case(field.name)} has {len(text)} characters, and {LONGEST_STRING} are the "
            f"most for {field.name}."
        )
    return text
