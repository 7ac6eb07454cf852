"""This deployment's OpenAPI 3.1 document, from the table that the requests are read by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdas.recommend.routes import Parameter, Route, served
from lambdas.recommend.settings import Settings

_ERRORS: Final[Mapping[int, str]] = {
    400: "What is wrong with the request, and how to mend it.",
    413: "Too much at once; send fewer events in a request.",
    415: "Events are sent as `application/json`.",
    429: "More requests than the API takes; try again later. API Gateway's own answer, without an `error`.",
    500: "The request failed; try again.",
    503: "There is nothing to answer with: no model is published yet, or a filter is not live or cannot be applied.",
}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 256}


def document(settings: Settings) -> dict[str, Any]:
    """The whole document as JSON."""
    reading = {f"/{route.name}": {"get": _operation(route)} for route in served(settings).values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": settings.project, "summary": "Recommendations by Amazon Personalize", "version": "1"},
        "paths": {**reading, "/events": {"post": _EVENTS_OPERATION}},
        "components": {"schemas": {**_SCHEMAS, "Item": _item(settings)}},
    }


def _operation(route: Route) -> dict[str, Any]:
    known = {"health": "Health", "openapi.json": None}
    name = known.get(route.name, "Recommendations")
    schema = {"$ref": f"#/components/schemas/{name}"} if name else {"type": "object"}
    errors = [400, 429, 500, *([503] if name else [])]
    return {
        "operationId": route.name.removesuffix(".json"),
        "summary": route.summary,
        "parameters": [_parameter(each) for each in route.parameters.values()],
        "responses": {"200": _response("The answer.", schema), **_errors(errors)},
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: Mapping[str, Any] = parameter.schema
    if parameter.many:
        schema = {"type": "array", "items": schema, "minItems": 1}
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema,
        # the parameter again for each value: a comma is part of one
        **({"style": "form", "explode": True} if parameter.many else {}),
    }


def _item(settings: Settings) -> dict[str, Any]:
    details: dict[str, Any] = {name: {} for name in settings.item_details}
    score = {"type": "number", "description": "Personalize's; not every recipe gives one."}
    return {
        "type": "object",
        "description": "An item with what the items table says of it; what the table lacks is left out.",
        "required": ["itemId"],
        "properties": {**details, "itemId": _ID, "score": score},
        "additionalProperties": False,
    }


def _response(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _errors(statuses: list[int]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {
        str(status): _response(_ERRORS[status], {"type": "object"} if status == 429 else schema) for status in statuses
    }


_SCHEMAS: Final[Mapping[str, Any]] = {
    "Recommendations": {
        "type": "object",
        "required": ["recommendations", "source"],
        "properties": {
            "userId": _ID,
            "itemId": _ID,
            "recommendations": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "recommendationId": {"type": "string", "description": "Send it with the events that follow."},
            "source": {
                "enum": ["personalize", "popular"],
                "description": "`popular`: the popular items of the last training, unfiltered.",
            },
        },
        "additionalProperties": False,
    },
    "Health": {
        "type": "object",
        "required": ["status", "publishedAt", "runId", "routes", "filters"],
        "properties": {
            "status": {"const": "ok"},
            "publishedAt": {"type": "integer", "description": "In seconds since 1970."},
            "runId": {"type": "string"},
            "routes": {"type": "array", "items": {"type": "string"}},
            "filters": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    },
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "details": {"type": "array", "items": {"type": "object"}},
                },
            }
        },
    },
    "Event": {
        "type": "object",
        "required": ["eventType", "itemId"],
        "properties": {
            "eventType": _ID,
            "itemId": _ID,
            "sentAt": {
                "type": ["number", "string"],
                "description": "In seconds since 1970 or as ISO 8601; now, if left out.",
            },
            "eventId": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "description": "An event that is sent again with the same id counts once.",
            },
            "eventValue": {"type": "number"},
            "properties": {"type": "object", "description": "Fields of one's own of the interactions."},
            "recommendationId": {"type": "string", "minLength": 1, "maxLength": 40},
            "impression": {"type": "array", "items": _ID, "minItems": 1, "maxItems": 25},
            "eventAttributionSource": {"type": "string", "minLength": 1, "maxLength": 1024},
        },
    },
}
_EVENTS_OPERATION: Final[Mapping[str, Any]] = {
    "operationId": "events",
    "summary": "What visitors did; it counts for the next answer and for every training",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["sessionId", "events"],
                    "properties": {
                        "sessionId": _ID,
                        "userId": _ID,
                        "events": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 100,
                            "items": {"$ref": "#/components/schemas/Event"},
                        },
                    },
                }
            }
        },
    },
    "responses": {
        "202": _response(
            "The events are kept.",
            {"type": "object", "required": ["accepted"], "properties": {"accepted": {"type": "integer"}}},
        ),
        **_errors([400, 413, 415, 429, 500, 503]),
    },
}
