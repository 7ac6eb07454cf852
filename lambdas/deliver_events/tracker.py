"""The event tracker's id, which the workflow publishes in the engine's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REFRESH_SECONDS: Final = 60


class Tracker:
    """The `trackingId` of the item `published`, read again once it is a minute old; an error is the reader's."""

    def __init__(self, dynamodb: DynamoDBClient, *, table: str, now: Callable[[], float]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._now = now
        self._id: str | None = None
        self._read_at = 0.0

    def tracking_id(self) -> str | None:
        """None until the workflow has run for the first time, for which each call looks."""
        if self._id is None or self._now() - self._read_at >= REFRESH_SECONDS:
            self.renew()
        return self._id

    def renew(self) -> str | None:
        """The id as it stands in the table now."""
        answer = self._dynamodb.get_item(
            TableName=self._table,
            Key={"key": {"S": "published"}},
            ConsistentRead=True,
            ProjectionExpression="trackingId",
        )
        self._id = answer.get("Item", {}).get("trackingId", {}).get("S")
        self._read_at = self._now()
        return self._id
