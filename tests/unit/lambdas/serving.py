"""The API over scripted clients, and requests as API Gateway hands them on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
from botocore.stub import Stubber

from lambdas.recommend.api import Api
from lambdas.recommend.details import Details
from lambdas.recommend.published import Published
from lambdas.recommend.service import Recommender
from lambdas.recommend.settings import Filter, Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

ARN = "arn:aws:personalize:eu-west-1:123456789012:"
SETTINGS = Settings(
    project="shop",
    models=("recommendations", "similar-items", "popular-items"),
    filters={
        "unseen": Filter(needs_user=True, default=True),
        "category": Filter(parameters=("CATEGORY",)),
        "cheaper": Filter(needs_item=True),
        "priced": Filter(parameters=("LOW", "HIGH"), needs_user=True),
    },
    context=("DEVICE",),
    item_key="sku",
    item_details=("title", "price"),
)
PUBLISHED: dict[str, Any] = {
    "runId": {"S": "run-7"},
    "publishedAt": {"N": "1700000000"},
    "routes": {"M": {route: {"S": f"{ARN}campaign/shop-{route}"} for route in SETTINGS.models}},
    "filters": {"M": {name: {"S": f"{ARN}filter/shop-{name}"} for name in ("unseen", "category", "cheaper", "priced")}},
    "popularItems": {"L": [{"S": "p1"}, {"S": "p2"}, {"S": "p3"}]},
}


class Time:
    """A clock that goes on when somebody pauses."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Reply:
    """What a client gets."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def item_ids(self) -> list[str]:
        return [item["itemId"] for item in self.body["recommendations"]]


def published_by(dynamodb: DynamoDBClient, *answers: dict[str, Any] | str, time: Time | None = None) -> Published:
    """The published state over a table that gives these answers in turn: an item, none (`{}`) or an error code."""
    script = Stubber(dynamodb)
    for answer in answers:
        if isinstance(answer, str):
            script.add_client_error("get_item", answer)
        else:
            asked = {"TableName": "engine", "Key": {"key": {"S": "published"}}}
            script.add_response("get_item", {"Item": answer} if answer else {}, asked)
    script.activate()
    return Published(dynamodb, table="engine", filters=SETTINGS.filters, now=time or Time())


@dataclass(frozen=True)
class Shop:
    """An API with a script for Personalize and, where it has details, one for the items table."""

    api: Api
    personalize: Stubber

    def will_answer(self, *items: str, recommendation_id: str = "RID-1", **asked: Any) -> None:
        """The next call to Personalize is for exactly `asked`, and gets `items`."""
        answer = {"itemList": [{"itemId": item} for item in items], "recommendationId": recommendation_id}
        self.personalize.add_response("get_recommendations", answer, asked)

    def will_fail(self, code: str = "ThrottlingException") -> None:
        self.personalize.add_client_error("get_recommendations", code)

    def get(self, route: str, *repeated: tuple[str, str], **query: str | int) -> Reply:
        return self.get_raw(route, urlencode([*query.items(), *repeated]))

    def get_raw(self, route: str, query: str) -> Reply:
        joined = dict.fromkeys(("userId", "filter"), "not to be read: commas in values are lost")
        event = {"routeKey": f"GET {route}", "rawQueryString": query, "queryStringParameters": joined}
        answer = self.api.answer(event)
        return Reply(answer["statusCode"], answer["headers"], json.loads(answer["body"]))


def shop(
    runtime: tuple[PersonalizeRuntimeClient, Stubber],
    published: dict[str, Any] | str = PUBLISHED,
    settings: Settings = SETTINGS,
    details: Details | None = None,
) -> Shop:
    """The API of `settings`; the caller checks that the runtime's script was played to its end."""
    client, script = runtime
    answers: Sequence[dict[str, Any] | str] = [published] * 2
    recommender = Recommender(client, published_by(boto3.client("dynamodb"), *answers), details, settings)
    return Shop(Api(recommender, settings), script)
