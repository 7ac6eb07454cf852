"""What the user's own CSV files say of items and users: columns, and what kind each of them seems to be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tastemaker import recommenders
from tastemaker.cli.csv_table import read_table
from tastemaker.cli.errors import CommandError
from tastemaker.cli.usable import LONGEST_ID, is_id
from tastemaker.recommenders.attributes import BETWEEN_CATEGORIES

# without leading zeros, which only codes have; no more digits than a long holds
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_NUMBER: Final = re.compile(r"-?((0|[1-9]\d{0,17})(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_TIMES_ON_AVERAGE: Final = 2
_SHARE_WITH_SEVERAL: Final = 0.1

Type = Literal["string", "long", "float"]


@dataclass(frozen=True)
class Column:
    """A field as the header names it, and its `values`, None where there is none.

    `type` is the type in Personalize's schema; a `categorical` text holds one category or several, split by `|`.
    """

    field: str
    type: Type
    categorical: bool
    values: Sequence[str | None]

    @property
    def attribute(self) -> str:
        """The field in camelCase, as attributes of tables are named: RELEASE_YEAR is releaseYear."""
        first, *others = [word.lower() for word in self.field.split("_") if word] or [self.field]
        return first + "".join(word.capitalize() for word in others)

    @property
    def kind(self) -> str:
        """In words."""
        if self.categorical:
            return "categories"
        return {"long": "whole numbers", "float": "numbers", "string": "text"}[self.type]


@dataclass(frozen=True)
class Attributes:
    """The items or users of a file, each id once; `refused`: the number of rows left out, by reason, in words."""

    source: str
    ids: Sequence[str]
    columns: tuple[Column, ...]
    refused: Mapping[str, int]

    def for_recommenders(self) -> recommenders.Attributes:
        """Categories, numbers and texts, which recommenders take each for what it is."""
        return recommenders.Attributes.from_columns(
            self.ids,
            {column.field: column.values for column in self.columns if column.categorical},
            {
                column.field: [None if text is None else float(text) for text in column.values]
                for column in self.columns
                if column.type != "string"
            },
            texts={column.field: column.values for column in self.columns if column.kind == "text"},
        )


def read_attributes(path: Path, id_field: str) -> Attributes:
    """The items (`id_field` ITEM_ID) or users (USER_ID) of a file in Personalize's CSV format.

    Of several rows with one id the last counts, as in Personalize's imports. Raises CommandError.
    """
    table = read_table(path, required=[id_field])
    texts: dict[str, list[str]] = {name: table.column(name).to_pylist() for name in table.column_names}
    ids = texts.pop(id_field)
    usable = [row for row, id_ in enumerate(ids) if is_id(id_)]
    if not usable:
        raise CommandError(f"{path} has no row with an {id_field} of 1 to {LONGEST_ID} characters: mend the values")
    kept = sorted({ids[row]: row for row in usable}.values())
    reasons = {
        f"{id_field} is empty, has a line break or more than {LONGEST_ID} characters": len(ids) - len(usable),
        f"{id_field} comes again in a later row, which counts": len(usable) - len(kept),
    }
    return Attributes(
        source=str(path),
        ids=[ids[row] for row in kept],
        columns=tuple(infer_column(name, [column[row] for row in kept]) for name, column in texts.items()),
        refused={reason: count for reason, count in reasons.items() if count},
    )


def infer_column(field: str, texts: Sequence[str]) -> Column:
    """The column that these texts seem to be; one that is empty says nothing.

    Whole numbers or numbers where all are; else categories where a tenth of the texts or more hold a `|`, or where the
    same ones come twice or more on average; else text. Digits with leading zeros, or more than 18 of them, are no
    number but a code.
    """
    values = [text or None for text in texts]
    there = [text for text in texts if text]
    type_: Type = "string"
    if there and all(_WHOLE.fullmatch(text) for text in there):
        type_ = "long"
    elif there and all(_NUMBER.fullmatch(text) for text in there):
        type_ = "float"
    return Column(field, type_, categorical=type_ == "string" and _are_categories(there), values=values)


def _are_categories(texts: Sequence[str]) -> bool:
    parts = [part for text in texts for part in text.split(BETWEEN_CATEGORIES) if part]
    several = sum(BETWEEN_CATEGORIES in text for text in texts)
    come_again = len(parts) >= _TIMES_ON_AVERAGE * len(set(parts))
    return bool(parts) and (come_again or several >= _SHARE_WITH_SEVERAL * len(texts))


def check_texts(items: Attributes | None, recipe: str) -> None:
    """Raises CommandError where a recipe that learns from texts would have none."""
    if items is None:
        raise CommandError(f"{recipe} compares items by their texts: give --items a file with a title or description")
    if not any(column.kind == "text" for column in items.columns):
        raise CommandError(
            f"{recipe} compares items by their texts, and {items.source} has no column of texts: give it a title or "
            "description, or leave the recipe out"
        )
