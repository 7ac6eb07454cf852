"""Personalize's CSV format: a header, then a record a line, backslash escapes in quotes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import csv

from tastemaker.cli.errors import CommandError

# a row has to fit into one block of the reader
_READ: Final = csv.ReadOptions(block_size=64 * 1024 * 1024)
_PARSE: Final = csv.ParseOptions(escape_char="\\", double_quote=False)


def read_table(path: Path, *, required: Sequence[str], optional: Sequence[str] | None = None) -> pa.Table:
    """All columns of a file as text, as they stand; what is empty is the empty text.

    Raises CommandError where the file cannot be read, has no rows, lacks a `required` column, or has one of the columns
    that are asked for (`optional` None: any) more than once.
    """
    if not path.exists() or path.is_dir():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise CommandError(f"{path} {what}: name a CSV file with {_columns(required)}")
    try:
        data = path.read_bytes()
        names = csv.open_csv(pa.BufferReader(data), read_options=_READ, parse_options=_PARSE).schema.names
        wanted = names if optional is None else (*required, *optional)
        if twice := sorted({name for name in wanted if names.count(name) > 1}):
            raise CommandError(f"{path} has the column {', '.join(twice)} more than once: take one of them away")
        table = csv.read_csv(
            pa.BufferReader(data),
            read_options=_READ,
            parse_options=_PARSE,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (OSError, ValueError) as error:  # pyarrow's own errors and those of decoding are ValueErrors
        raise CommandError(f"{path} is no CSV file in Personalize's format: {error}") from error
    if missing := [name for name in required if name not in names]:
        raise CommandError(
            f"{path} has no column {', '.join(missing)}; its header says {', '.join(names)}. "
            f"Give it {_columns((*required, *(optional or ())))}"
        )
    if not table.num_rows:
        raise CommandError(f"{path} has a header and no rows")
    return table


def _columns(names: Sequence[str]) -> str:
    return f"the column{'s' if len(names) > 1 else ''} {', '.join(names)}"
