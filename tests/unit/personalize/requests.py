"""Inputs built from botocore's shapes: well-formed as a rule, with names and ARNs of which some exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st

SERVICES = ("personalize", "personalize-runtime", "personalize-events")

_USERS = '{"type": "record", "name": "Users", "fields": [{"name": "USER_ID", "type": "string"}, {"name": "AGE", %s}]}'
_TEXTS: dict[str, Sequence[str]] = {
    "RoleArn": ["arn:aws:iam::123456789012:role/r"],
    "KmsKeyArn": ["arn:aws:kms:us-east-1:123456789012:key/k"],
    "S3Location": ["s3://bucket/key.csv", "s3://bucket/", "http://x"],
    "SchedulingExpression": ["rate(1 day)", "rate(99 days)"],
    "DatasetType": ["INTERACTIONS", "items", "Users", "x"],
    "AvroSchema": [_USERS % '"type": "int"', _USERS % '"type": ["null", "string"], "categorical": true', "{}"],
    "FilterExpression": [
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($T)",
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE IF CurrentUser.AGE > 3",
        "INCLUDE ItemID",
    ],
    "EventPropertiesJSON": ["{}", '{"deviceType": "phone"}', '{"a": {"b": [1]}}', "[]", '"x"', "{"],
}


def inputs(shape: Shape | None, arns: Sequence[str], tracking_ids: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Inputs of the operation whose input is `shape`; `arns` and `tracking_ids` are what they name."""
    assert isinstance(shape, StructureShape)
    return _value(shape, {"Arn": arns, "TrackingId": tracking_ids, **_TEXTS})


def _value(shape: Shape, texts: dict[str, Sequence[str]]) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        members = {name: _value(member, texts) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(required, optional=members)
    if isinstance(shape, ListShape):
        return st.lists(_value(shape.member, texts), min_size=shape.metadata.get("min", 0), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(_value(shape.key, texts), _value(shape.value, texts), max_size=2)
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name == "integer":
        return st.integers(shape.metadata.get("min", -5), shape.metadata.get("max", 600))
    if shape.type_name == "timestamp":
        return st.integers(0, 2_000_000_000) | st.floats(-1e10, 1e12)
    if shape.type_name != "string":
        return st.floats(0, 1)
    return _text(shape, texts)


def _text(shape: Shape, texts: dict[str, Sequence[str]]) -> st.SearchStrategy[str]:
    if values := shape.metadata.get("enum"):
        return st.sampled_from(values)
    if values := texts.get(shape.name):
        return st.sampled_from(list(values))
    if shape.name == "Name":
        return st.from_regex("[a-z][a-z0-9-]{0,5}", fullmatch=True)
    return st.text(max_size=6) | st.sampled_from(["1", "-0.5", "{}", "nan", "0,5"])
