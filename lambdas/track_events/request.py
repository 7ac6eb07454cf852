"""From an API Gateway event to the JSON object in its body."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from lambdas.common.events import compact
from lambdas.common.http import HttpError

MAX_BYTES: Final = 256 * 1024
MEDIA_TYPE: Final = "application/json"


def document(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that was posted (payload format 2.0). Raises `HttpError` 400, 413 and 415."""
    media_type = event.get("headers", {}).get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise HttpError(
            415, "unsupportedMediaType", f"events are sent with `content-type: {MEDIA_TYPE}`, in UTF-8 and uncompressed"
        )
    body = _body(event)
    if len(body) > MAX_BYTES:
        raise HttpError(
            413, "tooLarge", f"the body has {len(body)} bytes; at most {MAX_BYTES} are taken: send fewer events at once"
        )
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
        # half of a surrogate pair is a text to Python and to nobody else
        compact([parsed]).encode()
    except (ValueError, RecursionError) as error:
        # not its words, since they may hold what was sent
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise HttpError(400, "invalidJson", f"the body is no valid JSON in UTF-8{place}") from error
    if not isinstance(parsed, dict):
        raise HttpError(400, "invalidJson", 'the body is a JSON object: {"sessionId": …, "events": […]}')
    return parsed


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
