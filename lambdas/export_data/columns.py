"""From a DynamoDB attribute to a CSV cell: what each field of a schema accepts, and why a row is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Final

AttributeValue = Mapping[str, Any]
Cell = Callable[[AttributeValue], str]

ID_FIELDS: Final = frozenset({"USER_ID", "ITEM_ID"})
TIME_FIELDS: Final = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP"})
MAX_ID_LENGTH: Final = 256
MAX_TEXT_LENGTH: Final = 1000
BETWEEN_CATEGORIES: Final = "|"
# DynamoDB's own numbers have no more
MAX_DIGITS: Final = 38
# 100,000,000,000 s is the year 5138, and as milliseconds the year 1973
FIRST_MILLISECONDS: Final = 100_000_000_000
_LINE_BREAKS = re.compile(r"[\r\n]+")
_NEEDS_QUOTES = re.compile(r'[,"\\]')
_TO_ESCAPE = re.compile(r'(["\\])')


class Refused(Exception):
    """A row that Personalize would stumble over: `code` is counted, the message is kept beside the row."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Column:
    """One field of the schema and the attribute it is read from."""

    name: str
    attribute: str
    required: bool
    cell: Cell

    @classmethod
    def of(cls, field: Mapping[str, Any], mended: Counter[str]) -> Column:
        """From `{"name", "attribute", "type", "required"}` of the state machine's payload; `type` may also be
        `categories` or `text`. In `mended` the values are counted that could not stay as they were.
        """
        cell = _cell(field["name"], field["type"], mended)
        return cls(field["name"], field["attribute"], field["required"], cell)

    def read(self, item: Mapping[str, AttributeValue]) -> str:
        """The CSV cell for this column; an absent optional attribute is an empty one."""
        value = item.get(self.attribute)
        if value is None or "NULL" in value:
            if self.required:
                raise Refused("missing", f"the attribute {self.attribute} is missing")
            return ""
        try:
            return self.cell(value)
        except Refused as refused:
            raise Refused(refused.code, f"the attribute {self.attribute} {refused}") from refused


def _cell(name: str, kind: str, mended: Counter[str]) -> Cell:
    if name in ID_FIELDS:
        return identifier
    if name in TIME_FIELDS:
        return epoch_seconds
    cells: Mapping[str, Cell] = {
        "string": partial(string, mended=mended),
        "categories": partial(categories, mended=mended),
        "text": partial(text, mended=mended),
        "int": integer,
        "long": integer,
        "float": number,
        "double": number,
        "boolean": boolean,
    }
    return cells["categories" if name == "IMPRESSION" else kind]


def identifier(value: AttributeValue) -> str:
    """A user's or item's id, as it stands; never mended, since another id would be another thing."""
    plain = _plain(value)
    if not plain:
        raise Refused("empty", "is empty")
    if len(plain) > MAX_ID_LENGTH:
        raise Refused("tooLong", f"has {len(plain)} characters; an id has at most {MAX_ID_LENGTH}")
    if _LINE_BREAKS.search(plain):
        raise Refused("lineBreak", "contains a line break, which no id may")
    return quoted(plain)


def string(value: AttributeValue, *, mended: Counter[str]) -> str:
    """A string of at most 1,000 characters; line breaks become spaces, since a record is one line."""
    return _short(_in_one_line(_plain(value), mended))


def categories(value: AttributeValue, *, mended: Counter[str]) -> str:
    """One category, or all those of a list or a set, which has no order and gets that of the alphabet."""
    match value:
        case {"L": list(members)}:
            members = [_plain(member) for member in members]
        case {"SS": members} | {"NS": members}:
            members = sorted(members)
        case _:
            members = [_plain(value)]
    return _short(_in_one_line(BETWEEN_CATEGORIES.join(members), mended))


def text(value: AttributeValue, *, mended: Counter[str]) -> str:
    """A text to learn from, of any length: Personalize cuts what is too long. Line breaks become spaces."""
    return quoted(_in_one_line(_plain(value), mended))


def _in_one_line(plain: str, mended: Counter[str]) -> str:
    line, breaks = _LINE_BREAKS.subn(" ", plain)
    if breaks:
        mended["lineBreak"] += 1
    return line


def _short(plain: str) -> str:
    if len(plain) > MAX_TEXT_LENGTH:
        raise Refused("tooLong", f"has {len(plain)} characters; at most {MAX_TEXT_LENGTH} are allowed")
    return quoted(plain)


def epoch_seconds(value: AttributeValue) -> str:
    """A moment as whole seconds since 1970."""
    whole = integer(value)
    if int(whole) < 0:
        raise Refused("outOfRange", f"is {whole}, a time before 1970")
    if int(whole) >= FIRST_MILLISECONDS:
        raise Refused("milliseconds", f"is {whole}: milliseconds, where seconds since 1970 are expected")
    return whole


def integer(value: AttributeValue) -> str:
    """A whole number; a fraction of a second or of a count is cut off."""
    digits = _plain(value)
    if digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS:
        return digits
    return str(int(_decimal(digits)))


def number(value: AttributeValue) -> str:
    return str(float(_decimal(_plain(value))))


def boolean(value: AttributeValue) -> str:
    if "BOOL" in value:
        return "true" if value["BOOL"] else "false"
    raise Refused("wrongType", f"is of DynamoDB's type {_type(value)}, where BOOL is expected")


def quoted(plain: str) -> str:
    """A text as Personalize reads it: in quotes where it must be, with backslash escapes inside."""
    if _NEEDS_QUOTES.search(plain):
        return '"' + _TO_ESCAPE.sub(r"\\\1", plain) + '"'
    return plain


def _plain(value: AttributeValue) -> str:
    if "S" in value:
        return str(value["S"])
    if "N" in value:
        return str(value["N"])
    raise Refused("wrongType", f"is of DynamoDB's type {_type(value)}, where S or N is expected")


def _type(value: AttributeValue) -> str:
    return next(iter(value), "none")


def _decimal(digits: str) -> Decimal:
    try:
        exact = Decimal(digits.strip())
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or abs(exact.adjusted()) >= MAX_DIGITS:
        raise Refused("notANumber", f"is {digits[:40]!r}, where a number is expected")
    return exact
