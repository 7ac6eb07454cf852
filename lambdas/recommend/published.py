"""What the workflow published: which campaigns and filters are live, and the popular items to fall back to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import error_code
from lambdas.common.http import HttpError
from lambdas.common.logs import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REFRESH_SECONDS: Final = 60


@dataclass(frozen=True)
class Engine:
    """The published state: ARNs of campaigns by route and of filters by name, the time in seconds since 1970."""

    run_id: str
    published_at: int
    campaigns: Mapping[str, str]
    filters: Mapping[str, str]
    popular_items: tuple[str, ...]


class Published:
    """The item `published` of the engine's table, read again once it is a minute old; a failed read keeps the last.

    `filters` are the names of those that are configured.
    """

    def __init__(
        self, dynamodb: DynamoDBClient, *, table: str, filters: Collection[str], now: Callable[[], float]
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._filters = filters
        self._now = now
        self._engine: Engine | None = None
        self._read_at = 0.0

    def engine(self) -> Engine:
        """Raises `HttpError` 503 before the first run of the workflow, and where nothing could be read ever."""
        now = self._now()
        if self._engine is None or now - self._read_at >= REFRESH_SECONDS:
            try:
                self._engine = self._read()
            except (ClientError, BotoCoreError) as error:
                reason = error_code(error) if isinstance(error, ClientError) else type(error).__name__
                logger.warning("the published item cannot be read", extra={"reason": reason})
                if self._engine is None:
                    raise HttpError(503, "unavailable", "what is published cannot be read now; try again") from error
            self._read_at = now
        if self._engine is None:
            raise HttpError(503, "notReady", "no model is published yet; run the training workflow first")
        return self._engine

    def _read(self) -> Engine | None:
        item = self._dynamodb.get_item(TableName=self._table, Key={"key": {"S": "published"}}).get("Item")
        if item is None:
            return None
        filters = {name: arn["S"] for name, arn in item.get("filters", {}).get("M", {}).items()}
        if missing := sorted(set(self._filters) - filters.keys()):
            logger.warning("filters are not live, run the training workflow", extra={"filters": missing})
        return Engine(
            run_id=item.get("runId", {}).get("S", ""),
            published_at=int(item.get("publishedAt", {}).get("N", 0)),
            campaigns={route: arn["S"] for route, arn in item.get("routes", {}).get("M", {}).items()},
            filters=filters,
            popular_items=tuple(value["S"] for value in item.get("popularItems", {}).get("L", [])),
        )
