"""What the routes answer: from Personalize, filtered, and from the popular items where it fails."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.common.http import HttpError
from lambdas.recommend.published import REFRESH_SECONDS
from lambdas.recommend.settings import Filter, Settings
from tests.unit.lambdas.serving import ARN, PUBLISHED, SETTINGS, Shop, Time, published_by, shop

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

Runtime = tuple["PersonalizeRuntimeClient", Stubber]
FOR_YOU, ALIKE, POPULAR = (f"{ARN}campaign/shop-{route}" for route in SETTINGS.models)
UNSEEN, CATEGORY, CHEAPER, PRICED = (f"{ARN}filter/shop-{name}" for name in SETTINGS.filters)


def without(key: str, name: str) -> dict[str, Any]:
    """What is published, without one of its routes or filters."""
    return {**PUBLISHED, key: {"M": {other: arn for other, arn in PUBLISHED[key]["M"].items() if other != name}}}


@pytest.fixture
def store(runtime: Runtime) -> Shop:
    return shop(runtime)


@pytest.fixture
def dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb")


def test_recommendations_come_from_the_published_campaign(store: Shop) -> None:
    user = 'u, "é" & 100 %'
    answer = {"itemList": [{"itemId": "a", "score": 0.5}, {"itemId": "b"}], "recommendationId": "RID-1"}
    asked = {"campaignArn": FOR_YOU, "userId": user, "numResults": 2, "filterArn": UNSEEN}
    store.personalize.add_response("get_recommendations", answer, asked)
    reply = store.get("/recommendations", userId=user, count=2)
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.body == {
        "userId": user,
        "recommendations": [{"itemId": "a", "score": 0.5}, {"itemId": "b"}],
        "recommendationId": "RID-1",
        "source": "personalize",
    }


def test_similar_items_come_from_their_campaign_for_whoever_asks(store: Shop) -> None:
    store.will_answer("b", campaignArn=ALIKE, itemId="a, b", numResults=10)
    reply = store.get("/similar-items", itemId="a, b")
    assert reply.body == {
        "itemId": "a, b",
        "recommendations": [{"itemId": "b"}],
        "recommendationId": "RID-1",
        "source": "personalize",
    }
    assert (reply.headers["cache-control"], reply.headers["vary"]) == ("public, max-age=60", "origin")


def test_similar_items_for_a_user_are_filtered_and_nobody_elses(store: Shop) -> None:
    store.will_answer("b", campaignArn=ALIKE, itemId="a", userId="u", numResults=10, filterArn=UNSEEN)
    assert store.get("/similar-items", itemId="a", userId="u").headers["cache-control"] == "no-store"


def test_popular_items_come_from_their_campaign_without_the_default_filter(store: Shop) -> None:
    store.will_answer("x", "y", campaignArn=POPULAR, userId="anybody", numResults=2)
    reply = store.get("/popular-items", count=2)
    assert reply.item_ids == ["x", "y"]
    assert (reply.body["source"], reply.headers["cache-control"]) == ("personalize", "public, max-age=60")


def test_without_a_campaign_of_their_own_popular_items_are_those_of_the_last_run(runtime: Runtime) -> None:
    store = shop(runtime, without("routes", "popular-items"), replace(SETTINGS, models=("recommendations",)))
    reply = store.get("/popular-items", count=2)
    assert reply.body == {"recommendations": [{"itemId": "p1"}, {"itemId": "p2"}], "source": "popular"}
    assert reply.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("code", ["ThrottlingException", "ResourceNotFoundException", "InvalidInputException", "Any"])
def test_where_personalize_fails_popular_items_answer_and_say_so(store: Shop, code: str) -> None:
    store.will_fail(code)
    reply = store.get("/recommendations", userId="u", count=2)
    assert (reply.status, reply.body) == (
        200,
        {"userId": "u", "recommendations": [{"itemId": "p1"}, {"itemId": "p2"}], "source": "popular"},
    )


@pytest.mark.parametrize("why", ["its campaign fails", "it is not published yet"])
def test_where_there_are_no_similar_items_popular_ones_answer_without_the_item_itself(
    runtime: Runtime, why: str
) -> None:
    store = shop(runtime, without("routes", "similar-items") if why == "it is not published yet" else PUBLISHED)
    if why == "its campaign fails":
        store.will_fail()
    reply = store.get("/similar-items", itemId="p1", count=2)
    assert reply.body == {
        "itemId": "p1",
        "recommendations": [{"itemId": "p2"}, {"itemId": "p3"}],
        "source": "popular",
    }
    assert reply.headers["cache-control"] == "no-store", "it is for now only"


def test_where_popular_items_fail_those_of_the_last_run_answer_and_are_for_now(store: Shop) -> None:
    store.will_fail()
    reply = store.get("/popular-items", count=1)
    assert (reply.item_ids, reply.body["source"], reply.headers["cache-control"]) == (["p1"], "popular", "no-store")


def test_with_nothing_to_fall_back_to_the_answer_is_503(runtime: Runtime) -> None:
    store = shop(runtime, {**PUBLISHED, "popularItems": {"L": []}})
    store.will_fail()
    reply = store.get("/recommendations", userId="u")
    assert (reply.status, reply.code) == (503, "unavailable")


def test_a_named_filter_takes_the_default_ones_place_and_gets_its_values(store: Shop) -> None:
    store.will_answer(
        "a",
        campaignArn=FOR_YOU,
        userId="u",
        numResults=10,
        filterArn=CATEGORY,
        filterValues={"CATEGORY": '"Home, garden","it\'s \\ 🎬"'},
    )
    values = [("filter.CATEGORY", "Home, garden"), ("filter.CATEGORY", "it's \\ 🎬")]
    assert store.get("/recommendations", *values, userId="u", filter="category").item_ids == ["a"]


def test_popular_items_can_be_filtered(store: Shop) -> None:
    asked: dict[str, Any] = {"campaignArn": POPULAR, "userId": "anybody", "numResults": 10, "filterArn": CATEGORY}
    store.will_answer("a", **asked, filterValues={"CATEGORY": '"shoes"'})
    assert store.get("/popular-items", ("filter.CATEGORY", "shoes"), filter="category").item_ids == ["a"]


def test_a_filter_of_the_current_item_serves_similar_items(store: Shop) -> None:
    store.will_answer("a", campaignArn=ALIKE, itemId="i", numResults=10, filterArn=CHEAPER)
    assert store.get("/similar-items", itemId="i", filter="cheaper").item_ids == ["a"]


def test_a_default_filter_of_the_current_item_is_for_similar_items_alone(runtime: Runtime) -> None:
    default = replace(SETTINGS.filters["cheaper"], default=True)
    store = shop(runtime, settings=replace(SETTINGS, filters={"cheaper": default}))
    store.will_answer("a", campaignArn=FOR_YOU, userId="u", numResults=10)
    store.will_answer("b", campaignArn=ALIKE, itemId="i", numResults=10, filterArn=CHEAPER)
    assert store.get("/recommendations", userId="u").item_ids == ["a"]
    assert store.get("/similar-items", itemId="i").item_ids == ["b"]


def test_a_default_filter_that_is_not_live_yet_is_left_out(runtime: Runtime) -> None:
    store = shop(runtime, without("filters", "unseen"))
    store.will_answer("a", campaignArn=FOR_YOU, userId="u", numResults=10)
    assert store.get("/recommendations", userId="u").item_ids == ["a"]


def test_a_named_filter_that_is_not_live_yet_says_what_makes_it_so(runtime: Runtime) -> None:
    reply = shop(runtime, without("filters", "cheaper")).get("/similar-items", itemId="i", filter="cheaper")
    assert (reply.status, reply.code) == (503, "filterNotReady")
    assert "run the training workflow" in reply.message


def test_a_named_filter_with_another_expression_than_is_live_is_not_ready(runtime: Runtime) -> None:
    changed = replace(SETTINGS, filters={**SETTINGS.filters, "cheaper": Filter(needs_item=True, version="0a1b2c3d")})
    reply = shop(runtime, settings=changed).get("/similar-items", itemId="i", filter="cheaper")
    assert (reply.status, reply.code) == (503, "filterNotReady")


def test_a_named_filter_is_live_in_the_version_that_is_configured(runtime: Runtime) -> None:
    changed = replace(SETTINGS, filters={**SETTINGS.filters, "cheaper": Filter(needs_item=True, version="-cheaper")})
    store = shop(runtime, settings=changed)
    arn = f"{ARN}filter/shop-cheaper"
    store.will_answer("a", campaignArn=f"{ARN}campaign/shop-similar-items", itemId="i", numResults=10, filterArn=arn)
    assert store.get("/similar-items", itemId="i", filter="cheaper").item_ids == ["a"]


def test_where_personalize_refuses_a_filters_values_the_request_is_to_blame(store: Shop) -> None:
    store.will_fail("InvalidInputException")
    values = [("filter.LOW", "ten"), ("filter.HIGH", "20")]
    reply = store.get("/recommendations", *values, userId="u", filter="priced")
    assert (reply.status, reply.code) == (400, "invalidFilterValue")


@pytest.mark.parametrize("code", ["ThrottlingException", "ResourceNotFoundException"])
def test_popular_items_never_pass_for_filtered_ones(store: Shop, code: str) -> None:
    store.will_fail(code)
    reply = store.get("/recommendations", ("filter.CATEGORY", "shoes"), userId="u", filter="category")
    assert (reply.status, reply.code) == (503, "unavailable")
    assert "leave it out for the popular items" in reply.message


def test_context_goes_to_personalize_by_the_names_of_its_fields(store: Shop) -> None:
    asked: dict[str, Any] = {"campaignArn": FOR_YOU, "userId": "u", "numResults": 10, "filterArn": UNSEEN}
    store.will_answer("a", **asked, context={"DEVICE": "phone, big"})
    assert store.get("/recommendations", ("context.DEVICE", "phone, big"), userId="u").item_ids == ["a"]


def test_before_the_first_run_every_route_says_what_is_missing(runtime: Runtime) -> None:
    for route, query in (("/recommendations", {"userId": "u"}), ("/health", {}), ("/popular-items", {})):
        reply = shop(runtime, {}).get(route, **query)
        assert (reply.status, reply.code) == (503, "notReady")
        assert "run the training workflow" in reply.message


def test_a_table_that_cannot_be_read_is_not_taken_for_an_engine_without_models(runtime: Runtime) -> None:
    reply = shop(runtime, "InternalServerError").get("/health")
    assert (reply.status, reply.code) == (503, "unavailable")


def test_health_says_since_when_what_is_live_and_asks_nobody_else(store: Shop) -> None:
    reply = store.get("/health")
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.body == {
        "status": "ok",
        "publishedAt": 1_700_000_000,
        "runId": "run-7",
        "routes": ["popular-items", "recommendations", "similar-items"],
        "filters": ["category", "cheaper", "priced", "unseen"],
    }


@pytest.mark.parametrize("models", [("recommendations",), ("popular-items",)])
def test_without_a_model_for_them_similar_items_have_no_route(runtime: Runtime, models: tuple[str, ...]) -> None:
    reply = shop(runtime, settings=replace(SETTINGS, models=models)).get("/similar-items", itemId="i")
    assert (reply.status, reply.code) == (404, "unknownRoute")


def test_an_error_that_nobody_foresaw_tells_neither_the_visitor_nor_the_log_who_asked(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def get_recommendations(self, **asked: Any) -> Any:
            raise RuntimeError(asked["userId"])

    store = shop((Broken(), runtime[1]))  # type: ignore[arg-type]  # what is broken has no type
    with caplog.at_level(logging.INFO):
        reply = store.get("/recommendations", userId="secret-user")
    assert (reply.status, reply.code) == (500, "internal")
    (record,) = caplog.records
    assert "secret-user" not in str(vars(record)) + str(reply.body)
    assert vars(record)["reason"] == "RuntimeError"


def test_a_failure_of_personalize_is_logged_without_its_words(store: Shop, caplog: pytest.LogCaptureFixture) -> None:
    store.personalize.add_client_error("get_recommendations", "InternalFailure", "user secret-user is too much")
    with caplog.at_level(logging.INFO):
        store.get("/recommendations", userId="secret-user")
    (record,) = caplog.records
    assert "secret-user" not in str(vars(record))
    assert (vars(record)["campaign"], vars(record)["reason"]) == (FOR_YOU, "InternalFailure")


def test_the_published_item_is_read_once_a_minute(dynamodb: DynamoDBClient) -> None:
    time = Time()
    newer = {**PUBLISHED, "popularItems": {"L": [{"S": "new"}]}}
    published = published_by(dynamodb, PUBLISHED, newer, time=time)
    assert published.engine().popular_items == ("p1", "p2", "p3")
    time.now += REFRESH_SECONDS - 1
    assert published.engine().popular_items == ("p1", "p2", "p3")
    time.now += 1
    assert published.engine().popular_items == ("new",)


def test_the_last_good_copy_is_kept_while_the_table_cannot_be_read(dynamodb: DynamoDBClient) -> None:
    time = Time()
    published = published_by(dynamodb, PUBLISHED, "InternalServerError", PUBLISHED, time=time)
    good = published.engine()
    time.now += REFRESH_SECONDS
    assert published.engine() == good
    time.now += REFRESH_SECONDS - 1
    assert published.engine() == good


def test_an_engine_that_is_not_published_yet_is_looked_for_at_every_request(dynamodb: DynamoDBClient) -> None:
    published = published_by(dynamodb, {}, PUBLISHED)
    with pytest.raises(HttpError, match="no model is published yet"):
        published.engine()
    assert published.engine().campaigns["recommendations"] == FOR_YOU


def test_filters_that_are_not_live_are_logged_once_a_refresh(
    dynamodb: DynamoDBClient, caplog: pytest.LogCaptureFixture
) -> None:
    time = Time()
    published = published_by(dynamodb, without("filters", "unseen"), PUBLISHED, time=time)
    with caplog.at_level(logging.INFO):
        published.engine()
        published.engine()
        (record,) = caplog.records
        assert vars(record)["filters"] == ["unseen"]
        time.now += REFRESH_SECONDS
        published.engine()
    assert caplog.records == [record]


def test_the_settings_come_through_the_environment_as_they_were() -> None:
    assert Settings.from_json(SETTINGS.to_json()) == SETTINGS
