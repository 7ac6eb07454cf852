"""Personalize's schemas: Avro records with rules of their own, checked in words that name the field and the remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from tastemaker.personalize.reserved_fields import DOMAINS, RULES, DatasetRules, ReservedField

_TYPES = ("string", "int", "long", "float", "double", "boolean")
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z\d_]*")
_LONGEST_NAME = 150

IDENTIFIED_BY: Final = {"ITEMS": "ITEM_ID", "USERS": "USER_ID", "ACTIONS": "ACTION_ID"}
"""The field that tells records apart, by dataset type; interactions have none."""


class SchemaError(Exception):
    """A schema breaks a rule. The message names the field and what to write instead."""


@dataclass(frozen=True)
class Field:
    """A column. `type` is the Avro type without its null; `categorical` values hold several, split by `|`."""

    name: str
    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False
    item_name: bool = False


@dataclass(frozen=True)
class Schema:
    """`dataset_type` is the API's word, such as INTERACTIONS; `fields` are in the order of the schema."""

    dataset_type: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name; None where the schema has none."""
        return next((field for field in self.fields if field.name == name), None)


def parse_schema(text: str, domain: str | None) -> Schema:
    """The schema that `text` (Avro as JSON) describes, for a domain dataset group or, without domain, a custom one.

    Raises SchemaError.
    """
    if domain is not None and domain not in DOMAINS:
        raise SchemaError(f"The domain {domain} does not exist: choose one of {', '.join(DOMAINS)}, or none.")
    record = _record(text)
    dataset_type, rules = _rules(record, domain)
    listed = record.get("fields")
    if not isinstance(listed, list) or not listed:
        raise SchemaError('The schema has no fields: list them under "fields".')
    fields = tuple(_field(entry, number) for number, entry in enumerate(listed, start=1))
    _check_names(fields)
    for field in fields:
        _check_attributes(field, dataset_type)
    for name, reserved in rules.reserved.items():
        _check_reserved(next((field for field in fields if field.name == name), None), name, reserved, rules)
    _check_counts(fields, rules)
    return Schema(dataset_type, fields)


def _record(text: str) -> Mapping[str, object]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"The schema is no valid JSON: {error}.") from error
    if not isinstance(record, dict) or record.get("type") != "record":
        raise SchemaError('The schema must be one Avro record: a JSON object with "type": "record".')
    return cast(dict[str, object], record)


def _rules(record: Mapping[str, object], domain: str | None) -> tuple[str, DatasetRules]:
    name = record.get("name")
    for dataset_type, rules in RULES[domain].items():
        if isinstance(name, str) and name.lower() == rules.name.lower():
            return dataset_type, rules
    known = ", ".join(rules.name for rules in RULES[domain].values())
    group = f"of the domain {domain}" if domain else "without a domain"
    raise SchemaError(f"The schema's name {json.dumps(name)} is no dataset type {group}: name it one of {known}.")


def _field(entry: object, number: int) -> Field:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise SchemaError(f'Field number {number} of the schema has no name: give it a "name" and a "type".')
    name = entry["name"]
    if not _FIELD_NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise SchemaError(
            f"The field name {json.dumps(name)} is not allowed: use up to {_LONGEST_NAME} letters, digits and "
            "underscores, and do not begin with a digit."
        )
    type_, nullable = _type(name, entry.get("type"))
    return Field(
        name=name,
        type=type_,
        nullable=nullable,
        categorical=_flag(entry, "categorical"),
        textual=_flag(entry, "textual"),
        item_name=_flag(entry, "itemName"),
    )


def _type(name: str, declared: object) -> tuple[str, bool]:
    members = declared if isinstance(declared, list) else [declared]
    types = [member for member in members if member != "null"]
    if len(types) != 1 or len(members) - len(types) > 1:
        raise SchemaError(
            f"The type {json.dumps(declared)} of the field {name} is not allowed: give one type, alone or in a union "
            'with "null".'
        )
    if types[0] not in _TYPES:
        raise SchemaError(
            f"The type {json.dumps(types[0])} of the field {name} is not allowed: a schema is flat, its fields are of "
            f"the types {', '.join(_TYPES)}, or of one of them in a union with null."
        )
    return str(types[0]), len(members) == 2


def _flag(entry: Mapping[str, object], key: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise SchemaError(f'"{key}" of the field {entry["name"]} is {json.dumps(value)}: it must be true or false.')
    return value


def _check_names(fields: tuple[Field, ...]) -> None:
    seen: dict[str, str] = {}
    for field in fields:
        # the Put APIs address fields in camelCase, where underscores and the case are lost
        other = seen.setdefault(field.name.replace("_", "").lower(), field.name)
        if other == field.name and sum(each.name == field.name for each in fields) > 1:
            raise SchemaError(f"The field {field.name} occurs more than once: keep one.")
        if other != field.name:
            raise SchemaError(
                f"The fields {other} and {field.name} differ in underscores or case only: rename one of them."
            )


def _check_attributes(field: Field, dataset_type: str) -> None:
    for key, is_set in (("categorical", field.categorical), ("textual", field.textual), ("itemName", field.item_name)):
        if is_set and field.type != "string":
            raise SchemaError(f'The field {field.name} is a {field.type}: "{key}" is allowed on strings only.')
        if is_set and key != "categorical" and dataset_type != "ITEMS":
            raise SchemaError(f'"{key}" of the field {field.name} is allowed in Items schemas only: remove it.')
    if field.categorical and field.textual:
        raise SchemaError(f"The field {field.name} cannot be both categorical and textual: choose one.")


def _check_reserved(field: Field | None, name: str, reserved: ReservedField, rules: DatasetRules) -> None:
    wanted = f'"type": "{reserved.type}"'
    if reserved.categorical:
        wanted += ', "categorical": true'
    if reserved.textual:
        wanted += ', "textual": true'
    if field is None:
        if reserved.required:
            raise SchemaError(f'The {rules.name} schema lacks the field {name}: add {{"name": "{name}", {wanted}}}.')
        return
    if field.type != reserved.type:
        raise SchemaError(f"The field {name} is reserved and must be of the type {reserved.type}, not {field.type}.")
    if reserved.required and field.nullable:
        raise SchemaError(f'The field {name} is required and must not allow null: write "type": "{reserved.type}".')
    if field.categorical != reserved.categorical:
        remedy = 'set "categorical": true' if reserved.categorical else 'remove "categorical"'
        raise SchemaError(f"The field {name} is reserved: {remedy}.")
    if field.textual != reserved.textual:
        remedy = 'set "textual": true' if reserved.textual else 'remove "textual"'
        raise SchemaError(f"The field {name} is reserved: {remedy}.")


def _check_counts(fields: tuple[Field, ...], rules: DatasetRules) -> None:
    for key, marked in (
        ("textual", [field.name for field in fields if field.textual]),
        ("itemName", [field.name for field in fields if field.item_name]),
    ):
        if len(marked) > 1:
            raise SchemaError(f'Only one field of a schema may have "{key}": keep it on one of {", ".join(marked)}.')
    own = [field.name for field in fields if field.name not in rules.reserved]
    if len(own) > rules.most_metadata:
        raise SchemaError(
            f"The {rules.name} schema has {len(own)} metadata fields, {rules.most_metadata} are allowed: remove "
            f"{', '.join(own[rules.most_metadata :])}."
        )
    metadata = own or [name for name, reserved in rules.reserved.items() if reserved.metadata and _has(fields, name)]
    if rules.needs_metadata and not metadata:
        raise SchemaError(f"The {rules.name} schema has no metadata field: add at least one beside the id.")


def _has(fields: tuple[Field, ...], name: str) -> bool:
    return any(field.name == name for field in fields)
