"""Columns of CSV files, and what kind each of them seems to be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

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
