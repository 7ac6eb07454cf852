"""Try the campaigns as a visitor would, then publish to the API what it cannot know before."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lambdas.common.errors import FailedError, TastemakerError, translated
from lambdas.deploy_campaign.campaigns import Campaigns

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

POPULAR_ITEMS: Final = 100
_KEY: Final[Mapping[str, Any]] = {"key": {"S": "published"}}
# by whose answer to a stranger the API falls back: the first of these routes that there is
_MOST_POPULAR: Final = ("popular-items", "recommendations", "similar-items")

Model = Mapping[str, Any]


class Publication:
    """Writes the item `published` of the engine's table, from which the API learns what is live."""

    def __init__(
        self, runtime: PersonalizeRuntimeClient, dynamodb: DynamoDBClient, campaigns: Campaigns, *, table: str
    ) -> None:
        self._runtime = runtime
        self._dynamodb = dynamodb
        self._campaigns = campaigns
        self._table = table

    def publish(
        self, models: Sequence[Model], *, run_id: str, filters: Sequence[Mapping[str, str]], tracking_id: str
    ) -> list[str]:
        """Publish `models` (each `name`, `route`, `campaignArn`, …) once every campaign has answered.

        Where one does not, all go back to the versions that were published before, and nothing is published.
        """
        in_order = sorted(models, key=lambda model: _MOST_POPULAR.index(model["route"]))
        popular: list[str] = []
        try:
            for model in in_order:
                answer = self._try(model, run_id, beside=popular[0] if popular else None)
                popular = popular or answer
        except FailedError as failure:
            raise FailedError(f"{failure}; nothing is published{self._go_back(models)}") from failure
        self._put(
            {
                **_KEY,
                "runId": {"S": run_id},
                "publishedAt": {"N": str(int(time.time()))},
                "routes": {"M": {m["route"]: {"S": m["campaignArn"]} for m in models}},
                "versions": {"M": {m["name"]: {"S": m["solutionVersionArn"]} for m in models}},
                "popularItems": {"L": [{"S": item} for item in popular]},
                "filters": {"M": {each["name"]: {"S": each["filterArn"]} for each in filters}},
                "trackingId": {"S": tracking_id},
            }
        )
        return [model["name"] for model in models]

    def _try(self, model: Model, run_id: str, *, beside: str | None) -> list[str]:
        """What the campaign recommends to a user never seen, or beside an item: some of what is popular."""
        stranger, arn = f"never-seen-{run_id}", model["campaignArn"]
        asked: dict[str, Any] = (
            {"userId": stranger} if model["route"] != "similar-items" else {"itemId": beside or stranger}
        )
        with translated(f"trying {arn}"):
            answer = self._runtime.get_recommendations(campaignArn=arn, numResults=POPULAR_ITEMS, **asked)
        items = [item["itemId"] for item in answer["itemList"]]
        if not items:
            whom = "a new user" if "userId" in asked else f"a visitor of {asked['itemId']}"
            raise FailedError(f"{arn} recommends nothing to {whom}")
        return items

    def _go_back(self, models: Sequence[Model]) -> str:
        """Let the campaigns serve what they served before; says in words what came of it."""
        with translated(f"reading the table {self._table}"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True).get("Item", {})
        before = {name: version["S"] for name, version in item.get("versions", {}).get("M", {}).items()}
        said = ""
        for model in models:
            version = before.get(model["name"])
            if version is None or version == model["solutionVersionArn"]:
                continue
            try:
                self._campaigns.go_back(model["campaignArn"], version_arn=version)
                said += f"; {model['campaignArn']} goes back to {version}"
            except TastemakerError as error:
                said += f"; {model['campaignArn']} cannot go back: {error}"
        return said

    def _put(self, item: Mapping[str, Any]) -> None:
        with translated(f"publishing to the table {self._table}"):
            self._dynamodb.put_item(TableName=self._table, Item=item)
