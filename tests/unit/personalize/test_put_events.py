"""PutEvents: what an event may say, what becomes of it, and whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.unit.personalize.event_scene import DATASET, DEVICE, NOON, EventScene
from tests.unit.personalize.scene import ARN, refused

VALUE = {"name": "EVENT_VALUE", "type": ["float", "null"]}
RATINGS = {"name": "NUMBER_OF_RATINGS", "type": ["null", "int"]}
REQUIRED = {"name": "DEVICE", "type": "string"}


@pytest.fixture
def scene() -> Iterator[EventScene]:
    scene = EventScene(DEVICE, VALUE, RATINGS)
    yield scene
    scene.personalize.close()


def properties(**values: object) -> dict[str, object]:
    return {"properties": json.dumps(values)}


def test_an_event_counts_for_the_next_request_of_its_user_alone(scene: EventScene) -> None:
    scene.put({"itemId": "hat", "eventId": "e1", "eventType": "buy"} | properties(device="phone"))

    (event,) = scene.counting()
    assert (event.item_id, event.event_type, event.timestamp, event.event_id) == ("hat", "buy", NOON, "e1")
    assert event.properties == {"DEVICE": "phone"}
    assert scene.items("bob") == []


def test_properties_are_named_in_camel_case_and_others_are_passed_over(scene: EventScene) -> None:
    scene.put({"itemId": "hat"} | properties(numberOfRatings="7", NUMBER_OF_RATINGS=8, colour="red", device=None))

    assert scene.counting()[0].properties == {"NUMBER_OF_RATINGS": "7"}


@pytest.mark.parametrize(("given", "kept"), [(7, "7"), ("7", "7"), (7.0, "7"), ("-7", "-7")])
def test_numbers_come_as_numbers_or_as_text(scene: EventScene, given: object, kept: str) -> None:
    scene.put({"itemId": "hat"} | properties(numberOfRatings=given))

    assert scene.counting()[0].properties == {"NUMBER_OF_RATINGS": kept}


@pytest.mark.parametrize("given", ["many", 7.5, True, 2**31, "1e400", "nan", [7], {"a": 1}])
def test_a_value_that_is_not_of_the_fields_type_is_refused(scene: EventScene, given: object) -> None:
    with refused("InvalidInputException", "eventList.1.member.properties.numberOfRatings", "NUMBER_OF_RATINGS"):
        scene.put({"itemId": "hat"} | properties(numberOfRatings=given))


def test_the_event_value_stands_beside_the_properties_or_among_them(scene: EventScene) -> None:
    scene.put({"itemId": "hat", "eventValue": 4.5})
    scene.put({"itemId": "coat"} | properties(eventValue=3))
    scene.put({"itemId": "shoe", "eventValue": 2} | properties(eventValue=3))

    assert [event.properties["EVENT_VALUE"] for event in scene.counting()] == ["4.5", "3.0", "2.0"]


def test_the_item_stands_beside_the_properties_or_among_them(scene: EventScene) -> None:
    scene.put(properties(itemId="hat"), {"itemId": "coat"} | properties(itemId="hat"), {})

    assert scene.items() == ["hat", "coat", None]


def test_an_item_id_among_the_properties_has_to_be_one(scene: EventScene) -> None:
    for item_id in ("", "x" * 257, ["hat"], True):
        with refused("InvalidInputException", "eventList.1.member.properties.itemId"):
            scene.put(properties(itemId=item_id))


@pytest.mark.parametrize("given", ["{", '"{}"', "[]", "7", '{"device": NaN}', json.dumps(json.dumps({"a": "b"}))])
def test_properties_that_are_no_object_are_refused_in_personalizes_words(scene: EventScene, given: str) -> None:
    with refused("InvalidInputException", "Error parsing properties json"):
        scene.put({"itemId": "hat", "properties": given})


@pytest.mark.parametrize(
    "key", ["userId", "sessionId", "eventType", "timestamp", "recommendationId", "impression", "USERID", "Timestamp"]
)
def test_what_is_a_member_may_not_be_a_property(scene: EventScene, key: str) -> None:
    with refused("InvalidInputException", f"must not have {key}"):
        scene.put({"itemId": "hat"} | properties(**{key: "x"}))


def test_a_field_that_does_not_allow_null_has_to_be_there() -> None:
    scene = EventScene(REQUIRED)
    for given in ({}, properties(device=None), properties(device=""), properties(DEVICE="phone")):
        with refused("InvalidInputException", "eventList.2.member lacks device in its properties", "DEVICE"):
            scene.put({"itemId": "hat"} | properties(device="tv"), {"itemId": "coat"} | given)

    assert scene.items() == []  # all of a request or nothing
    scene.personalize.close()


def test_fields_with_members_of_their_own_take_these() -> None:
    names = ("IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")
    scene = EventScene(*({"name": name, "type": ["null", "string"]} for name in names))

    scene.put(
        {
            "itemId": "hat",
            "impression": ["hat", "coat"],
            "recommendationId": "RID-1",
            "metricAttribution": {"eventAttributionSource": "mail"},
        }
    )

    kept = scene.counting()[0].properties
    assert kept == {"IMPRESSION": "hat|coat", "RECOMMENDATION_ID": "RID-1", "EVENT_ATTRIBUTION_SOURCE": "mail"}
    scene.personalize.close()


def test_ten_events_are_the_most_and_one_the_least(scene: EventScene) -> None:
    scene.put(*({"itemId": f"i{n}"} for n in range(10)))
    assert len(scene.items()) == 10
    with refused("InvalidInputException", "eventList", "less than or equal to 10"):
        scene.put(*({"itemId": f"j{n}"} for n in range(11)))
    with refused("InvalidInputException", "eventList", "greater than or equal to 1"):
        scene.put()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"itemId": "x" * 257}, "itemId"),
        ({"eventType": ""}, "eventType"),
        ({"eventId": "x" * 257}, "eventId"),
        ({"properties": " " * 1025}, "properties"),
        ({"impression": ["x"] * 26}, "impression"),
        ({"recommendationId": "x" * 41}, "recommendationId"),
        ({"eventType": None}, "eventType"),
        ({"metricAttribution": {"eventAttributionSource": " "}}, "eventAttributionSource"),
    ],
)
def test_members_keep_to_their_sizes(scene: EventScene, event: dict[str, object], words: str) -> None:
    with refused("InvalidInputException", words):
        scene.put(event)


def test_an_event_of_more_than_ten_kilobytes_is_refused(scene: EventScene) -> None:
    scene.put({"itemId": "hat", "impression": ["ä" * 200] * 25})  # 10,000 bytes of impression
    with refused("InvalidInputException", "eventList.1.member", "10240 is the most"):
        scene.put({"itemId": "hat", "impression": ["ä" * 210] * 25})


def test_an_id_that_no_tracker_has_is_refused(scene: EventScene) -> None:
    with refused("InvalidInputException", "no event tracker", "no-such-id"):
        scene.events.put_events(
            trackingId="no-such-id", sessionId="s", eventList=[{"eventType": "view", "sentAt": NOON}]
        )


def test_text_that_is_no_unicode_is_refused(scene: EventScene) -> None:
    for event in ({"itemId": "\ud800"}, properties(device="\ud800")):
        with refused("InvalidInputException", "no valid Unicode"):
            scene.put(event)
    with refused("InvalidInputException", "no valid Unicode"):
        scene.put({"itemId": "hat"}, user="\ud800")
    scene.put({"itemId": 'h"\n🙂\u2028'})
    assert scene.items() == ['h"\n🙂\u2028']


@pytest.mark.parametrize(
    ("sent_at", "second"),
    [
        (NOON, NOON),
        (NOON + 0.75, NOON),
        ("2023-11-14T22:13:20Z", NOON),
        ("2023-11-14T22:13:20.999Z", NOON),
        ("2023-11-14T23:13:20+01:00", NOON),
        ("2023-11-14T22:13:20", NOON),
        (-0.5, -1),
    ],
)
def test_times_come_as_numbers_or_in_iso_format(scene: EventScene, sent_at: object, second: int) -> None:
    event = {"itemId": "hat", "eventType": "view", "sentAt": sent_at}
    body = {"trackingId": scene.tracking_id, "sessionId": "s", "userId": "ann", "eventList": [event]}

    answer = scene.send(path="/events", body=json.dumps(body).encode())

    assert (answer.status, answer.body) == (200, b"")
    assert scene.counting()[0].timestamp == second


@pytest.mark.parametrize(
    ("sent_at", "code"),
    [("yesterday", "SerializationException"), ([1], "SerializationException"), (1e300, "InvalidInputException")],
)
def test_a_time_that_is_none_is_refused(scene: EventScene, sent_at: object, code: str) -> None:
    event = {"itemId": "hat", "eventType": "view", "sentAt": sent_at}
    body = {"trackingId": scene.tracking_id, "sessionId": "s", "eventList": [event]}

    answer = scene.send(path="/events", body=json.dumps(body).encode())

    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, code)
    assert "sentAt" in answer.json["message"]


def test_a_clients_datetime_arrives(scene: EventScene) -> None:
    scene.put({"itemId": "hat", "sentAt": datetime.fromtimestamp(NOON, UTC)})

    assert scene.counting()[0].timestamp == NOON


def test_events_are_in_the_order_of_their_full_time_whenever_they_come(scene: EventScene) -> None:
    for item, offset in (("third", 0.9), ("first", -60.0), ("second", 0.1)):
        event = {"itemId": item, "eventType": "view", "sentAt": NOON + offset}
        body = {"trackingId": scene.tracking_id, "sessionId": "s", "userId": "ann", "eventList": [event]}
        scene.send(path="/events", body=json.dumps(body).encode())

    assert scene.items() == ["first", "second", "third"]


def test_an_event_id_is_used_once(scene: EventScene) -> None:
    scene.put({"itemId": "hat", "eventId": "e1"}, {"itemId": "coat", "eventId": "e1"})
    scene.put({"itemId": "shoe", "eventId": "e1", "sentAt": NOON + 9}, {"itemId": "sock", "eventId": "e2"})

    assert scene.items() == ["hat", "sock"]


def test_events_that_say_the_same_of_the_same_moment_are_one(scene: EventScene) -> None:
    event = {"itemId": "hat"} | properties(device="phone")
    scene.put(event, event)
    scene.put(event)
    scene.put(event | {"sentAt": NOON + 1}, event | properties(device="tv"), event | {"eventType": "buy"})
    scene.put(event, user="bob")

    assert len(scene.items()) == 4
    assert len({event.event_id for event in scene.counting()}) == 4  # each got an id of its own
    assert len(scene.items("bob")) == 1


def test_an_anonymous_session_is_answered_like_a_user(scene: EventScene) -> None:
    scene.put({"itemId": "hat"}, user=None, session="s1")
    scene.put({"itemId": "coat"}, user=None, session="s2")

    assert scene.items("s1") == ["hat"]


def test_a_session_becomes_the_users_with_the_first_event_that_has_both(scene: EventScene) -> None:
    scene.put({"itemId": "hat"}, user=None, session="s1")
    scene.put({"itemId": "scarf", "sentAt": NOON - 9}, session="elsewhere")
    assert scene.items() == ["scarf"]

    scene.put({"itemId": "coat", "sentAt": NOON + 1}, session="s1")
    scene.put({"itemId": "shoe", "sentAt": NOON + 2}, user=None, session="s1")

    assert scene.items() == ["scarf", "hat", "coat", "shoe"]
    assert scene.items("s1") == ["hat", "coat", "shoe"]


def test_a_session_that_is_its_own_user_counts_once(scene: EventScene) -> None:
    scene.put({"itemId": "hat"}, user=None, session="ann")
    scene.put({"itemId": "coat", "sentAt": NOON + 1}, user="ann", session="ann")

    assert scene.items() == ["hat", "coat"]


def test_the_latest_five_hundred_events_of_a_user_are_at_hand(scene: EventScene) -> None:
    for start in range(0, 510, 10):
        scene.put(*({"itemId": f"i{n}", "sentAt": NOON + n} for n in range(start, start + 10)))

    assert scene.items() == [f"i{n}" for n in range(10, 510)]


def test_only_events_of_the_solutions_type_and_value_count() -> None:
    scene = EventScene(VALUE, solution={"eventType": "rate", "solutionConfig": {"eventValueThreshold": "0.7"}})
    rated = [("low", 0.6), ("exact", 0.7), ("high", 4)]
    scene.put({"itemId": "view", "eventValue": 5}, {"itemId": "none", "eventType": "rate"})
    scene.put(*({"itemId": item, "eventType": "rate", "eventValue": value} for item, value in rated))

    assert scene.items() == ["exact", "high"]
    scene.personalize.close()


def test_popularity_takes_nothing_until_it_is_trained_again() -> None:
    scene = EventScene(solution={"recipe": "aws-popularity-count"})
    scene.put({"itemId": "hat"})

    assert scene.items() == []
    scene.personalize.close()


def test_a_model_takes_the_events_that_its_training_did_not_see(scene: EventScene) -> None:
    scene.put({"itemId": "seen"})
    scene.put({"itemId": "unlinked"}, user=None, session="anonymous")

    scene.deploy_anew()
    assert (scene.items(), scene.items("anonymous")) == ([], [])

    scene.put({"itemId": "new", "sentAt": NOON + 1}, session="anonymous")
    assert scene.items() == ["unlinked", "new"]  # the training could not know that the former was ann's
    assert scene.items("anonymous") == ["new"]


def test_a_dataset_made_again_has_nothing_that_an_older_model_saw(scene: EventScene) -> None:
    scene.put(*({"itemId": f"i{n}"} for n in range(10)))
    scene.deploy_anew()
    scene.control.delete_dataset(datasetArn=DATASET)
    scene.until_gone(lambda: scene.control.describe_dataset(datasetArn=DATASET)["dataset"])
    scene.make_dataset(f"{ARN}:schema/events")

    scene.put({"itemId": "hat"})

    assert scene.items() == ["hat"]
