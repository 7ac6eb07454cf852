"""A Personalize with an event tracker and a campaign, whose questions show which events count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.config import Config

from tastemaker.personalize.in_process import client
from tastemaker.personalize.streams import StreamedEvent
from tests.unit.personalize.scene import ARN, Scene

GROUP = f"{ARN}:dataset-group/shop"
DATASET = f"{ARN}:dataset/shop/INTERACTIONS"
CAMPAIGN = f"{ARN}:campaign/live"
NOON = 1_700_000_000
DEVICE = {"name": "DEVICE", "type": ["null", "string"]}


def interactions_schema(*more: Mapping[str, object]) -> str:
    """An Interactions schema with event types and further fields."""
    fields = [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        *more,
    ]
    return json.dumps({"type": "record", "name": "Interactions", "version": "1.0", "fields": fields})


class EventScene(Scene):
    """A group `shop` with an Interactions dataset, an ACTIVE tracker and an ACTIVE campaign of what `solution` says."""

    def __init__(
        self, *fields: Mapping[str, object], data_dir: Path | None = None, solution: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data_dir)
        # the server's own checks are what is tested, not those that botocore makes before it
        unchecked = Config(parameter_validation=False)
        self.events: Any = client(self.personalize, "personalize-events", config=unchecked)
        if not self.control.list_dataset_groups()["datasetGroups"]:
            self.group()
            self.make_dataset(self.schema(text=interactions_schema(*fields)))
            self.make_tracker()
            self.campaign(self.version(self.solution(**(solution or {}))))
        listed = self.control.list_event_trackers(datasetGroupArn=GROUP)["eventTrackers"]
        self.tracker_arn = listed[0]["eventTrackerArn"]
        self.tracking_id = self.describe_tracker()["trackingId"]

    def describe_tracker(self) -> Any:
        return self.control.describe_event_tracker(eventTrackerArn=self.tracker_arn)["eventTracker"]

    def make_dataset(self, schema_arn: str) -> None:
        self.control.create_dataset(
            name="events", datasetGroupArn=GROUP, schemaArn=schema_arn, datasetType="Interactions"
        )
        self.until_active(lambda: self.control.describe_dataset(datasetArn=DATASET)["dataset"])

    def make_tracker(self) -> None:
        arn = self.control.create_event_tracker(name="web", datasetGroupArn=GROUP)["eventTrackerArn"]
        self.until_active(lambda: self.control.describe_event_tracker(eventTrackerArn=arn)["eventTracker"])

    def deploy_anew(self) -> None:
        """Train a new version and update the campaign to it."""
        version = self.version(f"{ARN}:solution/you")
        self.control.update_campaign(campaignArn=CAMPAIGN, solutionVersionArn=version)
        self.until_active(lambda: self.describe_campaign(CAMPAIGN)["latestCampaignUpdate"])

    def put(self, *events: Mapping[str, object], user: str | None = "ann", session: str = "s") -> None:
        """PutEvents. An event is a view at noon unless it says otherwise."""
        who = {} if user is None else {"userId": user}
        full = [{"eventType": "view", "sentAt": NOON, **event} for event in events]
        self.events.put_events(trackingId=self.tracking_id, sessionId=session, eventList=full, **who)

    def counting(self, user: str = "ann") -> Sequence[StreamedEvent]:
        """The streamed events from which the campaign answers a user."""
        self.runtime.get_recommendations(campaignArn=CAMPAIGN, userId=user)
        return self.recommender.questions[-1].streamed

    def items(self, user: str = "ann") -> list[str | None]:
        return [event.item_id for event in self.counting(user)]
