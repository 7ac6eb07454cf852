"""The filters of requests: Personalize's expressions under a name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StrictBool, StringConstraints

FilterName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,29}$")]

MAX_FILTERS: Final = 30
"""Filters that a dataset group may have unless AWS raises the quota."""

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_FIELD = re.compile(r"\b(interactions|items|users|currentuser|currentitem)\.([A-Za-z_][A-Za-z0-9_]*)", re.IGNORECASE)
_DATASETS: Final = {"CURRENTUSER": "USERS", "CURRENTITEM": "ITEMS"}
_DOTTED = re.compile(r"\b([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)")
_OF_ITEMS = re.compile(r"\s*(include|exclude)\s+itemid\s+where\s", re.IGNORECASE)
_USABLE: Final = ("Interactions", "Items", "CurrentUser", "CurrentItem")


class Filter(BaseModel):
    """What a request leaves out or keeps.

    Personalize checks the grammar when the workflow creates the filter; what it is about is checked here, since that
    is after the imports.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FilterName
    expression: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2500)]
    default: StrictBool = False
    """Applies where a request names no filter."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the values that a request gives, in the order of the expression."""
        return tuple(dict.fromkeys(_PARAMETER.findall(_QUOTED.sub("", self.expression))))

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets whose fields it names, by Personalize's type, in the order of the alphabet."""
        return tuple(sorted({_type_of(dataset) for dataset, _ in self._fields()}))

    @property
    def needs_user(self) -> bool:
        """Whether it asks what the user has done or is."""
        return any(dataset.upper() in {"INTERACTIONS", "CURRENTUSER"} for dataset, _ in self._fields())

    @property
    def needs_item(self) -> bool:
        """Whether it compares with the item that a visitor looks at."""
        return any(dataset.upper() == "CURRENTITEM" for dataset, _ in self._fields())

    def check_fields(self, datasets: Mapping[str, Collection[str]]) -> None:
        """Raise a ValueError where the expression asks for what no filter of items can.

        `datasets`: the fields by Personalize's type. Names match whatever their case.
        """
        if not _OF_ITEMS.match(self.expression):
            raise ValueError(f"the filter {self.name!r} begins with neither INCLUDE nor EXCLUDE ItemID WHERE")
        for dataset, field in _DOTTED.findall(_QUOTED.sub("", self.expression)):
            if dataset.upper() not in {name.upper() for name in _USABLE}:
                raise ValueError(
                    f"the filter {self.name!r} uses {dataset}.{field}: a filter of items knows {', '.join(_USABLE)}"
                )
        for dataset, field in self._fields():
            if dataset.upper() == "INTERACTIONS" and field.upper() != "EVENT_TYPE":
                raise ValueError(
                    f"the filter {self.name!r} uses {dataset}.{field}: of interactions Personalize filters by "
                    "EVENT_TYPE alone"
                )
            kind = _type_of(dataset)
            known = sorted(datasets.get(kind, ()))
            if field.upper() not in {name.upper() for name in known}:
                there = f"it has {', '.join(known)}" if known else "the section is not in the file"
                raise ValueError(f"the filter {self.name!r} uses {dataset}.{field}: [{kind.lower()}] lacks it; {there}")

    def _fields(self) -> list[tuple[str, str]]:
        return _FIELD.findall(_QUOTED.sub("", self.expression))


def _type_of(dataset: str) -> str:
    return _DATASETS.get(dataset.upper(), dataset.upper())


def check_filters(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """Raise a ValueError where the filters cannot live beside each other."""
    if len(filters) > MAX_FILTERS:
        raise ValueError(f"there are {len(filters)}; Personalize allows {MAX_FILTERS}")
    names = [each.name for each in filters]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"two filters have the name {twice[0]!r}; each needs its own")
    defaults = [each for each in filters if each.default]
    if len(defaults) > 1:
        raise ValueError(f"{defaults[0].name!r} and {defaults[1].name!r} are both the default; one can be")
    if defaults and defaults[0].parameters:
        raise ValueError(f"the default filter {defaults[0].name!r} has parameters, and nobody would give their values")
    return filters
