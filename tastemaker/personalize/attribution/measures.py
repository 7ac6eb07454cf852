"""The expressions of metrics: `SAMPLECOUNT()`, `SUM(Interactions.COLUMN)` and `SUM(Items.COLUMN)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from tastemaker.personalize.schemas import Schema

_COUNT: Final = re.compile(r"\s*SAMPLECOUNT\s*\(\s*\)\s*", re.IGNORECASE)
_SUM: Final = re.compile(r"\s*SUM\s*\(\s*(Interactions|Items)\s*\.\s*([A-Za-z_][A-Za-z\d_]*)\s*\)\s*", re.IGNORECASE)
_NUMBERS: Final = frozenset({"int", "long", "float", "double"})


class MeasureError(Exception):
    """An expression cannot be computed. The message quotes it and says what may be written."""


@dataclass(frozen=True)
class Measure:
    """What an event adds to a metric: one where `column` is None, or else the number in that column.

    `dataset_type`: INTERACTIONS (the event's own) or ITEMS (its item's).
    """

    dataset_type: Literal["INTERACTIONS", "ITEMS"] = "INTERACTIONS"
    column: str | None = None

    @property
    def function(self) -> str:
        """As reports call it."""
        return "samplecount" if self.column is None else "sum"


def parse_measure(expression: str) -> Measure:
    """Raises MeasureError."""
    if _COUNT.fullmatch(expression):
        return Measure()
    found = _SUM.fullmatch(expression)
    if found is None:
        raise MeasureError(
            f"The expression {expression} is none: write SAMPLECOUNT(), SUM(Interactions.COLUMN) or SUM(Items.COLUMN)."
        )
    return Measure("ITEMS" if found[1].lower() == "items" else "INTERACTIONS", found[2])


def check_measure(measure: Measure, schema: Schema | None) -> None:
    """Raise MeasureError where the schema of the measure's dataset has no such column of numbers; None: no dataset."""
    if measure.column is None:
        return
    if schema is None:
        raise MeasureError(f"SUM needs an {measure.dataset_type} dataset with data, and the dataset group has none.")
    field = schema.field(measure.column)
    if field is None:
        raise MeasureError(f"The {measure.dataset_type} schema has no column {measure.column} to sum.")
    if field.type not in _NUMBERS:
        raise MeasureError(f"The column {measure.column} is a {field.type}: SUM takes columns of numbers.")
