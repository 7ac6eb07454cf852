"""What the user's own CSV files say of items and users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tastemaker import recommenders
from tastemaker.cli.columns import Column, infer_column
from tastemaker.cli.csv_table import read_table
from tastemaker.cli.errors import CommandError
from tastemaker.cli.usable import LONGEST_ID, is_id


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


def check_texts(items: Attributes | None, recipe: str) -> None:
    """Raises CommandError where a recipe that learns from texts would have none."""
    if items is None:
        raise CommandError(f"{recipe} compares items by their texts: give --items a file with a title or description")
    if not any(column.kind == "text" for column in items.columns):
        raise CommandError(
            f"{recipe} compares items by their texts, and {items.source} has no column of texts: give it a title or "
            "description, or leave the recipe out"
        )
