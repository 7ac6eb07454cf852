"""What the workflow published: which campaigns are live, and the popular items to fall back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.logs import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REFRESH_SECONDS: Final = 60


@dataclass(frozen=True)
class Engine:
    """The published state; empty before the first run of the workflow."""

    campaigns: dict[str, str]
    popular_items: tuple[str, ...]


class Published:
    """The item `published` of the engine's table, read again once it is a minute old; a failed read keeps the last."""

    def __init__(self, dynamodb: DynamoDBClient, *, table: str, now: Callable[[], float]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._now = now
        self._engine = Engine({}, ())
        self._read_at: float | None = None

    def engine(self) -> Engine:
        now = self._now()
        if self._read_at is None or now - self._read_at >= REFRESH_SECONDS or not self._engine.campaigns:
            try:
                self._engine = self._read()
            except (ClientError, BotoCoreError) as error:
                logger.warning("the published item cannot be read", extra={"reason": str(error)})
            self._read_at = now
        return self._engine

    def _read(self) -> Engine:
        answer = self._dynamodb.get_item(TableName=self._table, Key={"key": {"S": "published"}})
        item = answer.get("Item", {})
        return Engine(
            campaigns={route: arn["S"] for route, arn in item.get("routes", {}).get("M", {}).items()},
            popular_items=tuple(value["S"] for value in item.get("popularItems", {}).get("L", [])),
        )
