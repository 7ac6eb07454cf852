"""The OpenAPI document: valid, and no other than what the requests are read by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber
from openapi_spec_validator import OpenAPIV31SpecValidator

from lambdas.recommend.settings import Settings
from lambdas.track_events.door import MAX_EVENTS, Door
from tests.unit.lambdas.events import FIELDS, NOW
from tests.unit.lambdas.serving import SETTINGS, shop

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

Runtime = tuple["PersonalizeRuntimeClient", Stubber]
BARE = Settings(project="shop", models=("recommendations",), filters={})


def parameters(document: dict[str, Any], path: str) -> dict[str, Any]:
    return {each["name"]: each for each in document["paths"][path]["get"]["parameters"]}


@pytest.mark.parametrize("settings", [SETTINGS, BARE, replace(SETTINGS, filters={})])
def test_the_document_is_valid_and_may_be_kept_an_hour(runtime: Runtime, settings: Settings) -> None:
    reply = shop(runtime, settings=settings).get("/openapi.json")
    assert (reply.status, reply.headers["cache-control"]) == (200, "public, max-age=3600")
    assert reply.body["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(reply.body).validate()


def test_it_names_the_routes_filters_and_details_of_this_deployment(runtime: Runtime) -> None:
    document = shop(runtime).get("/openapi.json").body
    assert set(document["paths"]) == {
        *("/recommendations", "/similar-items", "/popular-items", "/health", "/openapi.json", "/events")
    }
    asked = parameters(document, "/recommendations")
    assert asked["filter"]["schema"]["enum"] == ["unseen", "category", "priced"]
    assert asked["filter.CATEGORY"]["schema"]["type"] == "array"
    assert asked["context.DEVICE"]["required"] is False
    assert [name for name, each in asked.items() if each["required"]] == ["userId"]
    assert set(document["components"]["schemas"]["Item"]["properties"]) == {"itemId", "score", "title", "price"}


def test_what_is_not_configured_is_not_in_it(runtime: Runtime) -> None:
    document = shop(runtime, settings=BARE).get("/openapi.json").body
    assert "/similar-items" not in document["paths"]
    assert set(parameters(document, "/recommendations")) == {"userId", "count"}
    assert set(parameters(document, "/popular-items")) == {"count"}


def test_every_path_that_reads_is_answered_and_every_parameter_known(runtime: Runtime) -> None:
    """No path or parameter of the document is met with `unknown …`."""
    store = shop(runtime)
    document = store.get("/openapi.json").body
    for path in [path for path, methods in document["paths"].items() if "get" in methods]:
        for name in parameters(document, path):
            # nothing fits two values of 1001 characters
            reply = store.get(path, (name, "x" * 1001), (name, "x" * 1001))
            assert reply.status == 400
            assert reply.code not in ("unknownParameter", "unknownRoute")
        assert store.get(path, ("neverHeardOf", "x")).code == "unknownParameter"


def test_the_door_of_the_events_takes_all_that_the_document_says_of_one_and_asks_for_no_more(runtime: Runtime) -> None:
    document = shop(runtime).get("/openapi.json").body
    schema = document["components"]["schemas"]["Event"]
    texts = {"sentAt": int(NOW), "eventValue": 1.5, "properties": {}, "impression": ["i"]}
    event = {name: texts.get(name, "x") for name in schema["properties"]}
    door = Door(FIELDS, now=lambda: NOW, new_id=lambda: "new")

    (message,) = door.messages({"sessionId": "s", "userId": "u", "events": [event]})
    door.messages({"sessionId": "s", "events": [{name: event[name] for name in schema["required"]}]})

    assert message["events"][0].keys() == event.keys() - {"properties"}
    visit = document["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert visit["properties"]["events"]["maxItems"] == MAX_EVENTS
