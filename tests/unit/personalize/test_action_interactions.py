"""Action interactions: their dataset, their import, PutActionInteractions, and filters of actions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tastemaker.personalize.csv_files import ImportRefused
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.jobs import ImportSpec
from tastemaker.personalize.kinds import DATASET
from tastemaker.personalize.operations.filtering import allowed_actions
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.wire import WireRequest
from tests.unit.personalize.record_scene import GROUP, NOON, RecordScene, dataset_arn, properties
from tests.unit.personalize.scene import ACCOUNT, RECIPE, REGION, refused

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime.type_defs import GetActionRecommendationsRequestTypeDef

EVENTS = dataset_arn("Action_Interactions")
HEADER = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP,DEVICE"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RecordScene]:
    scene = RecordScene(tmp_path)
    yield scene
    scene.personalize.close()


def events(scene: RecordScene, user: str = "ann") -> list[tuple[str | None, str]]:
    """`(action, event type)` of the streamed events of a user."""
    return [(event.item_id, event.event_type) for event in scene.here.streams.events_of(EVENTS, user)]


# --- the dataset ---


def test_the_dataset_has_a_tracker_of_its_own(scene: RecordScene) -> None:
    described = scene.control.describe_dataset(datasetArn=EVENTS)["dataset"]
    others = [
        each for each in scene.control.list_datasets(datasetGroupArn=GROUP)["datasets"] if each["datasetArn"] != EVENTS
    ]

    assert described["datasetType"] == "ACTION_INTERACTIONS"
    assert len(described["trackingId"]) == 36
    assert len(others) == 4
    for other in others:
        assert "trackingId" not in scene.control.describe_dataset(datasetArn=other["datasetArn"])["dataset"]


def test_imported_event_types_are_kept_as_they_are_named(scene: RecordScene) -> None:
    scene.load(
        "Action_Interactions",
        HEADER,
        *(f"ann,join,{name},1," for name in ("taken", "NOT_TAKEN", "Not taken", "viewed")),
    )

    assert [row["EVENT_TYPE"] for row in scene.records("Action_Interactions") or ()] == ["Taken", "Not Taken", "Viewed"]


def test_another_event_type_is_not_imported(scene: RecordScene) -> None:
    scene.objects.store("bucket", "x.csv", f"{HEADER}\nann,join,Clicked,1,".encode())
    dataset = scene.here.resources.peek(DATASET, EVENTS)
    assert dataset is not None

    with pytest.raises(ImportRefused, match="EVENT_TYPE 'Clicked' is none of Viewed, Taken, Not Taken"):
        scene.jobs.datasets.import_csv(
            scene.objects,
            ImportSpec(EVENTS, scene.here.records.schema(dataset), "s3://bucket/x.csv", "role"),
        )


# --- PutActionInteractions ---


def test_an_event_is_kept_for_its_user_under_the_name_of_its_type(scene: RecordScene) -> None:
    for number, name in enumerate(("Viewed", "TAKEN", "not-taken", "Not_Taken", "NotTaken")):
        scene.act({"actionId": f"a{number}", "eventType": name, "timestamp": NOON + number})

    assert events(scene) == [
        ("a0", "Viewed"),
        ("a1", "Taken"),
        ("a2", "Not Taken"),
        ("a3", "Not Taken"),
        ("a4", "Not Taken"),
    ]
    assert events(scene, "bob") == []


def test_only_what_can_be_done_with_an_action_is_an_event_type(scene: RecordScene) -> None:
    with refused(
        "InvalidInputException", "actionInteractions.2.member.eventType is Clicked", "Viewed, Taken, Not Taken"
    ):
        scene.act({"actionId": "a"}, {"actionId": "b", "eventType": "Clicked"})
    assert events(scene) == []  # all of a request or nothing


def test_events_of_a_request_may_be_of_several_users_and_sessions(scene: RecordScene) -> None:
    scene.act(
        {"actionId": "a", "sessionId": "s1", "userId": "bob"},
        {"actionId": "b", "sessionId": "s2"},
    )
    scene.act({"actionId": "c"}, user=None, session="s2")

    assert (events(scene, "bob"), events(scene, "ann")) == ([("a", "Viewed")], [("b", "Viewed"), ("c", "Viewed")])


def test_an_event_that_comes_again_counts_once(scene: RecordScene) -> None:
    scene.act({"actionId": "a", "eventId": "e1"}, {"actionId": "b", "eventId": "e1"})
    scene.act({"actionId": "a", "eventId": "e2"}, {"actionId": "a", "eventType": "viewed"})

    assert events(scene) == [("a", "Viewed")]


def test_properties_are_those_of_the_schema(scene: RecordScene) -> None:
    scene.act({"actionId": "a", "properties": properties(device="tv", colour="red")})

    assert scene.records("Action_Interactions") == [
        {"USER_ID": "ann", "ACTION_ID": "a", "EVENT_TYPE": "Viewed", "TIMESTAMP": NOON, "DEVICE": "tv"}
    ]
    with refused("InvalidInputException", "actionInteractions.1.member.properties must not have userId"):
        scene.act({"actionId": "a", "properties": properties(userId="x")})


def test_a_time_that_is_none_is_refused(scene: RecordScene) -> None:
    event = {"actionId": "a", "sessionId": "s", "eventType": "Viewed", "timestamp": 1e300}
    body = json.dumps({"trackingId": scene.tracking_id, "actionInteractions": [event]}).encode()

    answer = scene.personalize.handle(WireRequest("POST", "/action-interactions", {}, body, ACCOUNT, REGION))

    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, "InvalidInputException")
    assert b"actionInteractions.1.member.timestamp is no time" in answer.body


def test_an_id_that_no_dataset_has_is_not_found(scene: RecordScene) -> None:
    event = {"actionId": "a", "sessionId": "s", "eventType": "Viewed", "timestamp": NOON}
    with refused("ResourceNotFoundException", "no-such-id", "see DescribeDataset", status=404):
        scene.events.put_action_interactions(trackingId="no-such-id", actionInteractions=[event])
    with refused("InvalidInputException", "actionInteractions"):
        scene.events.put_action_interactions(trackingId=scene.tracking_id, actionInteractions=[])
    with refused("InvalidInputException", "actionInteractions"):
        scene.events.put_action_interactions(trackingId=scene.tracking_id, actionInteractions=[event] * 11)


def test_a_dataset_that_is_being_deleted_takes_no_events(scene: RecordScene) -> None:
    tracking_id = scene.tracking_id
    scene.control.delete_dataset(datasetArn=EVENTS)

    event = {"actionId": "a", "sessionId": "s", "eventType": "Viewed", "timestamp": NOON}
    with refused("ResourceInUseException", EVENTS, "DELETE", status=409):
        scene.events.put_action_interactions(trackingId=tracking_id, actionInteractions=[event])


def test_events_and_the_tracker_outlive_the_process(scene: RecordScene, tmp_path: Path) -> None:
    scene.act({"actionId": "a"})
    tracking_id = scene.tracking_id
    scene.personalize.close()

    again = RecordScene(tmp_path)

    assert (events(again), again.tracking_id) == ([("a", "Viewed")], tracking_id)
    again.act({"actionId": "a"})
    assert events(again) == [("a", "Viewed")]
    again.personalize.close()


def test_imported_and_streamed_events_are_one_where_they_are_the_same(scene: RecordScene) -> None:
    scene.load("Action_Interactions", HEADER, f"ann,a,taken,{NOON},", "bob,b,viewed,7,")
    scene.act({"actionId": "a", "eventType": "TAKEN"}, {"actionId": "c"})

    rows = scene.records("Action_Interactions") or []
    assert [(row["USER_ID"], row["ACTION_ID"], row["EVENT_TYPE"]) for row in rows] == [
        ("ann", "a", "Taken"),
        ("bob", "b", "Viewed"),
        ("ann", "c", "Viewed"),
    ]
    assert scene.here.records.forget_users(EVENTS, ["ann"]) == 3
    assert [row["USER_ID"] for row in scene.records("Action_Interactions") or ()] == ["bob"]


# --- filters of actions ---


def allowed(scene: RecordScene, expression: str, user: str | None = "ann", **values: str) -> list[str]:
    """Which of the actions a to f a filter lets through."""
    number = len(scene.control.list_filters(maxResults=100)["Filters"])
    arn = scene.filter(expression, f"f{number}")
    given: GetActionRecommendationsRequestTypeDef = {"filterArn": arn, "filterValues": values}
    if user is not None:
        given["userId"] = user
    catalogue = np.array(list("abcdef"))
    allows = allowed_actions(scene.here, given, GROUP, BY_ARN[f"{RECIPE}/aws-next-best-action"])
    assert allows is not None
    return [str(id_) for id_ in catalogue[allows(catalogue)]]


def test_actions_are_filtered_by_what_is_known_of_them(scene: RecordScene) -> None:
    scene.load("Actions", "ACTION_ID,VALUE,LEVEL", "a,1,gold|old", "b,5,gold", "c,7,")
    scene.put_action("b", value=2)
    scene.put_action("d", value=9, level="gold")

    assert allowed(scene, "INCLUDE ActionID WHERE Actions.VALUE < $LIMIT", LIMIT="5") == ["a", "b"]
    assert allowed(scene, "INCLUDE ActionID WHERE Actions.LEVEL IN ('gold')") == ["a", "d"]
    assert allowed(scene, "EXCLUDE ActionID WHERE Actions.LEVEL NOT IN ('gold')") == ["a", "d"]
    premium = "EXCLUDE ActionID WHERE Actions.VALUE < 5 IF CurrentUser.AGE > 18"
    assert allowed(scene, premium) == list("abcdef")
    scene.put_user("ann", age=20)
    assert allowed(scene, premium) == list("cdef")


def test_actions_are_filtered_by_what_the_user_did_with_them(scene: RecordScene) -> None:
    scene.load("Action_Interactions", HEADER, "ann,a,Not taken,1,", "ann,b,Taken,2,", "bob,c,Taken,3,")
    scene.act({"actionId": "d", "eventType": "not taken"}, {"actionId": "e"})

    assert allowed(scene, "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('NOT_TAKEN')") == ["a", "d"]
    assert allowed(
        scene, "EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($T)", T='"taken","Viewed"'
    ) == list("acdf")
    assert allowed(scene, "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('*')") == ["a", "b", "d", "e"]
    assert allowed(scene, "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('*')", user="bob") == ["c"]
    with pytest.raises(InvalidInput, match=r"userId is required by .* Action_Interactions"):
        allowed(scene, "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('*')", user=None)


def test_the_latest_three_hundred_events_of_a_type_count(scene: RecordScene) -> None:
    rows = (f"ann,{'b' if number < 250 else 'c'},Taken,{1000 + number}," for number in range(299))
    scene.load("Action_Interactions", HEADER, "ann,a,Taken,1,", "ann,d,Viewed,1,", *rows)
    touched = "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('*')"
    assert allowed(scene, touched) == list("abcd")

    scene.act({"actionId": "e", "eventType": "Taken"})

    assert allowed(scene, touched) == list("bcde")


def test_a_filter_of_items_is_none_of_actions(scene: RecordScene) -> None:
    with pytest.raises(InvalidInput, match=r"is about ItemID.* filtered by ActionID"):
        allowed(scene, "INCLUDE ItemID WHERE Items.PRICE > 1")
