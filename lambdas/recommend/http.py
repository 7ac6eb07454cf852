"""Between HTTP and the recommender: what a request may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.common.http import HttpError

DEFAULT_COUNT: Final = 10
MAX_COUNT: Final = 100
MAX_ID_LENGTH: Final = 256
PARAMETERS: Final = frozenset({"userId", "count"})


@dataclass(frozen=True)
class RecommendationRequest:
    """`GET /recommendations`: `count` items for `user_id`."""

    user_id: str
    count: int


def parse(event: Mapping[str, Any]) -> RecommendationRequest:
    """Read an API Gateway event, payload format 2.0; whatever is wrong in it is an `HttpError` 400."""
    query: Mapping[str, str] = event.get("queryStringParameters") or {}
    if unknown := sorted(query.keys() - PARAMETERS):
        raise HttpError(
            400,
            "unknownParameter",
            f"unknown parameter {', '.join(unknown)}; known are {', '.join(sorted(PARAMETERS))}",
        )
    user_id = query.get("userId", "")
    if not 1 <= len(user_id) <= MAX_ID_LENGTH:
        raise HttpError(400, "invalidUserId", f"userId is required and has 1 to {MAX_ID_LENGTH} characters")
    return RecommendationRequest(user_id, _count(query.get("count")))


def _count(raw: str | None) -> int:
    if raw is None:
        return DEFAULT_COUNT
    # str.isdigit also takes digits that int refuses, such as superscripts
    if raw.isascii() and raw.isdigit() and len(raw) <= 4 and 1 <= int(raw) <= MAX_COUNT:
        return int(raw)
    raise HttpError(400, "invalidCount", f"count is a whole number from 1 to {MAX_COUNT}")
