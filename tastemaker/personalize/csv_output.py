"""Writes typed columns as CSV by Personalize's rules, so that an import reads back what an export wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.csv_files import distinct_strings
from tastemaker.personalize.schemas import Schema

_ROWS_AT_ONCE: Final = 1 << 18
_LINE_BREAKS: Final = r"[\r\n]+"
_NEEDS_QUOTES: Final = r"""[",\\]"""
_TEXT: Final = pa.large_string()


def csv_files(records: pa.Table, schema: Schema, *, rows_in_file: int) -> Iterator[bytes]:
    """The records as the contents of one or more files, each with the schema's fields as its header.

    Rows that are exactly alike are written once. Null is an empty cell, an empty string `""`; text with commas, quotes
    or backslashes is quoted, with a backslash before inner quotes and backslashes. Since a record has to stand on one
    line, a line break in a value becomes a space. A field of the schema that the records lack is null in every row.
    """
    header = ",".join(field.name for field in schema.fields).encode() + b"\n"
    lines = pc.unique(_lines(records, schema))
    for start in range(0, max(1, len(lines)), rows_in_file):
        yield header + _content(lines.slice(start, rows_in_file))


def _lines(records: pa.Table, schema: Schema) -> pa.ChunkedArray:
    """Each record as its line, the line's end with it."""
    names = [field.name for field in schema.fields]
    texts = {name: _text(records[name]) for name in names if name in records.column_names}
    missing = pa.scalar("", _TEXT)
    chunks = []
    for start in range(0, records.num_rows, _ROWS_AT_ONCE):
        cells = [
            texts[name].slice(start, _ROWS_AT_ONCE).combine_chunks() if name in texts else missing for name in names
        ]
        # the id is a field of every schema, so that one cell at least is a column
        rows = pc.binary_join_element_wise(*cells, pa.scalar(",", _TEXT))
        chunks.append(pc.binary_join_element_wise(rows, pa.scalar("\n", _TEXT), pa.scalar("", _TEXT)))
    return pa.chunked_array(chunks, _TEXT)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells of a column, null as no text."""
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
        cells = _cells(distinct_strings(column))
        taken = [pc.take(cells, chunk.indices) for chunk in column.chunks]
        return pc.fill_null(pa.chunked_array(taken, _TEXT), "")
    return pc.fill_null(_cells(column), "")


def _cells(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    texts = values.cast(_TEXT)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return texts
    texts = pc.replace_substring_regex(texts, _LINE_BREAKS, " ")
    needs_quotes = pc.or_(pc.match_substring_regex(texts, _NEEDS_QUOTES), pc.equal(texts, ""))
    escaped = pc.replace_substring_regex(texts, r'(["\\])', r"\\\1")
    quote = pa.scalar('"', _TEXT)
    quoted = pc.binary_join_element_wise(quote, escaped, quote, pa.scalar("", _TEXT))
    return pc.if_else(needs_quotes, quoted, texts)


def _content(lines: pa.Array) -> bytes:
    """The lines one after the other: what an Arrow array of them holds in memory."""
    if not len(lines):
        return b""
    offsets = pa.Array.from_buffers(pa.int64(), len(lines) + 1, [None, lines.buffers()[1]], offset=lines.offset)
    begin, end = offsets[0].as_py(), offsets[-1].as_py()
    return bytes(lines.buffers()[2].slice(begin, end - begin))
