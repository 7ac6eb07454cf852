"""Event trackers: the doors by which events stream into a dataset group, one to each."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tastemaker.personalize.account import AccountRegion, short_id
from tastemaker.personalize.errors import already_exists
from tastemaker.personalize.kinds import DATASET_GROUP, EVENT_TRACKER
from tastemaker.personalize.operations.registry import operation, register_describe, register_list
from tastemaker.personalize.operations.states import need_active, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateEventTrackerRequestTypeDef, DeleteEventTrackerRequestTypeDef


@operation("CreateEventTracker")
def create_event_tracker(here: AccountRegion, given: CreateEventTrackerRequestTypeDef) -> Members:
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    need_active(group)
    if other := next(here.resources.newest(EVENT_TRACKER, datasetGroupArn=group.arn), None):
        raise already_exists(other.arn)
    members = {
        "name": given["name"],
        "accountId": here.account,
        "trackingId": str(uuid.uuid4()),
        "datasetGroupArn": group.arn,
    }
    arn = here.arn(EVENT_TRACKER, short_id())
    here.resources.add(EVENT_TRACKER, arn, members, tags=tags_of(given.get("tags")))
    return {"eventTrackerArn": arn, "trackingId": members["trackingId"]}


@operation("DeleteEventTracker")
def delete_event_tracker(here: AccountRegion, given: DeleteEventTrackerRequestTypeDef) -> None:
    """What the tracker has recorded stays."""
    start_deletion(here, here.resources.get(EVENT_TRACKER, given["eventTrackerArn"]))


register_describe(EVENT_TRACKER)
register_list(EVENT_TRACKER, within=DATASET_GROUP)
