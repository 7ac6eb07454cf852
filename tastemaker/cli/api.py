"""The engine's HTTP API, asked as a front end would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tastemaker.cli.errors import CommandError

_PATIENCE_SECONDS: Final = 30


class Api:
    """GET and POST with JSON in and out; what cannot be answered is a CommandError."""

    def __init__(self, url: str) -> None:
        self.url = url

    def recommendations_url(self, user_id: str, count: int) -> str:
        return self._url("/recommendations", userId=user_id, count=count)

    def recommendations(self, user_id: str, count: int) -> list[dict[str, Any]]:
        """The items recommended to a user, each with its id and its details."""
        return self._items(self.recommendations_url(user_id, count))

    def similar(self, item_id: str, count: int) -> list[dict[str, Any]]:
        return self._items(self._url("/similar-items", itemId=item_id, count=count))

    def track(self, body: Mapping[str, Any]) -> int:
        """Send events; how many were accepted."""
        accepted: int = self._answer(self._url("/events"), json.dumps(body).encode())["accepted"]
        return accepted

    def _url(self, path: str, **query: str | int) -> str:
        return f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")

    def _items(self, url: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._answer(url)["recommendations"]
        return items

    def _answer(self, url: str, posted: bytes | None = None) -> dict[str, Any]:
        request = Request(url, data=posted, headers={"content-type": "application/json"})  # noqa: S310  # our gateway's
        try:
            with urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
                body: dict[str, Any] = json.load(answer)
        except OSError as error:
            raise CommandError(f"{request.get_method()} {url} failed: {error}") from error
        return body
