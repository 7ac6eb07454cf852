"""Which schema fields Personalize requires or reserves, by dataset type and domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class ReservedField:
    """What a field of this name has to be. `metadata`: whether it counts as the metadata that a dataset must have."""

    type: str
    required: bool = False
    categorical: bool = False
    textual: bool = False
    metadata: bool = True


@dataclass(frozen=True)
class DatasetRules:
    """`name`: the record's name in a schema. `most_metadata`: how many fields there may be that are not reserved."""

    name: str
    reserved: Mapping[str, ReservedField]
    needs_metadata: bool
    most_metadata: int


_ID = ReservedField("string", required=True, metadata=False)
_TIME = ReservedField("long", required=True)
_TEXT = ReservedField("string")
_CATEGORY = ReservedField("string", categorical=True)
_REQUIRED_CATEGORY = ReservedField("string", required=True, categorical=True)
_DESCRIPTION = ReservedField("string", textual=True)
_LONG = ReservedField("long")
_FLOAT = ReservedField("float")

_INTERACTIONS: Mapping[str, ReservedField] = MappingProxyType(
    {
        "USER_ID": _ID,
        "ITEM_ID": _ID,
        "TIMESTAMP": _TIME,
        "EVENT_TYPE": _TEXT,
        "EVENT_VALUE": _FLOAT,
        "IMPRESSION": _TEXT,
        "RECOMMENDATION_ID": _TEXT,
        "EVENT_ATTRIBUTION_SOURCE": _TEXT,
    }
)
_ACTIONS: Mapping[str, ReservedField] = MappingProxyType(
    {
        "ACTION_ID": _ID,
        "CREATION_TIMESTAMP": _LONG,
        "VALUE": _LONG,
        "TYPE": _TEXT,
        "ACTION_EXPIRATION_TIMESTAMP": _LONG,
        "EXPIRATION_TIMESTAMP": _LONG,
        "REPEAT_FREQUENCY": _LONG,
    }
)
_ACTION_INTERACTIONS: Mapping[str, ReservedField] = MappingProxyType(
    {
        "USER_ID": _ID,
        "ACTION_ID": _ID,
        "EVENT_TYPE": ReservedField("string", required=True),
        "TIMESTAMP": _TIME,
        "IMPRESSION": _TEXT,
        "RECOMMENDATION_ID": _TEXT,
    }
)
_DOMAIN_INTERACTIONS = MappingProxyType({**_INTERACTIONS, "EVENT_TYPE": ReservedField("string", required=True)})
_SHOP_ITEMS: Mapping[str, ReservedField] = MappingProxyType(
    {
        "ITEM_ID": _ID,
        "PRICE": ReservedField("float", required=True),
        "CATEGORY_L1": _REQUIRED_CATEGORY,
        "CATEGORY_L2": _CATEGORY,
        "CATEGORY_L3": _CATEGORY,
        "PRODUCT_DESCRIPTION": _DESCRIPTION,
        "CREATION_TIMESTAMP": _LONG,
        "AGE_GROUP": _CATEGORY,
        "ADULT": _CATEGORY,
        "GENDER": _CATEGORY,
    }
)
_VIDEO_ITEMS: Mapping[str, ReservedField] = MappingProxyType(
    {
        "ITEM_ID": _ID,
        "CREATION_TIMESTAMP": _TIME,
        "GENRES": _REQUIRED_CATEGORY,
        "PRICE": _FLOAT,
        "DURATION": _FLOAT,
        "GENRE_L2": _CATEGORY,
        "GENRE_L3": _CATEGORY,
        "AVERAGE_RATING": _FLOAT,
        "PRODUCT_DESCRIPTION": _DESCRIPTION,
        "CONTENT_OWNER": _CATEGORY,
        "CONTENT_CLASSIFICATION": _CATEGORY,
    }
)

DOMAINS = ("ECOMMERCE", "VIDEO_ON_DEMAND")


def _interactions(reserved: Mapping[str, ReservedField]) -> DatasetRules:
    return DatasetRules("Interactions", reserved, needs_metadata=False, most_metadata=5)


def _items(reserved: Mapping[str, ReservedField]) -> DatasetRules:
    return DatasetRules("Items", reserved, needs_metadata=True, most_metadata=100)


def _users(**reserved: ReservedField) -> DatasetRules:
    return DatasetRules("Users", {"USER_ID": _ID, **reserved}, needs_metadata=True, most_metadata=25)


RULES: Mapping[str | None, Mapping[str, DatasetRules]] = MappingProxyType(
    {
        None: {
            "INTERACTIONS": _interactions(_INTERACTIONS),
            "ITEMS": _items({"ITEM_ID": _ID, "CREATION_TIMESTAMP": _LONG}),
            "USERS": _users(),
            "ACTIONS": DatasetRules("Actions", _ACTIONS, needs_metadata=True, most_metadata=10),
            "ACTION_INTERACTIONS": DatasetRules(
                "ActionInteractions", _ACTION_INTERACTIONS, needs_metadata=False, most_metadata=5
            ),
        },
        "ECOMMERCE": {
            "INTERACTIONS": _interactions(_DOMAIN_INTERACTIONS),
            "ITEMS": _items(_SHOP_ITEMS),
            "USERS": _users(),
        },
        "VIDEO_ON_DEMAND": {
            "INTERACTIONS": _interactions(_DOMAIN_INTERACTIONS),
            "ITEMS": _items(_VIDEO_ITEMS),
            "USERS": _users(SUBSCRIPTION_MODEL=_CATEGORY),
        },
    }
)
"""By domain (None: a custom dataset group), then by dataset type. Action datasets exist in custom groups only."""
