"""DynamoDB over the endpoint: pages, segments, filters and conditions as AWS has them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tastemaker.cloud import dynamodb
from tests.unit.cloud.served import Served, served, signed

TABLE = "UserEvents"
Item = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def table(cloud: Served) -> Iterator[Any]:
    """A client, and the empty events table in its cloud."""
    client = cloud.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "userId", "KeyType": "HASH"},
            {"AttributeName": "eventKey", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "userId", "AttributeType": "S"},
            {"AttributeName": "eventKey", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    client.delete_table(TableName=TABLE)


def event(user: int, number: int, **attributes: Mapping[str, Any]) -> Item:
    key = {"userId": {"S": f"user-{user}"}, "eventKey": {"S": f"{number:06}#e"}}
    return {**key, "timestamp": {"N": str(number)}, **{name: dict(value) for name, value in attributes.items()}}


def every_page(client: Any, **request: Any) -> list[dict[str, Any]]:
    pages = [client.scan(TableName=TABLE, **request)]
    while "LastEvaluatedKey" in pages[-1]:
        pages.append(client.scan(TableName=TABLE, ExclusiveStartKey=pages[-1]["LastEvaluatedKey"], **request))
    return pages


def keys(items: list[Item]) -> list[tuple[str, str]]:
    return [(item["userId"]["S"], item["eventKey"]["S"]) for item in items]


def test_every_kind_of_value_comes_back_as_it_was_put(table: Any) -> None:
    item = event(
        1,
        1,
        text={"S": 'quotes " and \n newlines, 😀'},
        empty={"S": ""},
        binary={"B": b"\x00\xff"},
        truth={"BOOL": True},
        nothing={"NULL": True},
        map={"M": {"inner": {"L": [{"S": "a"}, {"N": "1.50"}, {"M": {"B": {"B": b"deep"}}}]}}},
        texts={"SS": ["a", "b"]},
        binaries={"BS": [b"1", b"2"]},
        B={"M": {"B": {"S": "no binary"}}},
    )

    table.put_item(TableName=TABLE, Item=item)

    key = {name: item[name] for name in ("userId", "eventKey")}
    assert table.get_item(TableName=TABLE, Key=key)["Item"] == item
    assert table.scan(TableName=TABLE)["Items"] == [item]
    assert table.batch_get_item(RequestItems={TABLE: {"Keys": [key]}})["Responses"] == {TABLE: [item]}


def test_seeding_is_putting(table: Any) -> None:
    items = [event(n % 3, n, price={"N": "1E+2"}, tags={"SS": ["x"]}, raw={"B": b"1"}) for n in range(9)]
    again = event(0, 0, price={"N": "7"})

    count = dynamodb.seed_table(TABLE, [*items, again])

    seeded = table.scan(TableName=TABLE)["Items"]
    for item in table.scan(TableName=TABLE)["Items"]:
        table.delete_item(TableName=TABLE, Key={name: item[name] for name in ("userId", "eventKey")})
    for item in [*items, again]:
        table.put_item(TableName=TABLE, Item=item)
    assert count == 10
    assert seeded == table.scan(TableName=TABLE)["Items"]
    assert again in seeded


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"userId": {"S": "u"}}, "Missing the key eventKey"),
        ({"userId": {"S": ""}, "eventKey": {"S": "1"}}, "empty string"),
        ({"userId": {"N": "1"}, "eventKey": {"S": "1"}}, "Type mismatch for key userId"),
        ({**event(1, 1), "price": {"N": "cheap"}}, "cannot be converted to a numeric value: cheap"),
        ({**event(1, 1), "text": {"S": "x" * 410_000}}, "Item size has exceeded the maximum allowed size"),
    ],
)
def test_what_put_item_refuses_seeding_refuses_too(table: Any, item: Item, complaint: str) -> None:
    with pytest.raises(ClientError, match=complaint) as put:
        table.put_item(TableName=TABLE, Item=item)
    assert put.value.response["Error"]["Code"] == "ValidationException"

    with pytest.raises(dynamodb.SeedingError, match=f"item 2 for the table UserEvents: .*{complaint}"):
        dynamodb.seed_table(TABLE, [event(9, 9), item])


@pytest.mark.usefixtures("cloud")
def test_seeding_a_table_that_is_not_there_is_refused() -> None:
    with pytest.raises(dynamodb.SeedingError, match="there is no table Nowhere in us-east-1"):
        dynamodb.seed_table("Nowhere", [event(1, 1)])


def test_a_scan_of_many_pages_sees_every_item_once(table: Any) -> None:
    items = [event(n % 7, n, filler={"S": "x" * 1000}) for n in range(3000)]
    dynamodb.seed_table(TABLE, items)

    pages = every_page(table)

    assert len(pages) == 3
    found = keys([item for page in pages for item in page["Items"]])
    assert sorted(found) == sorted(keys(items))
    assert [page["Count"] for page in pages] == [page["ScannedCount"] for page in pages]
    sizes = [len(json.dumps(page["Items"])) for page in pages[:-1]]
    assert all(1_000_000 < size < 1_300_000 for size in sizes)


@pytest.mark.parametrize("total", [1, 2, 4, 7, 100])
def test_segments_share_the_table_out_without_overlap(table: Any, total: int) -> None:
    items = [event(n % 50, n) for n in range(500)]
    dynamodb.seed_table(TABLE, items)

    segments = [
        keys([item for page in every_page(table, Segment=n, TotalSegments=total, Limit=13) for item in page["Items"]])
        for n in range(total)
    ]

    assert sorted(key for segment in segments for key in segment) == sorted(keys(items))
    users = [{user for user, _ in segment} for segment in segments]
    assert sum(map(len, users)) == 50, "a partition belongs to one segment"
    if total == 4:
        assert min(map(len, segments)) > 50


def test_items_that_come_and_go_between_pages_neither_repeat_nor_hide_others(table: Any) -> None:
    items = [event(n, 0) for n in range(40)]
    dynamodb.seed_table(TABLE, items)
    first = table.scan(TableName=TABLE, Limit=20)
    last = first["LastEvaluatedKey"]

    table.delete_item(TableName=TABLE, Key=last)
    dynamodb.seed_table(TABLE, [event(n, 0) for n in range(100, 140)])

    seen = keys(first["Items"]) + _rest(table, last)
    assert len(seen) == len(set(seen))
    assert set(keys(items)) <= set(seen)


def _rest(client: Any, start: Item) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while start:
        page = client.scan(TableName=TABLE, Limit=7, ExclusiveStartKey=start)
        found += keys(page["Items"])
        start = page.get("LastEvaluatedKey")
    return found


def test_a_start_key_of_another_segment_is_refused(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(n, 0) for n in range(50)])
    last = table.scan(TableName=TABLE, Segment=0, TotalSegments=2, Limit=1)["LastEvaluatedKey"]

    with pytest.raises(ClientError, match=r"correct Segment\. TotalSegments: 2 Segment: 1"):
        table.scan(TableName=TABLE, Segment=1, TotalSegments=2, ExclusiveStartKey=last)


def test_a_start_key_without_the_sort_key_is_refused(table: Any) -> None:
    with pytest.raises(ClientError, match="The provided starting key is invalid"):
        table.scan(TableName=TABLE, ExclusiveStartKey={"userId": {"S": "u"}})


def test_a_limit_counts_what_is_looked_at_and_not_what_passes(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(n, n) for n in range(10)])

    page = table.scan(
        TableName=TABLE,
        Limit=5,
        FilterExpression="#t >= :five",
        ExpressionAttributeNames={"#t": "timestamp"},
        ExpressionAttributeValues={":five": {"N": "5"}},
    )

    assert page["ScannedCount"] == 5
    assert page["Count"] == len(page["Items"]) < 5
    assert "LastEvaluatedKey" in page


def test_a_page_that_is_full_goes_on_even_when_nothing_is_left(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(1, 1), event(1, 2)])

    page = table.scan(TableName=TABLE, Limit=2)

    assert page["Count"] == 2
    assert table.scan(TableName=TABLE, ExclusiveStartKey=page["LastEvaluatedKey"])["Items"] == []


def test_a_filter_finds_what_it_should_on_every_page(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(n % 5, n, kind={"S": "buy" if n % 10 == 0 else "view"}) for n in range(100)])

    pages = every_page(
        table,
        Limit=9,
        FilterExpression="kind = :buy",
        ExpressionAttributeValues={":buy": {"S": "buy"}},
    )

    found = [item for page in pages for item in page["Items"]]
    assert sorted(int(item["timestamp"]["N"]) for item in found) == list(range(0, 100, 10))
    assert sum(page["ScannedCount"] for page in pages) == 100


def test_a_projection_keeps_what_is_named_and_there(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(1, 1, nested={"M": {"a": {"N": "1"}, "b": {"N": "2"}}}), event(2, 2)])

    def projected(expression: str) -> list[Item]:
        names = {"#t": "timestamp"} if "#t" in expression else {}
        extra = {"ExpressionAttributeNames": names} if names else {}
        items = table.scan(TableName=TABLE, ProjectionExpression=expression, **extra)["Items"]
        return sorted(items, key=str)

    assert projected("userId, #t") == [
        {"userId": {"S": "user-1"}, "timestamp": {"N": "1"}},
        {"userId": {"S": "user-2"}, "timestamp": {"N": "2"}},
    ]
    assert projected("userId, absent") == [{"userId": {"S": "user-1"}}, {"userId": {"S": "user-2"}}]
    assert {"nested": {"M": {"b": {"N": "2"}}}} in projected("nested.b")


def test_a_reserved_word_is_refused_in_a_projection(table: Any) -> None:
    with pytest.raises(ClientError, match="reserved keyword: timestamp"):
        table.scan(TableName=TABLE, ProjectionExpression="timestamp")


def test_counting_sends_no_items(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(1, 1)])

    page = table.scan(TableName=TABLE, Select="COUNT")

    assert (page["Count"], "Items" in page) == (1, False)


def test_a_query_pages_through_one_partition_in_both_directions(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(user, n) for user in (1, 2) for n in range(10)])

    def found(forward: bool) -> list[str]:
        pages = table.get_paginator("query").paginate(
            TableName=TABLE,
            KeyConditionExpression="userId = :u AND eventKey BETWEEN :low AND :high",
            ExpressionAttributeValues={":u": {"S": "user-1"}, ":low": {"S": "000002"}, ":high": {"S": "000007#z"}},
            ScanIndexForward=forward,
            PaginationConfig={"PageSize": 4},
        )
        return [item["timestamp"]["N"] for page in pages for item in page["Items"]]

    assert found(forward=True) == ["2", "3", "4", "5", "6", "7"]
    assert found(forward=False) == ["7", "6", "5", "4", "3", "2"]


def test_a_query_for_a_key_of_another_type_is_refused(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(1, 1)])

    with pytest.raises(ClientError, match="Condition parameter type does not match schema type"):
        table.query(
            TableName=TABLE,
            KeyConditionExpression="userId = :u AND eventKey > :n",
            ExpressionAttributeValues={":u": {"S": "user-1"}, ":n": {"N": "1"}},
        )


def test_looking_for_what_is_not_there_leaves_nothing_behind(table: Any) -> None:
    assert "Item" not in table.get_item(TableName=TABLE, Key={"userId": {"S": "nobody"}, "eventKey": {"S": "1"}})

    assert table.describe_table(TableName=TABLE)["Table"]["ItemCount"] == 0
    assert table.scan(TableName=TABLE)["Items"] == []


def test_a_conditional_write_is_won_by_one(table: Any) -> None:
    start = threading.Barrier(8)
    won: list[int] = []

    def take(number: int) -> None:
        start.wait()
        try:
            table.put_item(
                TableName=TABLE,
                Item=event(1, 1, owner={"N": str(number)}),
                ConditionExpression="attribute_not_exists(userId)",
            )
            won.append(number)
        except table.exceptions.ConditionalCheckFailedException:
            pass

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert table.scan(TableName=TABLE)["Items"][0]["owner"] == {"N": str(won[0])}


def test_an_update_answers_with_what_it_changed(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(1, 1, count={"N": "1"})])

    answer = table.update_item(
        TableName=TABLE,
        Key={"userId": {"S": "user-1"}, "eventKey": {"S": "000001#e"}},
        UpdateExpression="ADD #c :one",
        ExpressionAttributeNames={"#c": "count"},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )

    assert answer["Attributes"] == {"count": {"N": "2"}}
    assert "ConsumedCapacity" not in answer


def test_a_batch_writes_up_to_25_items_each_once(table: Any) -> None:
    puts = [{"PutRequest": {"Item": event(1, n)}} for n in range(25)]

    table.batch_write_item(RequestItems={TABLE: puts})

    assert table.scan(TableName=TABLE)["Count"] == 25
    with pytest.raises(ClientError, match="Too many items requested for the BatchWriteItem call"):
        table.batch_write_item(RequestItems={TABLE: [*puts, {"PutRequest": {"Item": event(2, 1)}}]})
    twice = [{"PutRequest": {"Item": event(1, 1)}}, {"PutRequest": {"Item": event(1, 1, more={"S": "x"})}}]
    with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"):
        table.batch_write_item(RequestItems={TABLE: twice})


@pytest.mark.parametrize(
    "key",
    [{"userId": {"N": "1"}, "eventKey": {"S": "e"}}, {"userId": {"S": "u"}}, {**event(1, 1), "timestamp": {"N": "1"}}],
)
def test_a_batch_of_keys_that_are_not_the_tables_is_refused(table: Any, key: Item) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*does not match the schema"):
        table.batch_get_item(RequestItems={TABLE: {"Keys": [key]}})


def test_a_transaction_that_fails_changes_nothing(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(1, 1)])

    with pytest.raises(table.exceptions.TransactionCanceledException):
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": event(2, 2)}},
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": event(1, 1),
                        "ConditionExpression": "attribute_not_exists(userId)",
                    }
                },
            ]
        )

    assert keys(table.scan(TableName=TABLE)["Items"]) == keys([event(1, 1)])


def test_a_table_without_a_sort_key_is_scanned_by_pages_and_segments(cloud: Served) -> None:
    client = cloud.client("dynamodb")
    client.create_table(
        TableName="Products",
        KeySchema=[{"AttributeName": "number", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "number", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.seed_table("Products", [{"number": {"N": str(n)}} for n in range(30)])

    found = []
    for segment in range(3):
        for page in client.get_paginator("scan").paginate(
            TableName="Products", Segment=segment, TotalSegments=3, PaginationConfig={"PageSize": 4}
        ):
            found += [int(item["number"]["N"]) for item in page["Items"]]

    assert sorted(found) == list(range(30))
    assert client.get_item(TableName="Products", Key={"number": {"N": "7.0"}})["Item"] == {"number": {"N": "7"}}


def test_a_table_that_is_not_there_is_a_modelled_error(cloud: Served) -> None:
    client = cloud.client("dynamodb")

    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.scan(TableName="Nowhere")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "SerializationException"),
        (b"[]", "SerializationException"),
        (b'{"TableName": "T", "Key": {"k": {"B": "%%"}}}', "SerializationException"),
        (b"{}", "ValidationException"),
    ],
)
def test_requests_that_no_sdk_would_send_are_refused(cloud: Served, body: bytes, code: str) -> None:
    headers = {**signed("dynamodb"), "X-Amz-Target": "DynamoDB_20120810.GetItem"}

    status, _, answer = cloud.send("POST", "/", headers, body)

    assert status == 400
    assert json.loads(answer)["__type"].endswith(f"#{code}")
