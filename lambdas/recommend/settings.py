"""What the configuration asks of the request path: written when the stack is synthesised, read by the function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Filter:
    """A filter that requests may name; `parameters` are the names of the values that come with it.

    `version` is what its name in Personalize ends in: another one than is live has another expression.
    """

    parameters: tuple[str, ...] = ()
    needs_user: bool = False
    needs_item: bool = False
    default: bool = False
    version: str = ""


@dataclass(frozen=True)
class Settings:
    """`models` are the routes that have a model, `context` the interactions' fields that describe a request.

    `item_key` is the attribute of the items table that holds an item's id, `item_details` are those that answers carry;
    both are empty where there are none.
    """

    project: str
    models: tuple[str, ...]
    filters: Mapping[str, Filter]
    context: tuple[str, ...] = ()
    item_key: str = ""
    item_details: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As an environment variable; the 4 KB that a function has for all of them are why it is compact."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What `to_json` has written."""
        given = json.loads(text)
        return cls(
            project=given["project"],
            models=tuple(given["models"]),
            filters={
                name: Filter(**{**each, "parameters": tuple(each["parameters"])})
                for name, each in given["filters"].items()
            },
            context=tuple(given["context"]),
            item_key=given["item_key"],
            item_details=tuple(given["item_details"]),
        )
