"""The names of SDK integrations and those of the API, by the shapes of botocore's service models, both ways."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

from tastemaker.cloud.states.instants import iso_text

if TYPE_CHECKING:
    from botocore.model import ServiceModel, Shape

# The SDK for Java, whose names these are, cannot call a member `null`.
_RESERVED = {"NULL": "Nul"}
_LEADING_ACRONYM = re.compile(r"^[A-Z]{2,}")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z0-9]+")


class UnsupportedField(Exception):
    """A parameter that the integration does not have; AWS refuses the definition for it."""


def integration_name(member: str) -> str:
    """How Step Functions writes the API's `member`: datasetGroupArn → DatasetGroupArn, DBName → DbName, SS → Ss."""
    if member in _RESERVED:
        return _RESERVED[member]
    acronym = _LEADING_ACRONYM.match(member)
    if not acronym:
        return member[:1].upper() + member[1:]
    end = acronym.end() if acronym.end() == len(member) else acronym.end() - 1
    return member[:1] + member[1:end].lower() + member[end:]


def to_api(value: Any, shape: Shape) -> Any:
    """`value` as botocore takes it: the members' own names, and JSON text where the API wants text or bytes.

    Raises UnsupportedField for a name that the shape does not have.
    """
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {_known(key, shape): item for key, item in value.items()}
        return {member: to_api(item, shape.members[member]) for member, item in members.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_api(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: to_api(item, shape.value) for key, item in value.items()}
    if shape.type_name in {"string", "blob"}:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text if shape.type_name == "string" else text.encode()
    return value


def from_api(value: Any, shape: Shape) -> Any:
    """A response of botocore as Step Functions gives it: names in Pascal case, times as text, bytes as text."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            integration_name(member): from_api(item, shape.members[member])
            for member, item in value.items()
            if member in shape.members
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_api(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: from_api(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime):
        return iso_text(value)
    if shape.type_name == "blob":
        return _text(value if isinstance(value, bytes) else value.read())
    return value


def modelled_error(service: ServiceModel, code: str) -> str | None:
    """The name of the error shape that `code` stands for, if the service's model has one."""
    for shape in service.error_shapes:
        if code in {shape.name, shape.metadata.get("error", {}).get("code")}:
            return str(shape.name)
    return None


def error_prefix(service: ServiceModel) -> str:
    """How Step Functions begins the names of a service's errors: Personalize, DynamoDb, Sfn, PersonalizeRuntime."""
    return "".join(word.capitalize() for word in _WORD.findall(service.service_id))


def _known(key: str, shape: StructureShape) -> str:
    """The member that `key` names: exactly, or but for the case of an acronym."""
    names = {integration_name(member): member for member in shape.members}
    if key in names:
        return names[key]
    if key[:1].isupper():
        for name, member in names.items():
            if name.lower() == key.lower():
                return member
    raise UnsupportedField(
        f"The field '{key}' is not supported by Step Functions; use one of {', '.join(sorted(names))}"
    )


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
