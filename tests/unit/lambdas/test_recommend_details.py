"""The details of items: from DynamoDB's types to JSON, and what is done without them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.recommend.api import MAX_CHARACTERS
from lambdas.recommend.details import PATIENCE_SECONDS, TRIES, Details
from tests.unit.lambdas.serving import Time, shop

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient
    from mypy_boto3_s3 import S3Client

Storage = tuple["DynamoDBClient", "S3Client"]
SEVEN = {"sku": {"N": "7"}, "title": {"S": "seven"}}


def table(dynamodb: DynamoDBClient, *items: Mapping[str, Any]) -> None:
    dynamodb.create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "sku", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "sku", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for item in items:
        dynamodb.put_item(TableName="items", Item=item)


def details(dynamodb: DynamoDBClient, *shown: str, time: Time | None = None, luck: float = 1.0) -> Details:
    time = time or Time()
    return Details(dynamodb, table="items", key="sku", shown=shown, now=time, pause=time.pause, luck=lambda: luck)


def test_every_type_becomes_what_json_has_for_it(storage: Storage) -> None:
    written: dict[str, Any] = {
        "text": {"S": 'a, "b" \\ \n é 🎬'},
        "whole": {"N": "12345678901234567890"},
        "price": {"N": "19.99"},
        "small": {"N": "-0.5"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "list": {"L": [{"N": "1"}, {"S": "x"}, {"B": b"no"}, {"L": []}]},
        "texts": {"SS": ["b", "a"]},
        "numbers": {"NS": ["1", "2.5"]},
        "map": {"M": {"in.side": {"N": "2"}, "picture": {"B": b"no"}}},
        "picture": {"B": b"no"},
        "pictures": {"BS": [b"no"]},
    }
    table(storage[0], {"sku": {"S": "i"}, **written, "secret": {"S": "nobody's business"}})

    found = details(storage[0], *written).of(["i"])["i"]

    assert sorted(found.pop("texts")) == ["a", "b"]
    assert sorted(found.pop("numbers")) == [1, 2.5]
    assert found == {
        "text": 'a, "b" \\ \n é 🎬',
        "whole": 12345678901234567890,
        "price": 19.99,
        "small": -0.5,
        "yes": True,
        "nothing": None,
        "list": [1, "x", []],
        "map": {"in.side": 2},
    }


def test_names_that_dynamodb_reserves_or_reads_as_paths_are_attributes_all_the_same(storage: Storage) -> None:
    table(storage[0], {"sku": {"S": "i"}, "name": {"S": "n"}, "a.b": {"S": "dot"}, "size-eu": {"N": "42"}})
    found = details(storage[0], "name", "a.b", "size-eu", "sku").of(["i"])
    assert found == {"i": {"name": "n", "a.b": "dot", "size-eu": 42, "sku": "i"}}


def test_an_item_that_is_not_there_or_lacks_an_attribute_breaks_nothing(storage: Storage) -> None:
    table(storage[0], {"sku": {"S": "i"}, "title": {"S": "t"}}, {"sku": {"S": "bare"}})
    assert details(storage[0], "title", "price").of(["bare", "gone", "i", "i"]) == {"i": {"title": "t"}, "bare": {}}


def test_our_own_names_are_never_overwritten(storage: Storage) -> None:
    table(storage[0], {"sku": {"S": "i"}, "itemId": {"S": "other"}, "score": {"N": "9"}, "title": {"S": "t"}})
    assert details(storage[0], "itemId", "score", "title").of(["i"]) == {"i": {"title": "t"}}


def test_a_hundred_items_are_read_at_once(storage: Storage) -> None:
    ids = [f"item-{number}" for number in range(100)]
    table(storage[0], *({"sku": {"S": item}, "title": {"S": item.upper()}} for item in ids))
    assert details(storage[0], "title").of(ids) == {item: {"title": item.upper()} for item in ids}


def answer(found: Sequence[str], left: Sequence[str] = ()) -> dict[str, Any]:
    items = [{"sku": {"S": item}, "title": {"S": item.upper()}} for item in found]
    keys = [{"sku": {"S": item}} for item in left]
    return {"Responses": {"items": items}, "UnprocessedKeys": {"items": {"Keys": keys}} if left else {}}


def scripted(*answers: dict[str, Any] | str) -> tuple[DynamoDBClient, Stubber]:
    client = boto3.client("dynamodb")
    script = Stubber(client)
    for each in answers:
        if isinstance(each, str):
            script.add_client_error("batch_get_item", each)
        else:
            script.add_response("batch_get_item", each)
    script.activate()
    return client, script


def test_what_dynamodb_leaves_for_later_is_asked_for_again() -> None:
    client = boto3.client("dynamodb")
    time = Time()
    names = {"#0": "sku", "#1": "title"}
    first = {"ProjectionExpression": "#0,#1", "ExpressionAttributeNames": names}
    keys = [{"sku": {"S": item}} for item in "ab"]
    with Stubber(client) as script:
        asked = {"RequestItems": {"items": {"Keys": keys, **first}}}
        script.add_response("batch_get_item", answer("a", left="b"), asked)
        script.add_response("batch_get_item", answer("b"), {"RequestItems": {"items": {"Keys": keys[1:]}}})
        assert details(client, "title", time=time).of("ab") == {"a": {"title": "A"}, "b": {"title": "B"}}
        script.assert_no_pending_responses()
    assert 0 < time.now < PATIENCE_SECONDS


def test_patience_ends_after_a_few_tries_and_the_rest_goes_without(caplog: pytest.LogCaptureFixture) -> None:
    client, script = scripted(*[answer("a", left="b")] * TRIES)
    time = Time()
    with caplog.at_level(logging.INFO):
        assert details(client, "title", time=time).of("ab") == {"a": {"title": "A"}}
    script.assert_no_pending_responses()
    assert time.now <= PATIENCE_SECONDS
    assert [vars(record)["items"] for record in caplog.records] == [1]


def test_who_has_waited_long_for_an_answer_does_not_wait_for_another() -> None:
    client, script = scripted(answer("a", left="b"))
    time = Time()
    read = details(client, "title", time=time)
    client.meta.events.register("before-parameter-build.dynamodb.*", lambda **_: time.pause(PATIENCE_SECONDS))
    assert read.of("ab") == {"a": {"title": "A"}}
    script.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "InternalServerError"])
def test_a_table_that_fails_leaves_the_items_as_they_are(
    runtime: tuple[PersonalizeRuntimeClient, Stubber], caplog: pytest.LogCaptureFixture, code: str
) -> None:
    client, _ = scripted(code)
    store = shop(runtime, details=details(client, "title"))
    answered = {"itemList": [{"itemId": "a"}, {"itemId": "b"}], "recommendationId": "RID-1"}
    store.personalize.add_response("get_recommendations", answered)
    with caplog.at_level(logging.INFO):
        reply = store.get("/recommendations", userId="secret-user")
    assert (reply.status, reply.body["recommendations"]) == (200, [{"itemId": "a"}, {"itemId": "b"}])
    (record,) = caplog.records
    assert vars(record)["reason"] == code
    assert "secret-user" not in str(vars(record))


def test_what_came_before_a_failure_counts() -> None:
    client, _ = scripted(answer("a", left="b"), "InternalServerError")
    assert details(client, "title").of("ab") == {"a": {"title": "A"}}


def test_a_table_with_numbers_for_ids_is_understood() -> None:
    client, _ = scripted("ValidationException", *[{"Responses": {"items": [SEVEN]}}] * 2)
    asked: list[Any] = []
    client.meta.events.register(
        "provide-client-params.dynamodb.BatchGetItem",
        lambda params, **_: asked.append(params["RequestItems"]["items"]["Keys"]),
    )
    read = details(client, "title")
    assert read.of(["7", "not a number"]) == {"7": {"title": "seven"}}
    assert read.of(["7"]) == {"7": {"title": "seven"}}
    assert read.of(["not a number"]) == {}
    texts, numbers = [{"sku": {"S": "7"}}, {"sku": {"S": "not a number"}}], [{"sku": {"N": "7"}}]
    assert asked == [texts, numbers, numbers]


def test_popular_items_have_their_details_too(runtime: tuple[PersonalizeRuntimeClient, Stubber]) -> None:
    client, _ = scripted(answer(["p1"]))
    store = shop(runtime, details=details(client, "title"))
    store.will_fail()
    reply = store.get("/recommendations", userId="u", count=2)
    assert reply.body["recommendations"] == [{"itemId": "p1", "title": "P1"}, {"itemId": "p2"}]


def test_details_that_no_answer_has_room_for_are_left_out(runtime: tuple[PersonalizeRuntimeClient, Stubber]) -> None:
    huge = {"sku": {"S": "p1"}, "title": {"S": "é" * MAX_CHARACTERS}}
    client = boto3.client("dynamodb")
    script = Stubber(client)
    script.add_response("batch_get_item", {"Responses": {"items": [huge]}})
    script.activate()
    store = shop(runtime, details=details(client, "title"))
    store.will_fail()
    reply = store.get("/recommendations", userId="u", count=2)
    assert (reply.status, reply.body["recommendations"]) == (200, [{"itemId": "p1"}, {"itemId": "p2"}])


def test_without_attributes_to_show_nobody_asks_for_them() -> None:
    client, script = scripted()
    assert details(client).of("ab") == {}
    script.assert_no_pending_responses()
