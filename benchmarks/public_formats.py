"""Interactions in the forms that public data sets come in: the form is told by a file's first lines.

| form | a line |
|---|---|
| Personalize's CSV | header with USER_ID, ITEM_ID, TIMESTAMP and, if need be, EVENT_TYPE |
| a table with a header | user, item and time named as in MovieLens' `ratings.csv`, Amazon 2023 or RecBole's `.inter` |
| ratings without a header | `user,item,rating,timestamp` (Amazon), or split by tabs (`u.data`), `::` (`ratings.dat`) |
| pairs in order | `user item` (SASRec): a user's lines are in order of time, which is not told |
| a user a line | `user item item …`, in order of time, which is not told |

Whatever the rating, a line is an interaction. Where no time is told, an event's is its place in the file.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import read_csv
from tastemaker.cli.usable import usable_rows
from tastemaker.recommenders import Interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOOKED_AT: Final = 1_000
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "user": ("userid", "user"),
    "item": ("itemid", "movieid", "parentasin", "asin", "item"),
    "time": ("timestamp", "unixreviewtime", "time"),
}
# a number of seconds as large is the year 5138, one of milliseconds 1973
_FIRST_MILLISECONDS: Final = 100_000_000_000
# what a rating never is, and every timestamp since 1973
_FIRST_TIME: Final = 100_000_000
_KNOWN: Final = (
    "known are Personalize's CSV, tables whose header names a user, an item and a timestamp, "
    "`user,item,rating,timestamp` split by commas, tabs or `::`, `user item` in order of time, and "
    "`user item item …`, one user a line"
)


class UnknownForm(CommandError):
    """The file is in none of the forms, or one of its lines is not in the form of the others."""


@dataclass(frozen=True)
class Form:
    """`name`, in words, and how a file of it is read."""

    name: str
    read: Callable[[Path], Interactions]


def detect(path: Path) -> Form:
    """The form of a file, by its first thousand lines. Raises UnknownForm where it is none of those above."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [line.rstrip("\r\n") for line in islice(file, _LOOKED_AT)]
    except (OSError, UnicodeDecodeError) as error:
        raise UnknownForm(f"{path} cannot be read as text ({error}): give a file of interactions") from error
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise UnknownForm(f"{path} is empty: give a file of interactions")
    for form in (_headed, _rated, _pairs, _user_a_line):
        if found := form(lines):
            return found
    raise UnknownForm(f"{path} begins with {lines[0][:80]!r}, which is no form that is read here: {_KNOWN}")


def _headed(lines: Sequence[str]) -> Form | None:
    if {"USER_ID", "ITEM_ID", "TIMESTAMP"} <= {name.strip('" ') for name in lines[0].split(",")}:
        return Form("Personalize's CSV", _read_personalize)
    delimiter = "\t" if "\t" in lines[0] else ","
    header = lines[0].split(delimiter)
    # RecBole writes the type behind the name
    plain = [re.sub(r":.*|[_\s\"]", "", name).lower() for name in header]
    found = {role: next((plain.index(name) for name in names if name in plain), -1) for role, names in _NAMES.items()}
    if min(found.values()) < 0:
        return None
    columns = [header[place].strip('"') for place in found.values()]
    name = f"a table with the columns {', '.join(columns)}"
    return Form(name, partial(_read_table, delimiter=delimiter, roles=tuple(found.values()), skip=1))


def _rated(lines: Sequence[str]) -> Form | None:
    for delimiter, word in (("::", "`::`"), ("\t", "tabs"), (",", "commas")):
        if all(_is_rating(line.split(delimiter)) for line in lines):
            name = f"user, item, rating, timestamp, split by {word}"
            return Form(name, partial(_read_table, delimiter=delimiter, roles=(0, 1, 3), skip=0))
    return None


def _is_rating(fields: Sequence[str]) -> bool:
    return len(fields) == 4 and _is_number(fields[2]) and _is_number(fields[3]) and float(fields[3]) >= _FIRST_TIME


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text.strip()) is not None


def _pairs(lines: Sequence[str]) -> Form | None:
    fields = [line.split() for line in lines]
    if any(len(line) != 2 for line in fields) or "," in lines[0]:
        return None
    return Form("user and item, a user's lines in order of time", _read_pairs)


def _user_a_line(lines: Sequence[str]) -> Form | None:
    fields = [line.split() for line in lines]
    users = {line[0] for line in fields}
    lengths = {len(line) for line in fields}
    # lines of one length may be of another form, such as `user item rating`
    if min(lengths) < 2 or len(users) < len(lines) or (len(lengths) == 1 and len(lines) > 1) or "," in lines[0]:
        return None
    return Form("one user a line, items in order of time", _read_user_a_line)


def _read_personalize(path: Path) -> Interactions:
    interactions, refused = usable_rows(read_csv(path))
    for reason, count in refused.items():
        sys.stderr.write(f"Rows left out: {count:,}. {reason}\n")
    return interactions


def _read_table(path: Path, *, delimiter: str, roles: tuple[int, ...], skip: int) -> Interactions:
    """`roles`: the places of the columns of users, items and times; `skip`: lines of header."""
    data = path.read_bytes()
    if len(delimiter) > 1:
        # pyarrow splits by single characters
        data, delimiter = data.replace(delimiter.encode(), b"\t"), "\t"
    first = data.split(b"\n", 1)[0].decode("utf-8-sig").split(delimiter)
    names = [f"{place}" for place in range(len(first))]
    user, item, time = (names[place] for place in roles)
    try:
        table = pacsv.read_csv(
            io.BytesIO(data),
            read_options=pacsv.ReadOptions(column_names=names, skip_rows=skip),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, quote_char='"' if delimiter == "," else False),
            convert_options=pacsv.ConvertOptions(
                column_types={user: pa.string(), item: pa.string(), time: pa.float64()},
                include_columns=[user, item, time],
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnknownForm(f"{path} has a line unlike its first ones ({error}): mend or remove it") from error
    users, items = (_text(table.column(name)) for name in (user, item))
    times = table.column(time).to_numpy()
    bad = np.flatnonzero((users == "") | (items == "") | ~np.isfinite(times))
    if len(bad):
        raise UnknownForm(f"{path}, line {bad[0] + 1 + skip}: user, item or timestamp is missing: mend or remove it")
    seconds = times / 1_000 if len(times) and np.median(times) >= _FIRST_MILLISECONDS else times
    return Interactions.from_columns(users, items, seconds.astype(np.int64))


def _text(column: pa.ChunkedArray) -> NDArray[np.str_]:
    # ids come many times: each is made into Python's text once
    encoded = column.combine_chunks().dictionary_encode()
    texts: NDArray[np.str_] = np.asarray(encoded.dictionary.to_pylist(), dtype=np.str_)[encoded.indices.to_numpy()]
    return texts


def _read_pairs(path: Path) -> Interactions:
    return _in_order(path, lambda fields: len(fields) == 2)


def _read_user_a_line(path: Path) -> Interactions:
    return _in_order(path, lambda fields: len(fields) >= 2)


def _in_order(path: Path, is_right: Callable[[Sequence[str]], bool]) -> Interactions:
    users: list[str] = []
    items: list[str] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            fields = line.split()
            if not fields:
                continue
            if not is_right(fields):
                raise UnknownForm(f"{path}, line {number}: {line.strip()[:80]!r} is unlike the first ones: mend it")
            items += fields[1:]
            users += [fields[0]] * (len(fields) - 1)
    return Interactions.from_columns(users, items, np.arange(len(users)))
