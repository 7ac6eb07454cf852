"""Try the campaigns as a visitor would, then publish to the API what it cannot know before."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lambdas.common.errors import FailedError, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

POPULAR_ITEMS: Final = 100


class Publication:
    """Writes the item `published` of the engine's table, from which the API learns what is live."""

    def __init__(self, runtime: PersonalizeRuntimeClient, dynamodb: DynamoDBClient, *, table: str) -> None:
        self._runtime = runtime
        self._dynamodb = dynamodb
        self._table = table

    def publish(self, models: Sequence[Mapping[str, Any]], *, run_id: str) -> list[str]:
        """Publish `models` (each `name`, `route`, `campaignArn`, …) once every campaign has answered.

        A user never seen gets what is popular, so the trial's answer is also the list that the API falls back to.
        """
        popular: dict[str, list[str]] = {m["name"]: self._try(m["campaignArn"], run_id) for m in models}
        self._put(
            {
                "key": {"S": "published"},
                "runId": {"S": run_id},
                "publishedAt": {"N": str(int(time.time()))},
                "routes": {"M": {m["route"]: {"S": m["campaignArn"]} for m in models}},
                "versions": {"M": {m["name"]: {"S": m["solutionVersionArn"]} for m in models}},
                "popularItems": {"L": [{"S": item} for item in next(iter(popular.values()), [])]},
            }
        )
        return list(popular)

    def _try(self, campaign_arn: str, run_id: str) -> list[str]:
        with translated(f"trying {campaign_arn}"):
            answer = self._runtime.get_recommendations(
                campaignArn=campaign_arn, userId=f"never-seen-{run_id}", numResults=POPULAR_ITEMS
            )
        items = [item["itemId"] for item in answer["itemList"]]
        if not items:
            raise FailedError(f"{campaign_arn} recommends nothing to a new user: it is not published")
        return items

    def _put(self, item: Mapping[str, Any]) -> None:
        with translated(f"publishing to the table {self._table}"):
            self._dynamodb.put_item(TableName=self._table, Item=item)
