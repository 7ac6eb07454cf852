"""The user's own files in place of the example shop: the configuration that fits them, and the rows of its tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomli_w
from rich.markup import escape

from tastemaker.cli.attributes import Attributes, read_attributes
from tastemaker.cli.columns import Column
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import Events, Item, read_csv

if TYPE_CHECKING:
    from rich.console import Console

# the longest text that is no `textual` field, and how many fields of one's own a dataset may have
_LONGEST_STRING: Final = 1000
_MOST_FIELDS: Final = {"items": 100, "users": 25}
_ID_FIELDS: Final = {"items": "ITEM_ID", "users": "USER_ID"}
_ID_ATTRIBUTES: Final = {"items": "itemId", "users": "userId"}
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,149}")
_OF_METADATA = re.compile(r"\b(items|users|currentitem|currentuser)\.", re.IGNORECASE)


@dataclass(frozen=True)
class OwnData:
    """What the files hold; without items or users the engine learns from the events alone."""

    events: Events
    items: Attributes | None
    users: Attributes | None

    @classmethod
    def read(cls, interactions: Path, items: Path | None, users: Path | None) -> OwnData:
        """Raises CommandError where a file will not do."""
        return cls(
            events=read_csv(interactions),
            items=_checked(read_attributes(items, "ITEM_ID"), "items") if items else None,
            users=_checked(read_attributes(users, "USER_ID"), "users") if users else None,
        )

    @property
    def attributes(self) -> Mapping[str, Attributes]:
        """Items and users, as far as there are any."""
        given = {"items": self.items, "users": self.users}
        return {name: attributes for name, attributes in given.items() if attributes is not None}

    def print_kinds(self, console: Console) -> None:
        """Say which fields the columns become, and of which kind."""
        for name, attributes in self.attributes.items():
            kinds = ", ".join(f"{column.field} ({column.kind})" for column in attributes.columns)
            console.print(f"{escape(attributes.source)}: {escape(kinds)}", highlight=False)
            for reason, count in attributes.refused.items():
                console.print(f"Left out: {count:,} rows, {escape(reason)}", highlight=False)
            for column in _too_long(attributes, name):
                said = (
                    f"texts of more than {_LONGEST_STRING:,} characters, which Personalize takes in one column of items"
                )
                console.print(f"Left out: the column {escape(column.field)}, {said}", highlight=False)

    def write_config(self, example: Path, target: Path) -> None:
        """Write the example's configuration with the fields of these files.

        Filters that ask for the example's own fields are left out.
        """
        config: dict[str, Any] = tomllib.loads(example.read_text(encoding="utf-8"))
        for name in _ID_FIELDS:
            section = config.pop(name, {})
            if attributes := self.attributes.get(name):
                config[name] = {
                    "table": section.get("table", name.capitalize()),
                    "create_table": True,
                    "fields": _fields(attributes, name),
                }
        config["filters"] = [each for each in config.get("filters", []) if not _OF_METADATA.search(each["expression"])]
        target.write_text(tomli_w.dumps(config), encoding="utf-8")


def rows(attributes: Attributes, name: str) -> Iterator[Item]:
    """Items of a table of `items` or `users`."""
    for place, id_ in enumerate(attributes.ids):
        item: Item = {_ID_ATTRIBUTES[name]: {"S": id_}}
        for column in attributes.columns:
            if (value := column.values[place]) is not None:
                item[column.attribute] = {"S" if column.type == "string" else "N": value}
        yield item


def _fields(attributes: Attributes, name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {_ID_ATTRIBUTES[name]: {"field": _ID_FIELDS[name], "type": "string"}}
    textual, left_out = _textual(attributes, name), _too_long(attributes, name)
    for column in attributes.columns:
        if column in left_out:
            continue
        fields[column.attribute] = {
            "field": column.field,
            "type": column.type,
            "categorical": column.categorical,
            "textual": column is textual,
            "optional": None in column.values,
        }
    return fields


def _textual(attributes: Attributes, name: str) -> Column | None:
    return next(
        (each for each in attributes.columns if name == "items" and _is_long(each) and not each.categorical), None
    )


def _too_long(attributes: Attributes, name: str) -> list[Column]:
    """Columns that cannot be fields: every row with such a text would be refused."""
    textual = _textual(attributes, name)
    return [column for column in attributes.columns if _is_long(column) and column is not textual]


def _is_long(column: Column) -> bool:
    is_text = column.type == "string"
    return is_text and any(len(value) > _LONGEST_STRING for value in column.values if value is not None)


def _checked(attributes: Attributes, name: str) -> Attributes:
    if odd := [column.field for column in attributes.columns if not _FIELD_NAME.fullmatch(column.field)]:
        raise CommandError(
            f"{attributes.source}: {odd[0]!r} is no name of a field; rename the column, to letters, digits and _, of "
            "which no digit is the first"
        )
    if wrong := [each for each in attributes.columns if each.field == "CREATION_TIMESTAMP" and each.type != "long"]:
        raise CommandError(f"{attributes.source}: {wrong[0].field} takes whole seconds since 1970; mend its values")
    names = [column.attribute for column in attributes.columns] + [_ID_ATTRIBUTES[name]]
    if twice := [attribute for attribute in dict.fromkeys(names) if names.count(attribute) > 1]:
        raise CommandError(f"{attributes.source}: two columns become the attribute {twice[0]}; rename one of them")
    if not attributes.columns:
        raise CommandError(
            f"{attributes.source} has no column beside {_ID_FIELDS[name]}; leave the file out, or add one"
        )
    if len(_too_long(attributes, name)) == len(attributes.columns):
        raise CommandError(
            f"{attributes.source} has nothing but texts of more than {_LONGEST_STRING:,} characters beside "
            f"{_ID_FIELDS[name]}; shorten them, add a column, or leave the file out"
        )
    if len(attributes.columns) > _MOST_FIELDS[name]:
        raise CommandError(
            f"{attributes.source} has {len(attributes.columns)} columns beside {_ID_FIELDS[name]}; "
            f"Personalize takes {_MOST_FIELDS[name]}: leave some out"
        )
    return attributes
