"""Transactions over the endpoint: all or nothing, at the cost of what they touch."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tastemaker.cloud import dynamodb
from tests.unit.cloud.test_dynamodb import TABLE, cloud, event, table

__all__ = ["cloud", "table"]  # pytest finds fixtures by their names


def test_a_transaction_that_fails_puts_back_what_it_changed_replaced_and_removed(table: Any) -> None:
    before = [event(1, number, title={"S": "old"}) for number in range(3)]
    dynamodb.seed_table(TABLE, before)
    key = [{name: item[name] for name in ("userId", "eventKey")} for item in before]

    with pytest.raises(table.exceptions.TransactionCanceledException) as refusal:
        table.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": TABLE,
                        "Key": key[0],
                        "UpdateExpression": "SET title = :new",
                        "ExpressionAttributeValues": {":new": {"S": "new"}},
                    }
                },
                {"Put": {"TableName": TABLE, "Item": event(1, 1, title={"S": "new"})}},
                {"Delete": {"TableName": TABLE, "Key": key[2]}},
                {"Put": {"TableName": TABLE, "Item": event(2, 1)}},
                {
                    "ConditionCheck": {
                        "TableName": TABLE,
                        "Key": {"userId": {"S": "nobody"}, "eventKey": {"S": "0"}},
                        "ConditionExpression": "attribute_exists(userId)",
                    }
                },
            ]
        )

    codes = [reason["Code"] for reason in refusal.value.response["CancellationReasons"]]
    assert codes == ["None", "None", "None", "None", "ConditionalCheckFailed"]
    assert table.scan(TableName=TABLE)["Items"] == before


def test_a_transaction_takes_no_longer_for_the_size_of_its_tables(table: Any) -> None:
    dynamodb.seed_table(TABLE, [event(user, number) for user in range(100) for number in range(1000)])

    # to copy the table once takes about a second
    began = time.perf_counter()
    for number in range(20):
        table.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": event(0, number)}}])

    assert time.perf_counter() - began < 2
