"""What the events' door takes, and what it says of the rest."""

from __future__ import annotations

import base64
import json
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.events import EventField, message_body
from lambdas.common.http import HttpError
from lambdas.track_events.door import Door
from lambdas.track_events.outbox import MAX_BATCH_BYTES, PATIENCE_SECONDS, Outbox, batches
from lambdas.track_events.request import MAX_BYTES, document
from tests.unit.lambdas.events import FIELDS, NOW

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DAY = 24 * 3600
GOOD = {"eventType": "View", "itemId": "i1"}


def door(*fields: EventField) -> Door:
    numbers = count(1)
    return Door([*FIELDS, *fields], now=lambda: NOW, new_id=lambda: f"new-{next(numbers)}")


def post(body: str | bytes, content_type: str = "application/json; charset=utf-8") -> dict[str, Any]:
    raw = body.encode() if isinstance(body, str) else body
    return {"headers": {"content-type": content_type}, "body": base64.b64encode(raw).decode(), "isBase64Encoded": True}


def visit(*events: Any, **more: Any) -> dict[str, Any]:
    return {"sessionId": "s1", "userId": "u1", "events": list(events), **more}


def problems(body: Any, *fields: EventField) -> list[tuple[str, str]]:
    with pytest.raises(HttpError) as refusal:
        door(*fields).messages(body)
    assert (refusal.value.status, refusal.value.code) == (400, "invalidEvents")
    details = refusal.value.body()["error"]["details"]
    return [(detail["field"], detail["message"]) for detail in details]


def test_what_is_missing_is_filled_in_once() -> None:
    (message,) = door().messages(visit(GOOD, {**GOOD, "sentAt": 1_799_999_999, "eventId": "mine"}))

    assert message == {
        "sessionId": "s1",
        "userId": "u1",
        "events": [
            {"eventId": "new-1", "sentAt": int(NOW), "eventType": "View", "itemId": "i1"},
            {"eventId": "mine", "sentAt": 1_799_999_999, "eventType": "View", "itemId": "i1"},
        ],
    }


def test_an_event_may_say_all_that_personalize_knows() -> None:
    whole = {
        **GOOD,
        "eventId": "e1",
        "sentAt": 1_799_999_999,
        "eventValue": 4.5,
        "recommendationId": "RID-1",
        "impression": ["i1", "i2"],
        "properties": {"deviceType": "phone", "numberOfRatings": 12},
        "eventAttributionSource": "mail",
    }

    (message,) = door().messages(visit(whole))

    assert message["events"] == [whole]


def test_nobody_need_be_logged_in_and_null_is_as_good_as_nothing() -> None:
    (message,) = door().messages({"sessionId": "s", "userId": None, "events": [{**GOOD, "eventValue": None}]})

    assert "userId" not in message
    assert "eventValue" not in message["events"][0]


def test_a_message_holds_what_one_put_events_takes() -> None:
    messages = door().messages(visit(*[GOOD] * 100))

    assert [len(message["events"]) for message in messages] == [10] * 10
    assert {message["sessionId"] for message in messages} == {"s1"}
    assert len({event["eventId"] for message in messages for event in message["events"]}) == 100


@pytest.mark.parametrize(
    ("sent_at", "seconds"),
    [
        (1_799_999_999, 1_799_999_999),
        (1_799_999_999.9, 1_799_999_999),
        ("2027-01-15T07:59:59Z", 1_799_999_999),
        ("2027-01-15T08:59:59.5+01:00", 1_799_999_999),
        (NOW + DAY, int(NOW + DAY)),
    ],
)
def test_a_time_is_seconds_or_iso_8601(sent_at: object, seconds: int) -> None:
    (message,) = door().messages(visit({**GOOD, "sentAt": sent_at}))

    assert message["events"][0]["sentAt"] == seconds


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("eventType", "", "is a text of 1 to 256 characters"),
        ("eventType", 5, "is a text of 1 to 256 characters"),
        ("itemId", "i" * 257, "is a text of 1 to 256 characters"),
        ("itemId", "a\nb", "contains a line break"),
        ("eventId", "é", "ASCII"),
        ("eventId", "with space", "ASCII"),
        ("eventId", "e" * 257, "ASCII"),
        ("eventValue", "4", "is a number"),
        ("eventValue", True, "is a number"),
        ("eventValue", 1e39, "is a number"),
        ("eventValue", 10**400, "is a number"),
        ("eventValue", 1e-300, "is a number"),
        ("recommendationId", "r" * 41, "1 to 40 characters"),
        ("eventAttributionSource", "é", "printable ASCII"),
        ("eventAttributionSource", "  ", "printable ASCII"),
        ("impression", [], "is a list of 1 to 25 item ids"),
        ("impression", ["i"] * 26, "is a list of 1 to 25 item ids"),
        ("impression", ["i", 5], "is a text"),
        ("impression", ["i" * 256] * 4, "more than 1000 characters in all"),
        ("properties", "{}", "is an object"),
        ("sentAt", True, "is a number of seconds"),
        ("sentAt", "yesterday", "is a number of seconds"),
        ("sentAt", "2027-01-15T07:59:59", "with its zone"),
        ("sentAt", NOW + DAY + 1, "is in the future"),
        ("sentAt", NOW * 1000, "are these milliseconds?"),
        ("sentAt", float("inf"), "is in the future"),
        ("sentAt", NOW - 366 * DAY, "is more than a year ago"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_place_and_its_rule(key: str, value: object, words: str) -> None:
    ((field, message),) = problems(visit(GOOD, {**GOOD, key: value}))

    assert field == f"events[1].{key}"
    assert words in message


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("deviceType", 5, "is a text"),
        ("deviceType", "x" * 1001, "1 to 1000 characters"),
        ("numberOfRatings", "12", "is a whole number of the type int"),
        ("numberOfRatings", 1.5, "is a whole number of the type int"),
        ("numberOfRatings", 1 << 31, "is a whole number of the type int"),
        ("DEVICE_TYPE", "phone", "is no key that is known here; known are deviceType, numberOfRatings"),
        ("userId", "u", "is no key that is known here"),
    ],
)
def test_properties_are_the_fields_of_the_configuration(key: str, value: object, words: str) -> None:
    ((field, message),) = problems(visit({**GOOD, "properties": {key: value}}))

    assert field == f"events[0].properties.{key}"
    assert words in message


def test_properties_are_measured_as_personalize_gets_them() -> None:
    another = EventField("NOTE", "note", "string", required=False)
    properties = {"deviceType": "x" * 600, "note": "x" * 390}

    assert len(json.dumps(properties, separators=(",", ":"))) == 1017
    door(another).messages(visit({**GOOD, "properties": properties}))
    ((field, message),) = problems(visit({**GOOD, "properties": {**properties, "note": "x" * 398}}), another)

    assert (field, message) == ("events[0].properties", "has 1025 characters as JSON; Personalize takes 1024")


def test_what_the_interactions_require_is_required_of_each_event() -> None:
    required = [
        EventField("EVENT_VALUE", "value", "float", required=True),
        EventField("CHANNEL", "channel", "string", required=True),
    ]

    assert problems(visit(GOOD), *required) == [
        ("events[0].eventValue", "is required"),
        ("events[0].properties.channel", "is required"),
    ]


def test_all_problems_are_told_at_once() -> None:
    body = {"userID": "u", "events": [{"itemId": ""}, 5, GOOD, {**GOOD, "when": 1}]}

    assert [field for field, _ in problems(body)] == [
        "userID",
        "sessionId",
        "events[0].eventType",
        "events[0].itemId",
        "events[1]",
        "events[1].eventType",
        "events[1].itemId",
        "events[3].when",
    ]


@pytest.mark.parametrize("events", [[], [GOOD] * 101, "none", {}])
def test_a_request_brings_one_to_a_hundred_events(events: object) -> None:
    assert problems({"sessionId": "s", "events": events}) == [("events", "is a list of 1 to 100 events")]


def test_an_event_is_no_larger_than_personalize_takes() -> None:
    wide: dict[str, Any] = {"itemId": "🎬" * 256, "eventType": "🎬" * 256, "impression": ["🎬" * 249] * 4}
    fields = [EventField(name, name, "string", required=False) for name in "ABCDE"]
    wide["properties"] = dict.fromkeys("abcde", "🎬" * 190)
    door(*fields).messages(visit(wide))
    wide |= {"eventId": "e" * 256, "recommendationId": "🎬" * 40}

    ((field, message),) = problems(visit(wide), *fields)

    assert field == "events[0]"
    assert message.endswith("Personalize takes 10240")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["eventType", "itemId", "sentAt", "eventId", "eventValue", "properties", "recommendationId", "impression"]
odd_events = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=8) | json_values


@given(st.fixed_dictionaries({"sessionId": json_values, "events": st.lists(odd_events, max_size=4) | json_values}))
def test_whatever_is_posted_is_either_refused_in_words_or_can_be_kept(body: dict[str, Any]) -> None:
    try:
        messages = door().messages(body)
    except HttpError as refusal:
        details = refusal.body()["error"]["details"]
        assert details == [{"field": str(d["field"]), "message": str(d["message"])} for d in details]  # either
        return
    for message in messages:
        assert json.loads(message_body(message)) == message
        assert all(isinstance(event["sentAt"], int) for event in message["events"])


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (post("{}", "text/plain"), 415, "unsupportedMediaType"),
        ({"headers": {}, "body": "{}"}, 415, "unsupportedMediaType"),
        (post(json.dumps({"a": "x" * MAX_BYTES})), 413, "tooLarge"),
        (post("{"), 400, "invalidJson"),
        (post(b'{"a": "\xff"}'), 400, "invalidJson"),
        (post("[]"), 400, "invalidJson"),
        (post('{"a": NaN}'), 400, "invalidJson"),
        (post('{"a": "\\ud800"}'), 400, "invalidJson"),
        (post("[" * 100_000), 400, "invalidJson"),
        (post('{"a": ' + "9" * 5000 + "}"), 400, "invalidJson"),
        ({"headers": {"content-type": "application/json"}}, 400, "invalidJson"),
    ],
)
def test_a_request_that_is_none_is_told_at_the_door(request_: dict[str, Any], status: int, code: str) -> None:
    with pytest.raises(HttpError) as refusal:
        document(request_)

    assert (refusal.value.status, refusal.value.code) == (status, code)


def test_a_body_may_come_as_text() -> None:
    assert document({"headers": {"content-type": "application/json"}, "body": '{"é": 1}'}) == {"é": 1}


# The outbox


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def entries(*bodies: str) -> dict[str, Any]:
    listed = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    return {"QueueUrl": "https://queue", "Entries": listed}


def answer(taken: int, *failed: int) -> dict[str, Any]:
    done = [{"Id": str(number), "MessageId": "m", "MD5OfMessageBody": "d"} for number in range(taken)]
    return {
        "Successful": done,
        "Failed": [{"Id": str(number), "SenderFault": False, "Code": "InternalError"} for number in failed],
    }


@pytest.fixture
def sqs() -> Any:
    client = boto3.client("sqs")
    with Stubber(client) as script:
        yield client, script
        script.assert_no_pending_responses()


def test_what_the_queue_did_not_take_is_sent_again_alone(sqs: tuple[SQSClient, Stubber]) -> None:
    client, script = sqs
    script.add_response("send_message_batch", answer(1, 1, 2), entries("a", "b", "c"))
    script.add_client_error("send_message_batch", "ServiceUnavailable", expected_params=entries("b", "c"))
    script.add_response("send_message_batch", answer(2), entries("b", "c"))

    Outbox(client, queue_url="https://queue", now=Time()).put(["a", "b", "c"])


def test_events_that_could_not_be_kept_are_never_acknowledged(sqs: tuple[SQSClient, Stubber]) -> None:
    client, script = sqs
    for _ in range(4):
        script.add_response("send_message_batch", answer(0, 0), entries("a"))

    with pytest.raises(HttpError, match="with the same eventIds") as refusal:
        Outbox(client, queue_url="https://queue", now=Time()).put(["a"])

    assert (refusal.value.status, refusal.value.code) == (503, "unavailable")


def test_nobody_waits_for_a_queue_that_does_not_answer(sqs: tuple[SQSClient, Stubber]) -> None:
    client, script = sqs
    script.add_client_error("send_message_batch", "ServiceUnavailable")
    time = Time()

    def passing() -> float:
        time.now += PATIENCE_SECONDS / 2
        return time.now

    with pytest.raises(HttpError):
        Outbox(client, queue_url="https://queue", now=passing).put(["a"])


@given(st.lists(st.integers(1, MAX_BATCH_BYTES), max_size=30))
def test_a_batch_is_what_one_call_takes(sizes: list[int]) -> None:
    bodies = ["x" * size for size in sizes]

    made = list(batches(bodies))

    assert [body for batch in made for body in batch] == bodies
    assert all(1 <= len(batch) <= 10 and sum(map(len, batch)) <= MAX_BATCH_BYTES for batch in made)
