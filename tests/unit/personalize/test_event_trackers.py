"""Event trackers: one to a dataset group, known by an id of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.personalize.event_scene import DATASET, GROUP, EventScene
from tests.unit.personalize.scene import ACCOUNT, ARN, Scene, refused


@pytest.fixture
def events() -> Iterator[EventScene]:
    scene = EventScene()
    yield scene
    scene.personalize.close()


def test_a_tracker_has_an_arn_and_a_tracking_id_of_personalizes_own(scene: Scene) -> None:
    group = scene.group()

    created = scene.control.create_event_tracker(name="web", datasetGroupArn=group)

    assert re.fullmatch(f"{ARN}:event-tracker/[0-9a-f]{{8}}", created["eventTrackerArn"])
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", created["trackingId"])
    described = scene.control.describe_event_tracker(eventTrackerArn=created["eventTrackerArn"])["eventTracker"]
    assert described["trackingId"] == created["trackingId"]
    assert described["accountId"] == ACCOUNT
    assert described["datasetGroupArn"] == group
    assert described["status"] == "CREATE PENDING"


def test_trackers_are_listed_by_group_without_their_tracking_ids(scene: Scene) -> None:
    group, other = scene.group(), scene.group("other")
    arn = scene.control.create_event_tracker(name="web", datasetGroupArn=group)["eventTrackerArn"]

    listed = scene.control.list_event_trackers(datasetGroupArn=group)["eventTrackers"]

    assert [(each["name"], each["eventTrackerArn"]) for each in listed] == [("web", arn)]
    assert "trackingId" not in listed[0]
    assert scene.control.list_event_trackers(datasetGroupArn=other)["eventTrackers"] == []
    assert len(scene.control.list_event_trackers()["eventTrackers"]) == 1


def test_a_second_tracker_of_a_group_is_refused_with_the_first(events: EventScene) -> None:
    with refused("ResourceAlreadyExistsException", events.tracker_arn):
        events.control.create_event_tracker(name="other", datasetGroupArn=GROUP)


def test_a_tracker_needs_a_group_that_is_active(scene: Scene) -> None:
    group = scene.control.create_dataset_group(name="shop")["datasetGroupArn"]

    with refused("ResourceInUseException", group):
        scene.control.create_event_tracker(name="web", datasetGroupArn=group)
    with refused("ResourceNotFoundException", "nowhere"):
        scene.control.create_event_tracker(name="web", datasetGroupArn=f"{ARN}:dataset-group/nowhere")


def test_a_tracker_is_deleted_step_by_step_and_makes_room_for_another(events: EventScene) -> None:
    events.put({"itemId": "hat"})
    events.control.delete_event_tracker(eventTrackerArn=events.tracker_arn)

    with refused("ResourceInUseException", events.tracker_arn):
        events.control.delete_event_tracker(eventTrackerArn=events.tracker_arn)
    with refused("InvalidInputException", "DELETE PENDING"):
        events.put({"itemId": "coat"})
    assert events.until_gone(events.describe_tracker) == ["DELETE PENDING", "DELETE IN_PROGRESS"]
    with refused("InvalidInputException", "no event tracker", events.tracking_id):
        events.put({"itemId": "coat"})

    events.make_tracker()
    assert events.items() == ["hat"]  # what was recorded stays


def test_a_group_with_a_tracker_is_not_deleted(scene: Scene) -> None:
    group = scene.group()
    arn = scene.control.create_event_tracker(name="web", datasetGroupArn=group)["eventTrackerArn"]

    with refused("ResourceInUseException", f"delete {arn} first"):
        scene.control.delete_dataset_group(datasetGroupArn=group)


def test_a_tracker_and_what_it_recorded_survive_a_restart(tmp_path: Path) -> None:
    before = EventScene(data_dir=tmp_path)
    before.put({"itemId": "hat"})
    before.personalize.close()

    after = EventScene(data_dir=tmp_path)
    after.put({"itemId": "coat"})

    assert after.tracking_id == before.tracking_id
    assert after.items() == ["hat", "coat"]
    after.personalize.close()


def test_a_dataset_takes_its_stream_along(events: EventScene) -> None:
    events.put({"itemId": "hat"})
    events.control.delete_dataset(datasetArn=DATASET)
    with refused("InvalidInputException", "DELETE PENDING"):
        events.put({"itemId": "coat"})
    events.until_gone(lambda: events.control.describe_dataset(datasetArn=DATASET)["dataset"])
    with refused("InvalidInputException", "no INTERACTIONS dataset"):
        events.put({"itemId": "coat"})

    events.make_dataset(f"{ARN}:schema/events")
    assert events.items() == []
    events.put({"itemId": "coat"})
    assert events.items() == ["coat"]
