"""The rows of a file that an engine could train on, and how many of the others there are, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from tastemaker.cli.columns import infer_column
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import Events
from tastemaker.recommenders import Context, Interactions

LONGEST_ID: Final = 256
# 100,000,000,000 s is the year 5138, and as milliseconds the year 1973
_FIRST_MILLISECONDS: Final = 100_000_000_000
# as many digits are always before it
_PLAIN: Final = 11
_LINE_BREAKS: Final = frozenset("\r\n")


def usable_rows(events: Events) -> tuple[Interactions, Counter[str]]:
    """What can be trained on, by the rules of the export, and the number of refused rows by reason, in words.

    Refused is a row whose user or item id is empty, longer than 256 characters or broken over lines, or whose
    timestamp is no number of seconds since 1970; a fraction of a second is cut off. What the context of the rows seems
    to be, categories or numbers, goes along. Raises CommandError where nothing is left, or context is a free text.
    """
    kept: list[int] = []
    users: list[str] = []
    items: list[str] = []
    times: list[int] = []
    kinds: list[str] = []
    refused: Counter[str] = Counter()
    known_users, known_items = ({id_ for id_ in set(ids) if is_id(id_)} for ids in (events.user_ids, events.item_ids))
    rows = zip(events.user_ids, events.item_ids, events.timestamps, events.event_types, strict=True)
    for row, (user_id, item_id, timestamp, kind) in enumerate(rows):
        seconds = _seconds(timestamp)
        if user_id not in known_users:
            refused[f"USER_ID is empty, has a line break or more than {LONGEST_ID} characters"] += 1
        elif item_id not in known_items:
            refused[f"ITEM_ID is empty, has a line break or more than {LONGEST_ID} characters"] += 1
        elif seconds is None:
            refused["TIMESTAMP is no number of seconds since 1970"] += 1
        else:
            users.append(user_id)
            items.append(item_id)
            times.append(seconds)
            kinds.append(kind)
            kept.append(row)
    if not users:
        reasons = "; ".join(f"{count:,} rows: {reason}" for reason, count in refused.items())
        raise CommandError(f"{events.source} has no row to train on ({reasons}): mend the values")
    return Interactions.from_columns(users, items, times, kinds, context=_context(events, kept)), refused


def _context(events: Events, rows: Sequence[int]) -> Context | None:
    """Of these rows; None without contextual columns."""
    columns = [infer_column(name, [cells[row] for row in rows]) for name, cells in events.context.items()]
    if texts := [column.field for column in columns if column.kind == "text"]:
        raise CommandError(
            f"{', '.join(texts)} of {events.source} cannot be context: nearly every event has another text there. Name "
            "columns of categories or numbers"
        )
    categories = {column.field: column.values for column in columns if column.categorical}
    numbers = {
        column.field: [None if text is None else float(text) for text in column.values]
        for column in columns
        if column.type != "string"
    }
    return Context.from_columns(categories, numbers) if categories or numbers else None


def is_id(text: str) -> bool:
    """Whether Personalize takes it as an id."""
    return 0 < len(text) <= LONGEST_ID and _LINE_BREAKS.isdisjoint(text)


def _seconds(text: str) -> int | None:
    if text.isdigit() and text.isascii() and len(text) <= _PLAIN:
        # nearly all are, and a Decimal takes five times as long
        return int(text)
    try:
        exact = Decimal(text.strip())
    except InvalidOperation:
        return None
    # compared before it is converted: 1e999999 is a number, too
    return int(exact) if exact.is_finite() and -1 < exact < _FIRST_MILLISECONDS else None
