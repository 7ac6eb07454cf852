"""PutEvents: what is taken, what is refused, and what the next recommendations make of it."""

from __future__ import annotations

import json
import time
from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, case
from tastemaker.conformance.cases.recommending import genres, ids, recommended
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import campaign, group, import_of, tracker
from tastemaker.conformance.waiting import attempts
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"


def event(item: str = data.item(0), **more: object) -> Members:
    """A view of now, as the schema wants it."""
    return {"eventType": "View", "sentAt": int(time.time()), "itemId": item, **more}


def put(world: World, *events: Members, **more: object) -> Members:
    """PutEvents through the tracker of the custom group."""
    return world.call("PutEvents", **_request(world, list(events), **more))


def _request(world: World, events: list[Members], **more: object) -> Members:
    tracking_id = tracker(world).answer["trackingId"]
    return {"trackingId": tracking_id, "sessionId": world.name("session"), "eventList": events, **more}


@case("PutEvents", "success", reference="§1, §18.1", level=Level.DATA)
def an_empty_answer(world: World, expect: Expect) -> None:
    properties = json.dumps({"device": "Phone"})
    expect.equal("the answer", {}, put(world, event(properties=properties, eventValue=0.5, eventId="e-1"), userId="u"))
    expect.equal("the answer to an anonymous event", {}, put(world, event()))
    known = {"recommendationId": f"RID-{'0' * 8}-0000-4000-8000-{'0' * 12}", "impression": ["item-1", "item-2"]}
    expect.equal("the answer to an event with an impression", {}, put(world, event() | known, userId="u"))


@case("PutEvents", "effect", reference="§19", level=Level.TRAINING)
def the_next_recommendations_of_a_new_user_are_made_of_it(world: World, expect: Expect) -> None:
    campaign(world)
    for parity, taste in ((0, "Even"), (1, "Odd")):
        user = world.name("newcomer")
        for number in (6, 8, 10):
            put(world, event(data.item(number + parity)), userId=user)
        seen: set[str] = set()
        for attempt in attempts(world.patience, "the effect of an event"):
            seen = genres(recommended(world, userId=user))
            if seen == {taste} or attempt > 10:
                break
        expect.equal(f"the genres for who has viewed {taste}", {taste}, seen)


@case("PutEvents", "effect", reference="§16.3, §18.1", level=Level.TRAINING)
def a_filter_of_events_sees_it(world: World, expect: Expect) -> None:
    campaign(world)
    import_of(world)
    user = world.name("buyer")
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")'
    given = {"name": world.name("filter"), "datasetGroupArn": group(world).arn, "filterExpression": expression}
    with world.throwaway("Filter", **given) as made:
        asked = {"userId": user, "numResults": 500, "filterArn": made.arn}
        expect.true("the item is there before", data.item(3) in ids(recommended(world, asked)), "it is not")
        put(world, event(data.item(3), eventType="purchase"), userId=user)
        seen: list[str] = []
        for attempt in attempts(world.patience, "the effect of an event on a filter"):
            seen = ids(recommended(world, asked))
            if data.item(3) not in seen or attempt > 10:
                break
        expect.true("the item is gone after its purchase", data.item(3) not in seen, "it is there")


@case("PutEvents", "error", error=INVALID, reference="§4.1, §7, §18.1", level=Level.DATA)
def what_is_no_event(world: World, expect: Expect) -> None:
    tracker(world)
    for events in (
        [],
        [event()] * 11,
        [event(eventType="")],
        [event(itemId="i" * 257)],
        [event(properties="no json")],
        [event(properties=json.dumps("double encoded"))],
        [event(properties=json.dumps({"device": "x" * 1024}))],
        [event(impression=[f"i{number}" for number in range(26)])],
        [event(recommendationId="r" * 41)],
    ):
        expect.refused(world.calling("PutEvents", _request(world, events)), code=INVALID)


@case("PutEvents", "error", error=INVALID, reference="§4.1, §5.1", level=Level.DATA)
def a_tracking_id_of_nothing(world: World, expect: Expect) -> None:
    call = world.calling(
        "PutEvents", trackingId="00000000-0000-4000-8000-000000000000", sessionId="s", eventList=[event()]
    )
    expect.refused(call, code=INVALID)


@case("PutEvents", "rule", reference="§5.2", level=Level.DATA)
def properties_that_are_no_json_are_told_in_words(world: World, expect: Expect) -> None:
    call = world.calling("PutEvents", _request(world, [event(properties="{")]))
    expect.refused(call, code=INVALID, message="Error parsing properties json")


@case("PutEvents", "question", reference="§18.1", level=Level.DATA)
def an_event_without_an_item(world: World, expect: Expect) -> None:
    without = {name: value for name, value in event().items() if name != "itemId"}
    inside = {**without, "properties": json.dumps({"itemId": data.item(0)})}
    expect.answer("no itemId at all", outcome_of(lambda: put(world, without)), chosen="accepted")
    expect.answer("the itemId in properties", outcome_of(lambda: put(world, inside)), chosen="accepted")
    unknown = outcome_of(lambda: put(world, event(properties=json.dumps({"weather": "fine"}))))
    expect.answer("a property that no field has", unknown, chosen="accepted")
    number = outcome_of(lambda: put(world, event(properties=json.dumps({"device": 3}))))
    expect.answer("a number for a field that is a string", number, chosen="accepted")
