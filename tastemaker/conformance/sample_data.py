"""The small data of a run: users of two tastes, and just enough of their events that Personalize trains on them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

USERS: Final = 50
ITEMS: Final = 24
EVENTS_OF_A_USER: Final = 24
EPOCH: Final = 1_700_000_000
_STEP: Final = 3_600

INTERACTION_FIELDS: Final = (
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["float", "null"]},
    {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
)
ITEM_FIELDS: Final = (
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "PRICE", "type": "float"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
)
SHOP_ITEM_FIELDS: Final = (
    {"name": "ITEM_ID", "type": "string"},
    {"name": "PRICE", "type": "float"},
    {"name": "CATEGORY_L1", "type": "string", "categorical": True},
)
USER_FIELDS: Final = (
    {"name": "USER_ID", "type": "string"},
    {"name": "AGE", "type": ["null", "int"]},
    {"name": "MEMBERSHIP", "type": ["null", "string"], "categorical": True},
)
ACTION_FIELDS: Final = (
    {"name": "ACTION_ID", "type": "string"},
    {"name": "VALUE", "type": ["null", "long"]},
    {"name": "MEMBERSHIP_LEVEL", "type": ["null", "string"], "categorical": True},
)
ACTION_INTERACTION_FIELDS: Final = (
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
)
NEW_USER_FIELD: Final = {"name": "CITY", "type": ["null", "string"], "categorical": True}


def avro(name: str, fields: Iterable[object]) -> str:
    """A schema as CreateSchema takes it."""
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "version": "1.0",
            "fields": list(fields),
        }
    )


def user(number: int) -> str:
    return f"user-{number}"


def item(number: int) -> str:
    return f"item-{number}"


def genre(number: int) -> str:
    """Even items are of one genre, odd ones of another, and users like one of them."""
    return "Even" if number % 2 == 0 else "Odd"


def interactions() -> str:
    """1,200 views: each user walks twice through the items of one genre. Nothing is bought."""
    rows = [
        f"{user(number)},{item((number + 2 * step) % ITEMS)},{EPOCH + step * _STEP + number},View,1.0,Phone"
        for number in range(USERS)
        for step in range(EVENTS_OF_A_USER)
    ]
    return _csv("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE", rows)


def items() -> str:
    """Item n costs n + 1."""
    rows = [f"{item(number)},{genre(number)},{number + 1}.0,{EPOCH - 86_400 * number}" for number in range(ITEMS)]
    return _csv("ITEM_ID,GENRES,PRICE,CREATION_TIMESTAMP", rows)


def shop_items() -> str:
    return _csv("ITEM_ID,PRICE,CATEGORY_L1", [f"{item(n)},{n + 1}.0,{genre(n)}" for n in range(ITEMS)])


def users() -> str:
    return _csv(
        "USER_ID,AGE,MEMBERSHIP", [f"{user(n)},{20 + n},{'Gold' if n % 3 == 0 else 'Free'}" for n in range(USERS)]
    )


def actions() -> str:
    return _csv("ACTION_ID,VALUE,MEMBERSHIP_LEVEL", [f"action-{n},{n + 1},Free" for n in range(4)])


def action_interactions() -> str:
    """Actions 0 and 1 are taken by half of the users each, and not taken by the others."""
    kinds = ("Taken", "Not Taken")
    rows = [
        f"{user(number)},action-{action},{kinds[(number + action) % 2]},{EPOCH + day * 86_400 + number}"
        for day in range(3)
        for number in range(USERS)
        for action in (0, 1)
    ]
    return _csv("USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP", rows)


def _csv(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows, ""])
