"""The demo's events as items of the events table: from the example shop, or from the user's own CSV file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tastemaker.cli.csv_table import read_table
from tastemaker.cli.errors import CommandError
from tastemaker.example import Shop

# DynamoDB's limits: bytes of a partition key and (with room for the names) of an item, digits of a number
_LONGEST_KEY: Final = 2048
_LARGEST_ITEM: Final = 390_000
_LONGEST_NUMBER: Final = 38

AttributeValue = dict[str, str]
Item = dict[str, AttributeValue]

REQUIRED: Final = ("USER_ID", "ITEM_ID", "TIMESTAMP")
OPTIONAL: Final = ("EVENT_TYPE",)
_NO_CONTEXT: Final = frozenset(
    {*REQUIRED, *OPTIONAL, "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"}
)
"""Columns of interactions that mean something else to Personalize."""
UNTYPED: Final = "interaction"
"""The type of the events of a file that has none: the example shop's schema asks for one."""


@dataclass(frozen=True)
class Events:
    """Columns of equal length, in the order of the log; `source` says in words where they come from.

    `context`: of further fields what was so at each event.
    """

    source: str
    user_ids: Sequence[str]
    item_ids: Sequence[str]
    timestamps: Sequence[str]
    event_types: Sequence[str]
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_csv(path: Path, *, context: Sequence[str] = ()) -> Events:
    """Interactions in Personalize's CSV format, with the contextual columns of these names.

    Values are taken as they stand: what is wrong with a row is told by the export, which every row has to pass.
    """
    if reserved := sorted(_NO_CONTEXT.intersection(context)):
        raise CommandError(f"{', '.join(reserved)} cannot be context: Personalize knows the name for something else")
    table = read_table(path, required=(*REQUIRED, *context), optional=OPTIONAL)

    def column(name: str) -> list[str]:
        values: list[str] = table.column(name).to_pylist()
        return values

    return Events(
        source=str(path),
        user_ids=column("USER_ID"),
        item_ids=column("ITEM_ID"),
        timestamps=column("TIMESTAMP"),
        context={name: column(name) for name in context},
        event_types=column("EVENT_TYPE") if "EVENT_TYPE" in table.column_names else [UNTYPED] * table.num_rows,
    )


def shop_events(shop: Shop) -> Events:
    """The example shop's year."""
    rows = list(shop.event_rows())
    return Events(
        source="the example shop",
        user_ids=[row["userId"] for row in rows],
        item_ids=[row["itemId"] for row in rows],
        timestamps=[str(row["timestamp"]) for row in rows],
        event_types=[row["eventType"] for row in rows],
    )


def products(shop: Shop) -> Iterator[Item]:
    """The example shop's products as items of the products table."""
    for product in shop.catalogue.products:
        yield {
            "itemId": {"S": product.item_id},
            "title": {"S": product.title},
            "category": {"S": product.category},
            "price": {"N": str(product.price)},
        }


def customers(shop: Shop) -> Iterator[Item]:
    """The example shop's customers as items of the users table."""
    for customer in shop.customers:
        yield {
            "userId": {"S": customer.user_id},
            "ageGroup": {"S": customer.age_group},
            "region": {"S": customer.region},
        }


def to_items(events: Events, refused: Counter[str]) -> Iterator[Item]:
    """The events as items of the events table, keyed by `userId` and `eventKey` (`<timestamp>#<eventId>`).

    The event id is the event's ordinal and a hash of its row: loading a file twice writes the same items, no two
    events share a key, and the events of one second keep their order. An event that DynamoDB cannot hold, with an
    empty key or too large, is left out and counted in `refused` by reason.
    """
    rows = zip(events.user_ids, events.item_ids, events.timestamps, events.event_types, strict=True)
    for ordinal, row in enumerate(rows):
        user_id, item_id, timestamp, event_type = row
        if reason := _refusal(row):
            refused[reason] += 1
            continue
        digest = hashlib.blake2b("\x1f".join(row).encode(), digest_size=4).hexdigest()
        item: Item = {
            "userId": {"S": user_id},
            "eventKey": {"S": f"{timestamp[:_LONGEST_NUMBER]}#{ordinal:08d}-{digest}"},
            "itemId": {"S": item_id},
            "timestamp": {"N" if _is_number(timestamp) else "S": timestamp},
        }
        if event_type:
            item["eventType"] = {"S": event_type}
        yield item


def _refusal(row: tuple[str, str, str, str]) -> str | None:
    user_id = row[0]
    if not user_id:
        return "emptyUserId"
    if len(user_id.encode()) > _LONGEST_KEY or sum(len(value.encode()) for value in row) > _LARGEST_ITEM:
        return "tooLarge"
    return None


def _is_number(text: str) -> bool:
    return len(text) <= _LONGEST_NUMBER and text.isascii() and text.removeprefix("-").replace(".", "", 1).isdigit()
