"""A shop with data, campaigns that have learned from them, and what they answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from botocore.config import Config

from tastemaker.personalize.clock import ManualClock
from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.instant_trainings import InstantTrainings
from tests.unit.personalize.scene import ARN, RECIPE
from tests.unit.personalize.test_filters import N_ITEMS, USERS, World, interactions, items

GROUP = f"{ARN}:dataset-group/shop"
NEW = [f"new-{number}" for number in range(3)]
"""Items that nobody has had yet, comedies that cost 100."""


def catalogue() -> bytes:
    """The items of the filters' tests at 1.11 apiece, and the new ones."""
    ones = ",".join(["1"] * 22)
    rows = [f'{name},100,comedy,"a ""new"" one",{ones}'.replace('""', '\\"') for name in NEW]
    return b"\n".join([items(price=1.11), *(row.encode() for row in rows)])


class ServingWorld(World):
    """All datasets are filled; `serve` makes campaigns."""

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock()
        self.objects = MemoryObjects({"bucket": {}})
        jobs = InstantTrainings(objects=self.objects, directory=directory)
        self.personalize = Personalize(objects=self.objects, clock=self.clock, data_dir=directory, jobs=jobs)
        # the server's own checks are what is tested, not those that botocore makes before it
        unchecked = Config(parameter_validation=False)
        self.control = client(self.personalize, "personalize")
        self.runtime = client(self.personalize, "personalize-runtime", config=unchecked)
        self.events: Any = client(self.personalize, "personalize-events", config=unchecked)
        self.fill(interactions(), catalogue(), USERS)

    def serve(self, recipe: str, **config: Any) -> str:
        """An ACTIVE campaign of `recipe`."""
        name = recipe.removeprefix("aws-")
        solution = self.control.create_solution(
            name=name, datasetGroupArn=GROUP, recipeArn=f"{RECIPE}/{recipe}", performAutoTraining=False
        )["solutionArn"]
        self.clock.advance(60)
        version = self.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        self.clock.advance(60)
        given: Any = config
        arn = self.control.create_campaign(name=name, solutionVersionArn=version, campaignConfig=given)["campaignArn"]
        self.clock.advance(60)
        return arn

    def answer(self, campaign: str, **given: Any) -> list[Any]:
        """The items of GetRecommendations."""
        return self.runtime.get_recommendations(campaignArn=campaign, **given)["itemList"]

    def ranking(self, campaign: str, items: list[str], user: str = "ann", **given: Any) -> list[Any]:
        return self.runtime.get_personalized_ranking(campaignArn=campaign, userId=user, inputList=items, **given)[
            "personalizedRanking"
        ]

    def stream(self, *item_ids: str, user: str = "ann", kind: str = "View") -> None:
        """Events of now."""
        trackers = self.control.list_event_trackers(datasetGroupArn=GROUP)["eventTrackers"]
        if trackers:
            arn = trackers[0]["eventTrackerArn"]
        else:
            arn = self.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["eventTrackerArn"]
            self.clock.advance(60)
        tracking_id = self.control.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]["trackingId"]
        for item_id in item_ids:
            self.clock.advance(1)
            event = {"eventType": kind, "itemId": item_id, "sentAt": self.clock.now()}
            self.events.put_events(trackingId=tracking_id, sessionId="s", userId=user, eventList=[event])


def ids(items: list[Any]) -> list[str]:
    return [item["itemId"] for item in items]


def numbered(*numbers: int) -> list[str]:
    """The items of these numbers."""
    assert all(number < N_ITEMS for number in numbers)
    return [f"item-{number:02}" for number in numbers]
