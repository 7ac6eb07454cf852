"""Whatever a request holds, the checks of every operation answer with a refusal or with input, never with a crash."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.personalize import wire
from tastemaker.personalize.errors import InvalidInput, Serialization
from tastemaker.personalize.wire import WireRequest

TARGETS = sorted(wire.control_operations())
ROUTES = sorted(wire.rest_operations())
MEMBERS = ["name", "tags", "solutionConfig", "campaignArn", "eventList", "numResults", "context", "maxResults"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | st.text(), inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(target=st.sampled_from(TARGETS), body=JSON)
def test_any_json_is_read_or_refused_by_any_control_plane_operation(target: str, body: object) -> None:
    request = WireRequest("POST", "/", {"x-amz-target": target}, json.dumps(body).encode(), "1", "r")
    _read_or_refused(request)


@settings(max_examples=300, deadline=None)
@given(route=st.sampled_from(ROUTES), body=st.binary(max_size=30) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused_by_any_rest_operation(route: tuple[str, str], body: bytes) -> None:
    _read_or_refused(WireRequest(*route, {}, body, "1", "r"))


def _read_or_refused(request: WireRequest) -> None:
    operation = wire.find_operation(request)
    with contextlib.suppress(InvalidInput, Serialization):
        assert None not in wire.read_input(operation, request).values()
