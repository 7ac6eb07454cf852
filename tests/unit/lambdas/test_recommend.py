import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.common.http import HttpError, response
from lambdas.recommend.http import parse
from lambdas.recommend.published import REFRESH_SECONDS, Published
from lambdas.recommend.service import Recommender

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

Runtime = tuple["PersonalizeRuntimeClient", Stubber]
CAMPAIGN = "arn:aws:personalize:eu-west-1:123456789012:campaign/shop-for-you"
ITEM: dict[str, Any] = {
    "routes": {"M": {"recommendations": {"S": CAMPAIGN}}},
    "popularItems": {"L": [{"S": "p1"}, {"S": "p2"}, {"S": "p3"}]},
}


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb")


def published_from(dynamodb: "DynamoDBClient", *answers: dict[str, Any] | str, time: Time | None = None) -> Published:
    """The published state over a table that gives these answers in turn; a string is an error code."""
    script = Stubber(dynamodb)
    for answer in answers:
        if isinstance(answer, str):
            script.add_client_error("get_item", answer)
        else:
            script.add_response(
                "get_item", {"Item": answer}, {"TableName": "engine", "Key": {"key": {"S": "published"}}}
            )
    script.activate()
    return Published(dynamodb, table="engine", now=time or Time())


def get(**query: str) -> dict[str, Any]:
    return {"queryStringParameters": query or None}


def test_recommendations_come_from_the_published_campaign(runtime: Runtime, dynamodb: "DynamoDBClient") -> None:
    runtime[1].add_response(
        "get_recommendations",
        {"itemList": [{"itemId": "a", "score": 0.5}, {"itemId": "b"}], "recommendationId": "RID-1"},
        {"campaignArn": CAMPAIGN, "userId": 'u, "é"', "numResults": 2},
    )
    recommender = Recommender(runtime[0], published_from(dynamodb, ITEM))
    assert recommender.recommend(parse(get(userId='u, "é"', count="2"))) == {
        "userId": 'u, "é"',
        "recommendations": [{"itemId": "a", "score": 0.5}, {"itemId": "b"}],
        "recommendationId": "RID-1",
        "source": "personalize",
    }


@pytest.mark.parametrize("code", ["ThrottlingException", "ResourceNotFoundException", "InternalFailure"])
def test_where_personalize_fails_popular_items_answer_and_say_so(
    runtime: Runtime, dynamodb: "DynamoDBClient", code: str
) -> None:
    runtime[1].add_client_error("get_recommendations", code)
    recommender = Recommender(runtime[0], published_from(dynamodb, ITEM))
    assert recommender.recommend(parse(get(userId="u", count="2"))) == {
        "userId": "u",
        "recommendations": [{"itemId": "p1"}, {"itemId": "p2"}],
        "source": "popular",
    }


def test_before_the_first_run_the_answer_says_what_is_missing(runtime: Runtime, dynamodb: "DynamoDBClient") -> None:
    recommender = Recommender(runtime[0], published_from(dynamodb, {}))
    with pytest.raises(HttpError, match="no model is published yet") as error:
        recommender.recommend(parse(get(userId="u")))
    assert error.value.status == 503


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "invalidUserId"),
        ({"userId": ""}, "invalidUserId"),
        ({"userId": "u" * 257}, "invalidUserId"),
        ({"userId": "u", "count": "0"}, "invalidCount"),
        ({"userId": "u", "count": "101"}, "invalidCount"),
        ({"userId": "u", "count": "-1"}, "invalidCount"),
        ({"userId": "u", "count": "ten"}, "invalidCount"),
        ({"userId": "u", "count": "²"}, "invalidCount"),
        ({"userId": "u", "count": "9" * 5000}, "invalidCount"),
        ({"userId": "u", "cuont": "3"}, "unknownParameter"),
    ],
)
def test_a_bad_request_is_told_at_the_door(query: dict[str, str], code: str) -> None:
    with pytest.raises(HttpError) as error:
        parse(get(**query))
    assert (error.value.status, error.value.code) == (400, code)
    assert set(error.value.body()["error"]) == {"code", "message"}


def test_the_published_item_is_read_once_a_minute(dynamodb: "DynamoDBClient") -> None:
    time = Time()
    published = published_from(dynamodb, ITEM, {**ITEM, "popularItems": {"L": [{"S": "new"}]}}, time=time)
    assert published.engine().popular_items == ("p1", "p2", "p3")
    time.now += REFRESH_SECONDS - 1
    assert published.engine().popular_items == ("p1", "p2", "p3")
    time.now += 1
    assert published.engine().popular_items == ("new",)


def test_the_last_good_copy_is_kept_while_the_table_cannot_be_read(dynamodb: "DynamoDBClient") -> None:
    time = Time()
    published = published_from(dynamodb, ITEM, "InternalServerError", time=time)
    good = published.engine()
    time.now += REFRESH_SECONDS
    assert published.engine() == good


def test_an_engine_that_is_not_published_yet_is_looked_for_at_every_request(
    dynamodb: "DynamoDBClient",
) -> None:
    published = published_from(dynamodb, {}, ITEM)
    assert published.engine().campaigns == {}
    assert published.engine().campaigns == {"recommendations": CAMPAIGN}


def test_an_answer_is_json_that_nobody_may_cache() -> None:
    answer = response(200, {"userId": "é"})
    assert json.loads(answer["body"]) == {"userId": "é"}
    assert answer["headers"]["cache-control"] == "no-store"
