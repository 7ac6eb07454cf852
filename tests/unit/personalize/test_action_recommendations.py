"""GetActionRecommendations: which actions, to whom, how often, and until when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.due import DAY
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.instant_trainings import InstantTrainings
from tests.unit.personalize.record_scene import CAMPAIGN, GROUP, NOON, RecordScene
from tests.unit.personalize.scene import ARN, refused

ACTIONS = [
    {"name": "ACTION_ID", "type": "string"},
    {"name": "VALUE", "type": ["null", "long"]},
    {"name": "LEVEL", "type": ["null", "string"], "categorical": True},
    {"name": "REPEAT_FREQUENCY", "type": ["null", "long"]},
    {"name": "EXPIRATION_TIMESTAMP", "type": ["null", "long"]},
]


class ActionWorld(RecordScene):
    """Users of two colours, who take the action of their colour; a gift and a survey that nobody has met."""

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock(NOON + 3 * DAY)
        self.objects = MemoryObjects({"bucket": {}})
        jobs = InstantTrainings(objects=self.objects, directory=directory)
        self.personalize = Personalize(
            objects=self.objects,
            clock=self.clock,
            data_dir=directory,
            jobs=jobs,
            trainable_recipes=["aws-next-best-action", "aws-popularity-count"],
        )
        self.control = client(self.personalize, "personalize")
        unchecked = Config(parameter_validation=False)
        self.runtime = client(self.personalize, "personalize-runtime", config=unchecked)
        self.events: Any = client(self.personalize, "personalize-events", config=unchecked)
        self.control.create_dataset_group(name="shop")
        self.clock.advance(60)
        for dataset_type in ("INTERACTIONS", "USERS", "ACTION_INTERACTIONS"):
            self.make(dataset_type)
        schema = {"type": "record", "name": "Actions", "version": "1.0", "fields": ACTIONS}
        arn = self.control.create_schema(name="actions", schema=json.dumps(schema))["schemaArn"]
        self.control.create_dataset(name="actions", datasetGroupArn=GROUP, schemaArn=arn, datasetType="Actions")
        self.clock.advance(60)
        self.load("Users", "USER_ID,AGE,TIER", "ann,30,gold")
        self.load("Actions", "ACTION_ID,VALUE,LEVEL,REPEAT_FREQUENCY,EXPIRATION_TIMESTAMP", *self.actions())
        met = [
            f"user-{number},{colour}-offer,{'Taken' if colour == colour_of(number) else 'Not taken'},{NOON - number},"
            for number in range(120)
            for colour in ("red", "blue")
        ]
        self.load("Action_Interactions", "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP,DEVICE", *met)
        self.open_campaign("aws-next-best-action")

    def actions(self) -> list[str]:
        return [
            "red-offer,5,high,30,",
            "blue-offer,9,low,,",
            "gift,7,high,,",
            f"survey,8,low,,{self.clock.now() + DAY:.0f}",
        ]

    def load_interactions(self) -> None:
        rows = (
            f"user-{number},{colour_of(number)}-{item},{NOON - 500 + item},Buy"
            for number in range(120)
            for item in range(10)
        )
        fans = (
            f"{colour}-fan,{colour}-{item},{NOON - 500 + item},Buy" for colour in ("red", "blue") for item in range(10)
        )
        self.load("Interactions", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows, *fans)

    def answer(self, user: str | None = "new", **given: Any) -> list[Any]:
        who = {} if user is None else {"userId": user}
        request = {"campaignArn": CAMPAIGN} | who | given
        return self.runtime.get_action_recommendations(**request)["actionList"]

    def ids(self, user: str = "new", **given: Any) -> list[str]:
        return [action["actionId"] for action in self.answer(user, **given)]


def colour_of(number: int) -> str:
    return "red" if number % 2 else "blue"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ActionWorld]:
    world = ActionWorld(tmp_path)
    yield world
    world.personalize.close()


def test_users_get_the_actions_that_their_like_take(world: ActionWorld) -> None:
    assert world.ids("red-fan")[0] == "red-offer"
    assert world.ids("blue-fan")[0] == "blue-offer"


def test_propensities_are_each_from_nought_to_one(world: ActionWorld) -> None:
    answer = world.answer("user-2")

    scores = [action["score"] for action in answer]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    # of those that nobody has met, the one of more value comes first
    assert [(action["actionId"], action["score"]) for action in answer[-2:]] == [("survey", 0.0), ("gift", 0.0)]


def test_an_event_with_an_item_changes_the_next_answer(world: ActionWorld) -> None:
    def share(user: str) -> float:
        scores = {action["actionId"]: action["score"] for action in world.answer(user)}
        return float(scores["red-offer"] - scores["blue-offer"])

    tracker = world.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["trackingId"]
    world.clock.advance(60)
    before = share("visitor")
    for item in ("red-1", "red-2", "red-3"):
        event = {"eventType": "Buy", "itemId": item, "sentAt": world.clock.now()}
        world.events.put_events(trackingId=tracker, sessionId="s", userId="visitor", eventList=[event])

    assert share("visitor") > before
    assert share("somebody else") == before


def test_an_action_that_was_met_does_not_come_again_for_as_many_days_as_it_says(world: ActionWorld) -> None:
    now = int(world.clock.now())
    world.act({"actionId": "red-offer", "timestamp": now}, user="ann")
    world.act({"actionId": "blue-offer", "timestamp": now}, user="ann")  # it may come again at once

    assert "red-offer" not in world.ids("ann")
    assert "blue-offer" in world.ids("ann")
    assert "red-offer" in world.ids("somebody else")
    world.clock.advance(30 * DAY - 10)
    assert "red-offer" not in world.ids("ann")
    world.clock.advance(20)
    assert "red-offer" in world.ids("ann")


def test_imported_interactions_count_as_much(world: ActionWorld) -> None:
    # user-1 met both at noon, three days ago
    assert "red-offer" not in world.ids("user-1")
    assert "blue-offer" in world.ids("user-1")


def test_what_has_expired_does_not_come(world: ActionWorld) -> None:
    assert "survey" in world.ids()
    world.clock.advance(DAY)
    assert "survey" not in world.ids()
    world.put_action("survey", expirationTimestamp=int(world.clock.now()) + 100)
    assert "survey" in world.ids()


def test_filters_are_about_actions(world: ActionWorld) -> None:
    high = world.filter("INCLUDE ActionID WHERE Actions.LEVEL IN ('high')", "high")
    unmet = world.filter("EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ('Taken')", "unmet")
    items = world.filter("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('Buy')", "items")

    assert sorted(world.ids("user-2", filterArn=high)) == ["gift"]
    assert "blue-offer" not in world.ids("user-2", filterArn=unmet)
    with refused("InvalidInputException", "filter/items", "ItemID"):
        world.answer(filterArn=items)


def test_there_are_five_unless_it_is_said_and_a_hundred_at_most(world: ActionWorld) -> None:
    for number in range(3):
        world.put_action(f"more-{number}")
    assert len(world.answer()) == 4  # those that are put later come with the next training
    assert len(world.answer(numResults=2)) == 2
    assert len(world.answer(numResults=100)) == 4
    with refused("InvalidInputException", "numResults is 101, and 100 is the most"):
        world.answer(numResults=101)


def test_a_campaign_and_a_user_have_to_be_named(world: ActionWorld) -> None:
    with refused("InvalidInputException", "userId is required"):
        world.answer(None)
    with refused("InvalidInputException", "campaignArn is required"):
        world.runtime.get_action_recommendations(userId="ann")
    with refused("ResourceNotFoundException", "campaign/none", status=404):
        world.answer(campaignArn=f"{ARN}:campaign/none")


def test_each_operation_has_campaigns_of_its_own(world: ActionWorld) -> None:
    with refused("InvalidInputException", "PERSONALIZED_ACTIONS", "GetRecommendations"):
        world.runtime.get_recommendations(campaignArn=CAMPAIGN, userId="ann")
    with refused("InvalidInputException", "PERSONALIZED_ACTIONS", "GetPersonalizedRanking"):
        world.runtime.get_personalized_ranking(campaignArn=CAMPAIGN, userId="ann", inputList=["a"])
