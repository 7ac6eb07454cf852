"""The routes and what answers them: an API Gateway event in, an HTTP answer out, whatever happens."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any, Final

from lambdas.common.http import NO_STORE, HttpError, response
from lambdas.common.logs import logger
from lambdas.recommend.query import Query, read
from lambdas.recommend.routes import Route, served
from lambdas.recommend.service import Recommender, without_details
from lambdas.recommend.settings import Settings

# a Lambda function's answer has at most 6 MB; a character takes up to four bytes
MAX_CHARACTERS: Final = 1_400_000


class Api:
    """The API of one deployment."""

    def __init__(self, recommender: Recommender, settings: Settings) -> None:
        self._recommender = recommender
        self._settings = settings
        self._routes = served(settings)

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to an event of payload format 2.0; no error leaves it."""
        try:
            return self._respond(event)
        except HttpError as error:
            return response(error.status, error.body())
        except Exception as error:  # noqa: BLE001  # the last door; an error's own words may hold a user's id
            place = traceback.extract_tb(error.__traceback__)[-1]
            reason = {"reason": type(error).__name__, "place": f"{place.filename}:{place.lineno}"}
            logger.error("the request failed", extra=reason)
            return response(500, HttpError(500, "internal", "the request failed; try again").body())

    def _respond(self, event: Mapping[str, Any]) -> dict[str, Any]:
        route = self._routes.get(event.get("routeKey", ""))
        if route is None:
            raise HttpError(404, "unknownRoute", f"there is no such route; there are {', '.join(self._routes)}")
        query = read(event.get("rawQueryString", ""), route, self._settings.filters)
        if route.lists:
            answer = self._recommender.answer(route.name, query)
            cache_control = _cache_control(route, query, as_meant=answer.as_meant)
            whole = response(200, answer.body, cache_control=cache_control)
            if len(whole["body"]) <= MAX_CHARACTERS:
                return whole
            logger.warning("the details are too large for an answer", extra={"characters": len(whole["body"])})
            return response(200, without_details(answer.body), cache_control=cache_control)
        if route.name == "health":
            return response(200, self._recommender.health())
        # only who asks for the document waits for what writes it
        from lambdas.recommend.openapi import document

        return response(200, document(self._settings), cache_control=_cache_control(route, query))


def _cache_control(route: Route, query: Query, *, as_meant: bool = True) -> str:
    """An answer for a user is that user's alone, and one that makes do with popular items is for now."""
    shared = route.max_age and query.user_id is None and as_meant
    return f"public, max-age={route.max_age}" if shared else NO_STORE
