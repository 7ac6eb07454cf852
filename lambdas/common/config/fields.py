"""Personalize's rules for the fields of a dataset, and the Avro schema that they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMESPACE: Final = "com.amazonaws.personalize.schema"
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,149}")


class Field(Protocol):
    """A mapped field, as the configuration gives it."""

    @property
    def field(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def categorical(self) -> bool: ...
    @property
    def textual(self) -> bool: ...
    @property
    def optional(self) -> bool: ...


@dataclass(frozen=True)
class DatasetRules:
    """What Personalize demands of one kind of dataset; types by field name."""

    record: str
    required: Mapping[str, str]
    reserved: Mapping[str, str]
    own_fields: int
    fewest_own_fields: int = 0
    texts: int = 0

    def check(self, fields: Sequence[Field]) -> None:
        """Raise a ValueError that names the field and the remedy."""
        names = [field.field for field in fields]
        for name, kind in self.required.items():
            if name not in names:
                raise ValueError(f"no attribute is mapped to {name} ({kind}), which Personalize requires")
        for field in fields:
            self._check_field(field)
        alike: dict[str, str] = {}
        for name in names:
            other = alike.setdefault(name.replace("_", "").lower(), name)
            if other != name or names.count(name) > 1:
                raise ValueError(f"{name} and {other} are one field to Personalize; map one attribute to it")
        texts = [field.field for field in fields if field.textual]
        if len(texts) > self.texts:
            raise ValueError(
                f"{', '.join(texts)} cannot be textual: "
                f"Personalize takes {self.texts or 'no'} such field in {self.record}"
            )
        own = [name for name in names if name not in self.required and name not in self.reserved]
        if len(own) > self.own_fields:
            raise ValueError(
                f"{', '.join(own)} are {len(own)} fields of your own; Personalize allows {self.own_fields}"
            )
        if len(own) < self.fewest_own_fields:
            raise ValueError(f"Personalize asks for a field beside {', '.join(self.required)}; map one attribute to it")

    def schema(self, fields: Sequence[Field]) -> dict[str, Any]:
        """The Avro schema. Its order is the rules' and the alphabet's, so that moving a line changes nothing."""
        rank = {name: position for position, name in enumerate((*self.required, *self.reserved))}
        ordered = sorted(fields, key=lambda field: (rank.get(field.field, len(rank)), field.field))
        return {
            "type": "record",
            "name": self.record,
            "namespace": _NAMESPACE,
            "fields": [_avro(field) for field in ordered],
            "version": "1.0",
        }

    def _check_field(self, field: Field) -> None:
        name = field.field
        if not _FIELD_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no field name: letters, digits and _ make one, and no digit begins it")
        kind = self.required.get(name) or self.reserved.get(name)
        if kind and field.type != kind:
            raise ValueError(f"{name} is of the type {kind}, not {field.type}")
        if kind and (field.categorical or field.textual):
            raise ValueError(f"{name} is Personalize's own and never categorical or textual: take that away")
        if name in self.required and field.optional:
            raise ValueError(f"{name} is required in every record: take `optional` away")
        for word, said in (("categorical", field.categorical), ("textual", field.textual)):
            if said and field.type != "string":
                raise ValueError(f"{name} is {word}, so its type is string, not {field.type}")
        if field.categorical and field.textual:
            raise ValueError(f"{name} is categorical and textual: it can be one of them")


INTERACTIONS: Final = DatasetRules(
    record="Interactions",
    required={"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
    reserved={
        "EVENT_TYPE": "string",
        "EVENT_VALUE": "float",
        "IMPRESSION": "string",
        "RECOMMENDATION_ID": "string",
        "EVENT_ATTRIBUTION_SOURCE": "string",
    },
    own_fields=5,
)
ITEMS: Final = DatasetRules(
    record="Items",
    required={"ITEM_ID": "string"},
    reserved={"CREATION_TIMESTAMP": "long"},
    own_fields=100,
    fewest_own_fields=1,
    texts=1,
)
USERS: Final = DatasetRules(
    record="Users", required={"USER_ID": "string"}, reserved={}, own_fields=25, fewest_own_fields=1
)


def _avro(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.field,
        "type": [field.type, "null"] if field.optional else field.type,
    }
    learned_as = {"categorical": field.categorical, "textual": field.textual}
    return described | {word: True for word, said in learned_as.items() if said}
