"""Events from the queue: each once in the table, each at Personalize, and nothing lost in between."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from lambdas.common.events import Event, message_body
from lambdas.common.logs import logger
from lambdas.deliver_events.dead_letters import DeadLetters
from lambdas.deliver_events.delivery import Delivery
from lambdas.deliver_events.stream import EventStream
from lambdas.deliver_events.table import MARKER_SECONDS, EventsTable
from lambdas.deliver_events.tracker import REFRESH_SECONDS, Tracker
from tests.unit.lambdas.events import FIELDS, NOW, PersonalizeEvents, event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


class Room:
    """The function's surroundings: two tables, a dead-letter queue, Personalize, and the time."""

    def __init__(self) -> None:
        self.dynamodb: DynamoDBClient = boto3.client("dynamodb")
        self.sqs: SQSClient = boto3.client("sqs")
        self.personalize = PersonalizeEvents()
        self.now = NOW
        self._table("engine", "key")
        self._table("events", "userId", "eventKey")
        self.dead_letters_url = self.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        self.publish("tracker")

    def _table(self, name: str, *keys: str) -> None:
        kinds: tuple[Any, ...] = ("HASH", "RANGE")
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )

    def publish(self, tracking_id: str | None) -> None:
        item: dict[str, Any] = {"key": {"S": "published"}, "routes": {"M": {}}}
        if tracking_id:
            item["trackingId"] = {"S": tracking_id}
        self.dynamodb.put_item(TableName="engine", Item=item)

    def delivery(self, *, table: str | None = "events") -> Delivery:
        events_table = (
            EventsTable(self.dynamodb, table=table, engine_table="engine", fields=FIELDS, now=lambda: self.now)
            if table
            else None
        )
        return Delivery(
            table=events_table,
            tracker=Tracker(self.dynamodb, table="engine", now=lambda: self.now),
            stream=EventStream(self.personalize),
            dead_letters=DeadLetters(self.sqs, queue_url=self.dead_letters_url),
        )

    def rows(self) -> list[dict[str, Any]]:
        return self.dynamodb.scan(TableName="events")["Items"]

    def markers(self) -> list[dict[str, Any]]:
        items = self.dynamodb.scan(TableName="engine")["Items"]
        return [item for item in items if item["key"]["S"].startswith("event#")]

    def dead(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Code, reason and contents of the dead letters."""
        found = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.dead_letters_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            found += [
                (
                    message["MessageAttributes"]["code"]["StringValue"],
                    message["MessageAttributes"]["reason"]["StringValue"],
                    json.loads(message["Body"]),
                )
                for message in messages
            ]
        return found


@pytest.fixture
def room() -> Iterator[Room]:
    with mock_aws():
        yield Room()


def record(*events: Event, user: str | None = "u1", number: int = 1) -> dict[str, Any]:
    message: Any = {"sessionId": "s1", **({"userId": user} if user else {}), "events": list(events)}
    return {"messageId": f"m{number}", "body": message_body(message), "attributes": {"ApproximateReceiveCount": "1"}}


def deliver(delivery: Delivery, *records: dict[str, Any]) -> list[str]:
    return delivery.deliver(records, out_of_time=lambda: False)


WHOLE = event(
    1,
    eventValue=4.5,
    impression=["i1", "i2"],
    recommendationId="RID-1",
    properties={"deviceType": "phone", "numberOfRatings": 12},
    eventAttributionSource="mail",
)


def test_an_event_has_the_attributes_of_the_configuration_in_the_table(room: Room) -> None:
    assert deliver(room.delivery(), record(WHOLE)) == []

    assert room.rows() == [
        {
            "userId": {"S": "u1"},
            "eventKey": {"S": "1700000000#e1"},
            "itemId": {"S": "i1"},
            "timestamp": {"N": "1700000000"},
            "kind": {"S": "View"},
            "value": {"N": "4.5"},
            "shown": {"L": [{"S": "i1"}, {"S": "i2"}]},
            "recommendation": {"S": "RID-1"},
            "device": {"S": "phone"},
            "ratings": {"N": "12"},
        }
    ]


def test_personalize_gets_it_in_its_own_words(room: Room) -> None:
    deliver(room.delivery(), record(WHOLE))

    (call,) = room.personalize.calls
    (sent,) = call.pop("eventList")
    assert call == {"trackingId": "tracker", "sessionId": "s1", "userId": "u1"}
    assert sent.pop("sentAt").timestamp() == 1_700_000_000
    assert json.loads(sent.pop("properties")) == {"deviceType": "phone", "numberOfRatings": "12"}
    assert sent == {
        "eventId": "e1",
        "eventType": "View",
        "itemId": "i1",
        "eventValue": 4.5,
        "impression": ["i1", "i2"],
        "recommendationId": "RID-1",
        "metricAttribution": {"eventAttributionSource": "mail"},
    }


def test_the_call_is_one_that_the_sdk_takes() -> None:
    client: Any = boto3.client("personalize-events")
    with Stubber(client) as script:
        # the SDK checks names and types before the script answers
        script.add_response("put_events", {})
        assert EventStream(client).put("tracker", json.loads(record(WHOLE)["body"])) == []


def test_a_message_of_ten_events_is_one_call(room: Room) -> None:
    deliver(room.delivery(), record(*(event(number) for number in range(10))))

    assert len(room.personalize.calls) == 1
    assert len(room.rows()) == len(room.personalize.events) == 10


def test_a_message_that_comes_again_changes_nothing(room: Room) -> None:
    delivery = room.delivery()
    for _ in range(3):
        assert deliver(delivery, record(event(1), event(2))) == []

    assert len(room.rows()) == len(room.personalize.events) == 2


def test_an_event_sent_twice_without_its_time_is_one_row(room: Room) -> None:
    delivery = room.delivery()
    deliver(delivery, record(event(1)))

    assert deliver(delivery, record(event(1, sentAt=1_700_000_009), event(2), event(2, sentAt=1_700_000_001))) == []

    assert sorted(row["eventKey"]["S"] for row in room.rows()) == ["1700000000#e1", "1700000001#e2"]


def test_an_event_id_counts_for_its_user(room: Room) -> None:
    deliver(room.delivery(), record(event(1), user="u1"), record(event(1), user="u2"))

    assert {row["userId"]["S"] for row in room.rows()} == {"u1", "u2"}


def test_a_marker_expires_and_names_nobody(room: Room) -> None:
    deliver(room.delivery(), record(event(1), user="ann@example.com"))

    (marker,) = room.markers()
    assert marker["expiresAt"] == {"N": str(int(NOW) + MARKER_SECONDS)}
    assert "ann" not in json.dumps(marker)


def test_who_is_not_logged_in_is_personalizes_business_alone(room: Room) -> None:
    assert deliver(room.delivery(), record(event(1), user=None)) == []

    assert room.rows() == []
    assert "userId" not in room.personalize.calls[0]


def test_somebody_elses_table_is_left_alone(room: Room) -> None:
    assert deliver(room.delivery(table=None), record(event(1))) == []

    assert (room.rows(), room.markers()) == ([], [])
    assert list(room.personalize.events) == ["e1"]


@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailable", "InternalFailure", "AccessDenied"])
def test_what_personalize_cannot_do_now_comes_again_and_the_rest_of_the_batch_does_not(room: Room, code: str) -> None:
    room.personalize.faults = [code]
    delivery = room.delivery()
    records = [record(event(number), number=number) for number in range(3)]

    assert deliver(delivery, *records) == ["m0"]
    assert set(room.personalize.events) == {"e1", "e2"}
    assert len(room.rows()) == 3

    assert deliver(delivery, records[0]) == []
    assert set(room.personalize.events) == {"e0", "e1", "e2"}
    assert len(room.rows()) == 3


def test_a_table_that_fails_keeps_the_message(room: Room) -> None:
    room.dynamodb.delete_table(TableName="events")

    assert deliver(room.delivery(), record(event(1))) == ["m1"]
    assert room.markers() == []


@pytest.mark.parametrize("body", ["{", "[]", "5", '{"events": [{}]}', '{"sessionId": "s", "userId": "u"}'])
def test_a_message_that_is_none_keeps_nobody_else(room: Room, body: str) -> None:
    poisoned = {"messageId": "poison", "body": body}

    assert deliver(room.delivery(), record(event(1)), poisoned, record(event(2), number=2)) == ["poison"]

    assert set(room.personalize.events) == {"e1", "e2"}


def test_an_event_that_personalize_never_takes_is_a_dead_letter_with_the_reason(room: Room) -> None:
    events = [event(1), event(2, itemId="bad"), event(3)]

    assert deliver(room.delivery(), record(*events)) == []

    assert set(room.personalize.events) == {"e1", "e3"}
    assert room.dead() == [
        ("invalid", "the item is bad", {"sessionId": "s1", "userId": "u1", "events": [event(2, itemId="bad")]})
    ]


def test_a_dead_letter_that_cannot_be_kept_keeps_the_message(room: Room) -> None:
    delivery = room.delivery()
    room.sqs.delete_queue(QueueUrl=room.dead_letters_url)

    assert deliver(delivery, record(event(1, itemId="bad"))) == ["m1"]


def test_before_the_first_run_the_table_has_the_event_and_that_is_enough(room: Room) -> None:
    room.publish(None)

    assert deliver(room.delivery(), record(event(1))) == []

    assert len(room.rows()) == 1
    assert room.personalize.calls == []
    assert room.dead() == []


@pytest.mark.parametrize(("table", "user"), [("events", None), (None, "u1")])
def test_before_the_first_run_what_no_table_has_is_a_dead_letter(
    room: Room, table: str | None, user: str | None
) -> None:
    room.publish(None)

    assert deliver(room.delivery(table=table), record(event(1), user=user)) == []

    ((code, reason, message),) = room.dead()
    assert code == "noEventTracker"
    assert "run the workflow" in reason
    assert message["events"] == [event(1)]


def test_the_tracker_is_looked_for_until_it_is_there_and_then_once_a_minute(room: Room) -> None:
    room.publish(None)
    delivery = room.delivery()
    deliver(delivery, record(event(1)))
    room.publish("tracker")
    deliver(delivery, record(event(2)))
    assert list(room.personalize.events) == ["e2"]

    room.publish("another")
    deliver(delivery, record(event(3)))
    room.now += REFRESH_SECONDS
    room.personalize.tracking_id = "another"
    deliver(delivery, record(event(4)))
    assert [call["trackingId"] for call in room.personalize.calls] == ["tracker", "tracker", "another"]


def test_a_tracker_made_anew_makes_no_event_a_dead_letter(room: Room) -> None:
    delivery = room.delivery()
    deliver(delivery, record(event(1)))
    room.personalize.tracking_id = "another"
    room.publish("another")

    assert deliver(delivery, record(event(2), event(3))) == []

    assert set(room.personalize.events) == {"e1", "e2", "e3"}
    assert room.dead() == []


def test_what_there_is_no_time_for_comes_again(room: Room) -> None:
    times = iter([False, True, True])

    left = room.delivery().deliver(
        [record(event(number), number=number) for number in range(3)], out_of_time=lambda: next(times)
    )

    assert left == ["m1", "m2"]
    assert list(room.personalize.events) == ["e0"]


def test_no_user_is_named_in_the_log(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    room.personalize.faults = ["ThrottlingException"]
    records = [
        record(event(1), user="ann@example.com"),
        record(event(2, itemId="bad"), user="ann@example.com", number=2),
        {"messageId": "m3", "body": '{"userId": "ann@example.com"'},
    ]

    deliver(room.delivery(), *records)

    told = [str(vars(line)) for line in caplog.records if line.name == logger.name]
    assert len(told) == 3
    assert not [line for line in told if "ann@" in line]


def test_a_field_of_ones_own_that_is_called_like_a_key_is_still_a_property(room: Room) -> None:
    table = EventsTable(
        room.dynamodb,
        table="events",
        engine_table="engine",
        fields=[*FIELDS[:2], replace(FIELDS[7], name="EVENT_ID", attribute="theirs")],
        now=lambda: NOW,
    )

    table.put("u1", [event(1, properties={"eventId": "own"})])

    (row,) = room.rows()
    assert row["theirs"] == {"S": "own"}
