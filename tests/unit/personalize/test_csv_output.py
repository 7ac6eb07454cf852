"""What is written as CSV is read back as it was."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.personalize.csv_files import arrow_type, read_csv
from tastemaker.personalize.csv_output import csv_files
from tastemaker.personalize.schemas import Schema, parse_schema


def schema_of(name: str, *fields: dict[str, Any]) -> Schema:
    return parse_schema(json.dumps({"type": "record", "name": name, "fields": list(fields)}), None)


USERS = schema_of(
    "Users",
    {"name": "USER_ID", "type": "string"},
    {"name": "NOTE", "type": ["null", "string"]},
    {"name": "AGE", "type": ["null", "int"]},
    {"name": "SEEN", "type": ["null", "long"]},
    {"name": "WEIGHT", "type": ["null", "float"]},
    {"name": "SHARE", "type": ["null", "double"]},
    {"name": "PAYS", "type": ["null", "boolean"]},
)
EVENTS = schema_of(
    "Interactions",
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "DEVICE", "type": ["null", "string"]},
)

# an import refuses line breaks inside a record, so no record of a dataset holds one but those that were streamed
_LINE = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")
TEXTS = st.text(_LINE, max_size=12) | st.text('ab,"\\ \t', max_size=6)
IDS = st.text(_LINE, min_size=1, max_size=8) | st.text('a,"\\', min_size=1, max_size=4)
NUMBERS = {
    "AGE": st.integers(-(2**31), 2**31 - 1),
    "SEEN": st.integers(-(2**63), 2**63 - 1),
    "WEIGHT": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "SHARE": st.floats(allow_nan=False, allow_infinity=False),
    "PAYS": st.booleans(),
}
USER_ROWS = st.fixed_dictionaries(
    {"USER_ID": IDS, "NOTE": st.none() | TEXTS, **{name: st.none() | kind for name, kind in NUMBERS.items()}}
)
EVENT_ROWS = st.fixed_dictionaries(
    {"USER_ID": IDS, "ITEM_ID": IDS, "TIMESTAMP": NUMBERS["SEEN"], "DEVICE": st.none() | TEXTS}
)


def table_of(rows: list[dict[str, Any]], schema: Schema) -> pa.Table:
    columns = {}
    for field in schema.fields:
        kind = arrow_type(field, schema)
        values = [row[field.name] for row in rows]
        is_coded = pa.types.is_dictionary(kind)
        columns[field.name] = pa.array(values, pa.string()).dictionary_encode() if is_coded else pa.array(values, kind)
    return pa.table(columns)


def read_back(files: list[bytes], schema: Schema) -> list[dict[str, Any]]:
    rows = []
    for number, file in enumerate(files):
        header, table = read_csv(file, schema, str(number))
        assert header == tuple(field.name for field in schema.fields)
        rows += table.to_pylist()
    return rows


def distinct(rows: list[dict[str, Any]], schema: Schema) -> list[dict[str, Any]]:
    """The rows as the columns hold them, the first of those that are alike."""
    # by their text: 0.0 and -0.0 are equal, and not alike
    return list({repr(row): row for row in table_of(rows, schema).to_pylist()}.values())


@settings(deadline=None)
@given(st.lists(USER_ROWS, max_size=8), st.integers(1, 5))
def test_records_of_any_type_are_read_back_as_they_were(rows: list[dict[str, Any]], rows_in_file: int) -> None:
    files = list(csv_files(table_of(rows, USERS), USERS, rows_in_file=rows_in_file))

    assert repr(read_back(files, USERS)) == repr(distinct(rows, USERS))
    assert len(files) == max(1, -(-len(distinct(rows, USERS)) // rows_in_file))


@given(st.lists(EVENT_ROWS, max_size=8))
def test_interactions_whose_texts_are_dictionaries_are_read_back_as_they_were(rows: list[dict[str, Any]]) -> None:
    half = len(rows) // 2
    table = pa.concat_tables([table_of(rows[:half], EVENTS), table_of(rows[half:], EVENTS)])

    assert read_back(list(csv_files(table, EVENTS, rows_in_file=100)), EVENTS) == distinct(rows, EVENTS)


def test_the_text_is_personalizes() -> None:
    rows = [
        {"USER_ID": "u", "ITEM_ID": 'say "hi"', "TIMESTAMP": 1, "DEVICE": None},
        {"USER_ID": "u", "ITEM_ID": "a,b", "TIMESTAMP": 2, "DEVICE": "back\\slash"},
        {"USER_ID": "u", "ITEM_ID": "a,b", "TIMESTAMP": 2, "DEVICE": "back\\slash"},
        {"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": 3, "DEVICE": ""},
        {"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": 4, "DEVICE": "two\r\nlines"},
    ]

    (file,) = csv_files(table_of(rows, EVENTS), EVENTS, rows_in_file=100)

    assert file.decode().splitlines() == [
        "USER_ID,ITEM_ID,TIMESTAMP,DEVICE",
        r'u,"say \"hi\"",1,',
        r'u,"a,b",2,"back\\slash"',
        'u,i,3,""',
        "u,i,4,two lines",
    ]


def test_a_field_that_came_to_the_schema_later_is_empty() -> None:
    rows = [{"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": 1, "DEVICE": None}]
    older = table_of(rows, EVENTS).drop_columns(["DEVICE"])

    (file,) = csv_files(older, EVENTS, rows_in_file=100)

    assert file == b"USER_ID,ITEM_ID,TIMESTAMP,DEVICE\nu,i,1,\n"
