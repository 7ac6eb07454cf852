"""PutItems, PutUsers and PutActions: what a record may say, and which one holds when several came."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.append_log import LogUnreadable
from tastemaker.personalize.batch.copies import copy_account
from tastemaker.personalize.in_process import client
from tastemaker.personalize.kinds import SOLUTION_VERSION
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.puts import PutRecord, Puts
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.record_scene import CAMPAIGN, GROUP, NOON, Catalogue, RecordScene, dataset_arn, properties
from tests.unit.personalize.scene import ARN, USERS, Scene, refused


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RecordScene]:
    scene = RecordScene(tmp_path)
    yield scene
    scene.personalize.close()


def restarted(scene: RecordScene, directory: Path) -> RecordScene:
    scene.personalize.close()
    return RecordScene(directory)


def log_of(directory: Path) -> Path:
    (path,) = (directory / "puts").glob("*.log")
    return path


# --- what a record may say ---


def test_a_record_has_the_values_of_the_schema_in_its_types(scene: RecordScene) -> None:
    scene.put_item("hat", price="7.5", genre="wool|felt", yearMade=1999, text="warm", inStock=True, colour="red")
    scene.put_user("ann", age="20")
    scene.put_action("join", value=3, level="gold")

    expected = {
        "ITEM_ID": "hat",
        "PRICE": 7.5,
        "GENRE": "wool|felt",
        "YEAR_MADE": 1999,
        "TEXT": "warm",
        "IN_STOCK": True,
    }
    assert scene.records("Items") == [expected]
    assert scene.records("Users") == [{"USER_ID": "ann", "AGE": 20}]
    assert scene.records("Actions") == [{"ACTION_ID": "join", "VALUE": 3, "LEVEL": "gold"}]


@pytest.mark.parametrize("given", [{}, {"price": None}, {"price": ""}, {"PRICE": 3}])
def test_a_field_that_does_not_allow_null_has_to_be_there(scene: RecordScene, given: dict[str, object]) -> None:
    with refused("InvalidInputException", "items.1.member lacks price in its properties", "PRICE"):
        scene.put_item("hat", **given)


def test_properties_may_be_left_out_where_all_may_be_null(scene: RecordScene) -> None:
    scene.events.put_actions(datasetArn=dataset_arn("Actions"), actions=[{"actionId": "join"}])

    assert scene.records("Actions") == [{"ACTION_ID": "join"}]
    with refused("InvalidInputException", "users.1.member lacks age"):
        scene.events.put_users(datasetArn=dataset_arn("Users"), users=[{"userId": "ann"}])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("price", "much"),
        ("price", 1e39),
        ("yearMade", 7.5),
        ("yearMade", 2**31),
        ("genre", ["wool"]),
        ("genre", {"a": 1}),
        ("inStock", "maybe"),
        ("genre", "x" * 1001),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(scene: RecordScene, key: str, value: object) -> None:
    with refused("InvalidInputException", f"items.1.member.properties.{key}"):
        scene.put_item("hat", **{"price": 1, key: value})
    assert scene.records("Items") is None


def test_long_text_is_cut_off_as_in_an_import(scene: RecordScene) -> None:
    scene.put_item("hat", price=1, text="x" * 20_001, genre="y" * 1000)

    (row,) = scene.records("Items") or [{}]
    assert (len(row["TEXT"]), len(row["GENRE"])) == (20_000, 1000)


@pytest.mark.parametrize("given", ["{", "[]", '"x"', '{"price": NaN}'])
def test_properties_that_are_no_object_are_refused(scene: RecordScene, given: str) -> None:
    with refused("InvalidInputException", "Error parsing properties json: items.1.member.properties"):
        scene.events.put_items(datasetArn=dataset_arn("Items"), items=[{"itemId": "hat", "properties": given}])


def test_a_request_has_one_to_ten_records_of_limited_size_and_all_of_them_will_do_or_none(scene: RecordScene) -> None:
    def put(*items: dict[str, Any]) -> None:
        scene.events.put_items(datasetArn=dataset_arn("Items"), items=list(items))

    good = {"itemId": "hat", "properties": properties(price=1)}
    for items, words in (
        ([], "items"),
        ([good] * 11, "items"),
        ([good | {"itemId": "x" * 257}], "itemId"),
        ([good | {"itemId": ""}], "itemId"),
        ([good | {"properties": " " * 32_001}], "properties"),
        ([good, {"itemId": "coat"}], "items.2.member lacks price"),
        ([good, {"itemId": "\ud800", "properties": properties(price=1)}], "no valid Unicode"),
    ):
        with refused("InvalidInputException", words):
            put(*items)
    assert scene.records("Items") is None

    put(*[good | {"itemId": f"i{number}"} for number in range(10)])
    assert len(scene.prices()) == 10


# --- where it may go ---


def test_records_go_into_a_dataset_of_their_type_that_exists(scene: RecordScene) -> None:
    nowhere = dataset_arn("Items").replace("shop", "library")
    with refused("ResourceNotFoundException", nowhere, status=404):
        scene.events.put_items(datasetArn=nowhere, items=[{"itemId": "hat"}])
    with refused("ResourceNotFoundException", GROUP, status=404):
        scene.events.put_items(datasetArn=GROUP, items=[{"itemId": "hat"}])
    for put, member, record in (
        (scene.events.put_items, "items", {"itemId": "x"}),
        (scene.events.put_users, "users", {"userId": "x"}),
        (scene.events.put_actions, "actions", {"actionId": "x"}),
    ):
        with refused("InvalidInputException", "is a INTERACTIONS dataset"):
            put(datasetArn=dataset_arn("Interactions"), **{member: [record]})


def test_a_dataset_takes_no_records_unless_it_is_active_and_nothing_is_being_imported() -> None:
    scene = Scene()
    events: Any = client(scene.personalize, "personalize-events")
    scene.group()
    schema = scene.schema("users", text=USERS)
    arn = scene.control.create_dataset(name="u", datasetGroupArn=GROUP, schemaArn=schema, datasetType="Users")[
        "datasetArn"
    ]

    def put() -> None:
        events.put_users(datasetArn=arn, users=[{"userId": "ann", "properties": properties(age=1)}])

    with refused("ResourceInUseException", "CREATE PENDING", status=409):
        put()
    scene.until_active(lambda: scene.control.describe_dataset(datasetArn=arn)["dataset"])
    put()
    scene.start_import(arn)
    with refused("ResourceInUseException", f"{ARN}:dataset-import-job/load", status=409):
        put()
    scene.jobs.succeed()
    scene.clock.advance(60)
    put()
    scene.control.delete_dataset(datasetArn=arn)
    with refused("ResourceInUseException", "DELETE", status=409):
        put()
    scene.clock.advance(60)
    with refused("ResourceNotFoundException", arn, status=404):
        put()
    scene.personalize.close()


# --- which one holds ---


def test_what_came_last_is_what_is_known_of_an_item(scene: RecordScene) -> None:
    scene.load_items("hat,1,wool,,,", "coat,2,wool,,,")
    scene.put_item("hat", price=3)
    scene.put_item("shoe", price=4, genre="felt")
    scene.put_item("shoe", price=5)

    assert scene.prices() == [("coat", 2), ("hat", 3), ("shoe", 5)]
    # all of the record is replaced: nothing is left of the genres
    assert scene.records("Items") == [
        {"ITEM_ID": "coat", "PRICE": 2, "GENRE": "wool"},
        {"ITEM_ID": "hat", "PRICE": 3},
        {"ITEM_ID": "shoe", "PRICE": 5},
    ]


def test_an_import_that_follows_a_put_holds_for_the_items_that_it_brings(scene: RecordScene) -> None:
    scene.put_item("hat", price=1)
    scene.put_item("coat", price=2)
    scene.load_items("hat,3,,,,", "scarf,4,,,,")
    assert scene.prices() == [("hat", 3), ("scarf", 4), ("coat", 2)]

    scene.put_item("scarf", price=5)
    scene.load_items("coat,6,,,,", mode="INCREMENTAL")
    assert scene.prices() == [("hat", 3), ("coat", 6), ("scarf", 5)]

    scene.put_item("hat", price=7)
    assert scene.prices() == [("coat", 6), ("scarf", 5), ("hat", 7)]


def test_an_import_of_the_whole_dataset_leaves_what_was_streamed(scene: RecordScene) -> None:
    scene.load_items("hat,1,,,,")
    scene.put_item("coat", price=2)
    scene.load_items("shoe,3,,,,")

    assert scene.prices() == [("shoe", 3), ("coat", 2)]


def test_bulk_and_streamed_records_are_kept_apart(scene: RecordScene) -> None:
    scene.put_item("hat", price=1)
    scene.put_item("hat", price=2)
    scene.load_items("hat,3,,,,", "coat,4,,,,")

    assert scene.prices("PUT") == [("hat", 1), ("hat", 2)]
    assert scene.prices("BULK") == [("hat", 3), ("coat", 4)]
    assert scene.prices("ALL") == [("hat", 3), ("coat", 4)]
    assert scene.records("Users", "PUT") is scene.records("Users", "BULK") is scene.records("Users", "ALL") is None


def test_a_dataset_made_again_has_nothing_of_the_earlier_one(scene: RecordScene) -> None:
    scene.load_items("hat,1,,,,")
    scene.put_item("coat", price=2)
    scene.control.delete_dataset(datasetArn=dataset_arn("Items"))
    scene.clock.advance(60)

    scene.make("Items")

    assert scene.records("Items") is None


def test_events_are_records_of_their_dataset(scene: RecordScene) -> None:
    tracker = scene.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["trackingId"]
    scene.clock.advance(60)
    scene.load_interactions()
    again = {"itemId": "hat", "eventType": "Buy", "sentAt": 0}  # as the first that was imported
    new = {"itemId": "coat", "eventType": "View", "sentAt": NOON}
    scene.events.put_events(trackingId=tracker, sessionId="s", userId="user-0", eventList=[again, new])
    scene.events.put_events(trackingId=tracker, sessionId="nobody's", eventList=[new])

    streamed = [
        {"USER_ID": "user-0", "ITEM_ID": "hat", "TIMESTAMP": 0, "EVENT_TYPE": "Buy"},
        {"USER_ID": "user-0", "ITEM_ID": "coat", "TIMESTAMP": NOON, "EVENT_TYPE": "View"},
    ]
    assert scene.records("Interactions", "PUT") == streamed
    assert len(scene.records("Interactions", "BULK") or ()) == 1000
    assert (scene.records("Interactions", "ALL") or ())[1000:] == streamed[1:]


# --- what outlives the process ---


def test_records_outlive_the_process_and_so_does_what_came_last(scene: RecordScene, tmp_path: Path) -> None:
    scene.put_item("hat", price=1)
    scene.load_items("hat,2,,,,", "coat,3,,,,")
    scene.put_item("coat", price=4, text='"\n🙂')
    before = [scene.records("Items", mode) for mode in ("BULK", "PUT", "ALL")]

    again = restarted(scene, tmp_path)

    assert [again.records("Items", mode) for mode in ("BULK", "PUT", "ALL")] == before
    again.put_item("hat", price=5)
    assert again.prices() == [("coat", 4), ("hat", 5)]
    again.load_items("hat,6,,,,")
    assert again.prices() == [("hat", 6), ("coat", 4)]
    again.personalize.close()


@pytest.mark.parametrize("torn", [b'["sho', b'["shoe",{"PRICE":"1.0"}]', b"\xff\x00"])
def test_an_unfinished_last_line_is_cut_off_and_the_log_goes_on(
    scene: RecordScene, tmp_path: Path, torn: bytes
) -> None:
    scene.put_item("hat", price=1)
    scene.personalize.close()
    with log_of(tmp_path).open("ab") as file:
        file.write(torn)

    again = RecordScene(tmp_path)
    again.put_item("coat", price=2)

    assert again.prices() == [("hat", 1), ("coat", 2)]
    once_more = restarted(again, tmp_path)
    assert once_more.prices() == [("hat", 1), ("coat", 2)]
    once_more.personalize.close()


def test_a_file_that_is_no_log_is_named(scene: RecordScene, tmp_path: Path) -> None:
    scene.put_item("hat", price=1)
    scene.personalize.close()
    log_of(tmp_path).write_bytes(b"something else\n")

    with pytest.raises(LogUnreadable, match=r"\.log is no log of streamed data.*move it"):
        Puts(tmp_path / "puts")


def test_a_put_that_cannot_be_written_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    personalize = Personalize(objects=MemoryObjects({}), data_dir=tmp_path, fsync_events=True)
    puts = personalize._puts  # a client would see an InternalFailure only

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", refuse)  # a broken disk cannot be had for less
    with pytest.raises(OSError, match="the disk is broken"):
        puts.put(dataset_arn("Items"), [PutRecord("hat", {"PRICE": "1.0"})])
    assert puts.latest(dataset_arn("Items")) == []
    monkeypatch.undo()
    personalize.close()


# --- who sees it ---


def test_filters_see_a_record_at_the_next_request(tmp_path: Path) -> None:
    scene = RecordScene(tmp_path, catalogue=Catalogue("coat", "hat", "scarf", "shoe"))
    scene.open_campaign()
    cheap = scene.filter("INCLUDE ItemID WHERE Items.PRICE < 3", "cheap")
    wool = scene.filter('EXCLUDE ItemID WHERE Items.GENRE IN ("wool") IF CurrentUser.AGE >= 18', "wool")
    assert scene.ask(cheap) == []  # nothing is known of any item
    assert scene.ask(wool) == ["coat", "hat", "scarf", "shoe"]

    scene.put_item("hat", price=1, genre="wool|felt")
    scene.put_item("coat", price=9)
    assert scene.ask(cheap) == ["hat"]

    scene.load_items("coat,2,wool,,,", "scarf,2.5,,,,")
    assert scene.ask(cheap) == ["coat", "hat", "scarf"]

    scene.put_item("scarf", price=4, genre="wool")
    scene.put_item("shoe", price=2)
    assert scene.ask(cheap) == ["coat", "hat", "shoe"]

    scene.put_user("ann", age=20)
    assert (scene.ask(wool), scene.ask(wool, "bob")) == (["shoe"], ["coat", "hat", "scarf", "shoe"])
    scene.load("Users", "USER_ID,AGE,TIER", "bob,30,")
    scene.put_user("ann", age=10)
    assert (scene.ask(wool), scene.ask(wool, "bob")) == (["coat", "hat", "scarf", "shoe"], ["shoe"])
    scene.personalize.close()


def test_filters_see_the_last_of_many_records(tmp_path: Path) -> None:
    ids = [f"i{number:04}" for number in range(400)]
    scene = RecordScene(tmp_path, catalogue=Catalogue(*ids))
    scene.open_campaign()
    cheap = scene.filter("INCLUDE ItemID WHERE Items.PRICE < 1", "cheap")
    for number, id_ in enumerate(ids):
        scene.put_item(id_, price=number % 2)
        if number % 7 == 0:
            assert scene.ask(cheap)[-25:] == ids[: number + 1 : 2][:25]
    scene.put_item("i0000", price=1)
    scene.put_item("i0001", price=0)

    assert scene.ask(cheap)[:3] == ["i0001", "i0002", "i0004"]
    scene.personalize.close()


def test_an_item_is_held_against_one_that_was_put(tmp_path: Path) -> None:
    scene = RecordScene(tmp_path)
    scene.load_items("coat,2,wool,,,", "scarf,3,felt,,,", "shoe,1,,,,")
    scene.open_campaign(recipe="aws-similar-items")
    arn = scene.filter("INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE")
    scene.put_item("hat", price=1, genre="felt")

    assert scene.ask(arn, itemId="hat") == ["hat", "scarf"]
    assert scene.ask(arn, itemId="coat") == ["coat"]
    assert scene.ask(arn, itemId="shoe") == []
    scene.personalize.close()


def test_answers_carry_the_metadata_that_was_put(tmp_path: Path) -> None:
    scene = RecordScene(tmp_path)
    scene.load_items("coat,2,wool,1999,,true", "hat,1,wool,,,")
    scene.open_campaign(recipe="aws-user-personalization-v2")

    def metadata() -> list[dict[str, str]]:
        answer = scene.runtime.get_recommendations(
            campaignArn=CAMPAIGN, userId="ann", metadataColumns={"ITEMS": ["PRICE", "GENRE", "YEAR_MADE"]}
        )
        return [item.get("metadata", {}) for item in answer["itemList"]]

    assert metadata()[:3] == [
        {"price": "2.0", "genre": "wool", "yearMade": "1999"},
        {"price": "1.0", "genre": "wool"},
        {},
    ]
    scene.put_item("hat", price=9.99)
    scene.put_item("scarf", price=3, yearMade=2001)

    assert metadata() == [
        {"price": "2.0", "genre": "wool", "yearMade": "1999"},
        {"price": "9.99"},
        {"price": "3.0", "yearMade": "2001"},
        {},
    ]
    scene.personalize.close()


def test_a_copy_of_an_account_has_its_streamed_records(scene: RecordScene, tmp_path: Path) -> None:
    scene.open_campaign()
    scene.load_items("hat,1,,,,")
    scene.put_item("hat", price=2)
    version = next(iter(scene.here.resources.newest(SOLUTION_VERSION)))
    copy_account(scene.here, version, tmp_path / "copy")
    scene.put_item("hat", price=3)

    other = RecordScene(tmp_path / "copy")

    assert (other.prices(), scene.prices()) == ([("hat", 2)], [("hat", 3)])
    other.personalize.close()


# --- what is forgotten ---


def test_users_are_forgotten_wherever_they_are(scene: RecordScene, tmp_path: Path) -> None:
    scene.load("Users", "USER_ID,AGE,TIER", "ann,1,", "bob,2,")
    scene.put_user("ann", age=3)
    scene.put_user("cat", age=4)
    scene.put_user("ann", age=5)
    records = scene.here.records

    assert records.forget_users(dataset_arn("Users"), ["ann", "nobody"]) == 3
    assert records.forget_users(dataset_arn("Users"), ["ann", "nobody"]) == 0
    assert records.forget_users(dataset_arn("Items"), ["hat"]) == 0

    expected = [{"USER_ID": "bob", "AGE": 2}, {"USER_ID": "cat", "AGE": 4}]
    assert scene.records("Users") == expected
    on_disk = [*tmp_path.rglob("*.log"), *tmp_path.rglob("*.arrow")]
    assert len(on_disk) == 2
    assert not any(b"ann" in path.read_bytes() for path in on_disk)
    again = restarted(scene, tmp_path)
    assert again.records("Users") == expected
    again.put_user("ann", age=6)
    again.load("Users", "USER_ID,AGE,TIER", "cat,7,")
    assert again.records("Users") == [{"USER_ID": "cat", "AGE": 7}, {"USER_ID": "ann", "AGE": 6}]
    again.personalize.close()


def test_filters_forget_users_too(tmp_path: Path) -> None:
    scene = RecordScene(tmp_path)
    scene.open_campaign()
    arn = scene.filter('EXCLUDE ItemID WHERE Items.GENRE IN ("wool") IF CurrentUser.AGE >= 18')
    scene.put_item("hat", price=1, genre="wool")
    scene.put_user("ann", age=20)
    assert scene.ask(arn) == ["coat", "scarf", "shoe"]

    scene.here.records.forget_users(dataset_arn("Users"), ["ann"])

    assert scene.ask(arn) == ["coat", "hat", "scarf", "shoe"]
    scene.personalize.close()


def test_the_events_of_users_and_of_their_sessions_are_forgotten(scene: RecordScene) -> None:
    tracker = scene.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["trackingId"]
    scene.clock.advance(60)
    scene.load_interactions()
    number = iter(range(100))

    def put(session: str, **user: str) -> None:
        event = {"itemId": "coat", "eventType": "View", "sentAt": NOON + next(number)}
        scene.events.put_events(trackingId=tracker, sessionId=session, eventList=[event], **user)

    for session, user in (("s1", {}), ("s2", {}), ("s1", {"userId": "user-0"}), ("s1", {}), ("s2", {"userId": "bob"})):
        put(session, **user)
    put("user-0")  # a session that is asked for like the user

    assert scene.here.records.forget_users(dataset_arn("Interactions"), ["user-0"]) == 20 + 4

    streamed = scene.records("Interactions", "PUT") or []
    assert [(row["USER_ID"], row["TIMESTAMP"] - NOON) for row in streamed] == [("bob", 1), ("bob", 4)]
    assert {row["USER_ID"] for row in scene.records("Interactions") or ()} == {
        *(f"user-{user}" for user in range(1, 50)),
        "bob",
    }
    events_of = scene.here.streams.events_of
    assert [len(events_of(dataset_arn("Interactions"), user)) for user in ("user-0", "s1", "bob")] == [0, 0, 2]
