"""Requests built from botocore's models: mostly well-formed, with ARNs that sometimes exist."""

from __future__ import annotations

from collections.abc import Sequence

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st

SERVICES = ("personalize", "personalize-runtime", "personalize-events")


def requests(arns: Sequence[str]) -> st.SearchStrategy[tuple[str, str, object]]:
    """`(service, operation, input)` for every operation of the three services; `arns` are those that exist."""
    session = botocore.session.get_session()
    by_operation = []
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            shape = model.operation_model(name).input_shape
            assert shape is not None
            by_operation.append(st.tuples(st.just(service), st.just(name), _value(shape, arns)))
    return st.one_of(by_operation)


def _value(shape: Shape, arns: Sequence[str]) -> st.SearchStrategy[object]:
    if isinstance(shape, StructureShape):
        members = {name: _value(member, arns) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(required, optional=members)
    if isinstance(shape, ListShape):
        return st.lists(_value(shape.member, arns), min_size=shape.metadata.get("min", 0), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(_value(shape.key, arns), _value(shape.value, arns), max_size=2)
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name == "integer":
        return st.integers(shape.metadata.get("min", -5), shape.metadata.get("max", 600))
    if shape.type_name != "string":
        return st.floats(0, 1)
    return _text(shape, arns)


def _text(shape: Shape, arns: Sequence[str]) -> st.SearchStrategy[object]:
    if values := shape.metadata.get("enum"):
        return st.sampled_from(values)
    by_name = {
        "Arn": st.sampled_from(list(arns)),
        "RoleArn": st.just("arn:aws:iam::123456789012:role/r"),
        "KmsKeyArn": st.just("arn:aws:kms:us-east-1:123456789012:key/k"),
        "S3Location": st.sampled_from(["s3://bucket/key.csv", "s3://bucket/", "http://x"]),
        "SchedulingExpression": st.sampled_from(["rate(1 day)", "rate(99 days)"]),
        "DatasetType": st.sampled_from(["INTERACTIONS", "items", "Users", "x"]),
        "Name": st.from_regex("[a-z][a-z0-9-]{0,5}", fullmatch=True),
    }
    return by_name.get(shape.name, st.text(max_size=6) | st.sampled_from(["1", "-0.5", "{}", "nan"]))
