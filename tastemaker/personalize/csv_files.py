"""Reads CSV by Personalize's rules into typed columns: backslash escapes, an unquoted header, one record a line."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tastemaker.personalize.action_events import EVENT_TYPES, canonical
from tastemaker.personalize.schemas import Field, Schema

ID_FIELDS = ("USER_ID", "ITEM_ID", "ACTION_ID")
LONGEST_ID = 256
LONGEST_STRING = 1000
LONGEST_TEXT = 20_000

NONCONFORMING = (
    "Input csv has rows that do not conform to the dataset schema. Please ensure all required data fields are present "
    "and that they are of the type specified in the schema."
)
_FORMATTING_GUIDE = "https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html"

_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
_RECORD = re.compile(r"(columns, got \d+): .*|(invalid value) .*", re.DOTALL)
_FRACTIONS = ("float", "double")
_SOMETHING = re.compile(rb"[^\r\n]")
_BLOCK = 4 << 20  # bytes: no line may be longer
_CODES = pa.dictionary(pa.int32(), pa.string())


class ImportRefused(Exception):
    """Data breaks a rule. `reason` is Personalize's failureReason; `detail` says where, which Personalize does not."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail


def read_csv(data: bytes, schema: Schema, name: str) -> tuple[tuple[str, ...], pa.Table]:
    """The header of a file and its columns, as the schema names, types and orders them. `name` is for messages.

    Columns that the schema does not know are passed over; empty cells are null. Strings of interactions come as
    dictionaries, since few differ. Raises ImportRefused.
    """
    end = data.find(b"\n")
    end = len(data) if end < 0 else end
    first_line = data[:end]
    header = tuple(first_line.decode("utf-8-sig", errors="replace").rstrip("\r").split(","))
    _check_header(header, schema, name)
    body = pa.py_buffer(data).slice(min(len(data), end + 1))
    types = {field.name: arrow_type(field, schema) for field in schema.fields}
    has_records = _SOMETHING.search(data, end) is not None
    table = pa.schema(types).empty_table()
    if has_records:
        parsed = _parse(body, header, types, name)
        with ThreadPoolExecutor(len(types), "encode") as columns:
            encoded = columns.map(_encoded, parsed.columns, types.values())
            # other threads encode meanwhile
            many_lines = data.count(b"\n") > parsed.num_rows + 1 or b"\r" in data
            table = pa.table(dict(zip(types, encoded, strict=True)))
        if many_lines:
            _check_lines(table, schema, name)
    for position, field in enumerate(schema.fields):
        checked = _checked(field, table.column(position), name)
        if schema.dataset_type == "ACTION_INTERACTIONS" and field.name == "EVENT_TYPE":
            checked = _canonical(checked, name)
        table = table.set_column(position, field.name, checked)
    return header, table


def arrow_type(field: Field, schema: Schema) -> pa.DataType:
    """How a field is held in memory and on disk."""
    if field.type == "string" and schema.dataset_type.endswith("INTERACTIONS"):
        return _CODES
    return _TYPES[field.type]


def _check_header(header: tuple[str, ...], schema: Schema, name: str) -> None:
    missing = [field.name for field in schema.fields if field.name not in header]
    if missing:
        # not what stands there: where the header itself is missing, it is a record
        detail = f"The first line of {name} has to hold them, spelled exactly so and without quotes."
        raise ImportRefused(f"Input CSV is missing the following columns: [{', '.join(missing)}].", detail)
    twice = [field.name for field in schema.fields if header.count(field.name) > 1]
    if twice:
        raise ImportRefused(
            f"Input CSV has the following columns more than once: [{', '.join(twice)}].", f"See {name}."
        )


def _parse(body: pa.Buffer, header: tuple[str, ...], types: dict[str, pa.DataType], name: str) -> pa.Table:
    # strings are parsed as such and encoded after, which takes less time than pyarrow's dictionaries of each block
    parsed = {name: pa.string() if type_ == _CODES else type_ for name, type_ in types.items()}
    try:
        return pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(column_names=_distinct(header), block_size=_BLOCK),
            parse_options=pacsv.ParseOptions(double_quote=False, escape_char="\\"),
            convert_options=pacsv.ConvertOptions(
                column_types=parsed,
                include_columns=list(parsed),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=_spellings("true"),
                false_values=_spellings("false"),
            ),
        )
    except pa.ArrowInvalid as error:
        # the message ends in the row or the value itself, which may name a user and is no log's business
        said = _RECORD.sub(r"\1\2", str(error))
        raise ImportRefused(NONCONFORMING, f"{name}: {said}") from error


def _encoded(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    return column.dictionary_encode() if wanted == _CODES else column


def _spellings(word: str) -> list[str]:
    return ["".join(letters) for letters in product(*zip(word, word.upper(), strict=True))]


def _distinct(header: tuple[str, ...]) -> list[str]:
    """Columns that are passed over may share a name, which pyarrow would take for one column."""
    return [column if header.count(column) == 1 else f"{number}:{column}" for number, column in enumerate(header)]


def _check_lines(table: pa.Table, schema: Schema, name: str) -> None:
    """Refuse a value with a line break, which only a file with more lines than records can hold."""
    for field in schema.fields:
        if field.type == "string" and (row := _first(_matches(table[field.name], r"[\r\n]"))) is not None:
            raise ImportRefused(NONCONFORMING, f"{name}: record {row + 1} has a line break in {field.name}.")


def _checked(field: Field, column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    if not field.nullable and column.null_count:
        row = _first(pc.is_null(column))
        raise ImportRefused(NONCONFORMING, f"{name}: record {(row or 0) + 1} has no {field.name}.")
    if field.type != "string":
        if field.type in _FRACTIONS and (row := _first(pc.invert(pc.is_finite(column)))) is not None:
            raise ImportRefused(NONCONFORMING, f"{name}: record {row + 1} has no finite number in {field.name}.")
        return column
    values = distinct_strings(column)
    sizes = pc.min_max(pc.binary_length(values)).as_py()
    if field.name in ID_FIELDS and sizes["min"] == 0:
        raise ImportRefused(NONCONFORMING, f"{name}: an empty {field.name}.")
    limit = LONGEST_ID if field.name in ID_FIELDS else LONGEST_TEXT if field.textual else LONGEST_STRING
    # no text has more characters than bytes, so the cheap length decides nearly always
    if (sizes["max"] or 0) <= limit or pc.max(pc.utf8_length(values)).as_py() <= limit:
        return column
    if field.textual:
        return pc.utf8_slice_codeunits(column, 0, limit)
    raise ImportRefused(
        f"Length cannot be more than {limit} characters for {field.name}. If no values exceed the character limit, "
        f"make sure your data follows the formatting guidelines listed in {_FORMATTING_GUIDE}.",
        f"{name}: the longest value has {pc.max(pc.utf8_length(values)).as_py()} characters.",
    )


def _canonical(event_types: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Event types of actions as they are kept, however they are written."""
    written = distinct_strings(event_types).to_pylist()
    kept = [canonical(event_type) for event_type in written]
    for event_type, known in zip(written, kept, strict=True):
        if known is None:
            detail = f"{name}: the EVENT_TYPE {event_type!r} is none of {', '.join(EVENT_TYPES)}."
            raise ImportRefused(NONCONFORMING, detail)
    if kept == written:
        return event_types
    chunks = [pa.array(kept, pa.string()).take(chunk.indices) for chunk in event_types.chunks]
    return pc.dictionary_encode(pa.chunked_array(chunks, pa.string()))


def distinct_strings(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The values that occur: a dictionary's own, or the column itself. Dictionaries must be unified."""
    if not pa.types.is_dictionary(column.type):
        return column
    return column.chunk(0).dictionary if column.num_chunks else pa.array([], column.type.value_type)


def _matches(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    return pc.match_substring_regex(plain, pattern)


def _first(mask: pa.ChunkedArray) -> int | None:
    row = pc.index(mask, True).as_py()
    return None if row < 0 else int(row)
