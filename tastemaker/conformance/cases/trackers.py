"""Event trackers: one to a group, and what is shown of it."""

from __future__ import annotations

import re

from tastemaker.conformance.case import case
from tastemaker.conformance.expectations import Expect
from tastemaker.conformance.resources import TRACKER
from tastemaker.conformance.samples import group, tracker
from tastemaker.conformance.world import World


@case("CreateEventTracker", "rule", reference="§2.1, §2.2")
def a_group_has_one_whatever_its_name(world: World, expect: Expect) -> None:
    tracker(world)
    call = world.calling("CreateEventTracker", name=world.name("tracker"), datasetGroupArn=group(world).arn)
    expect.refused(call, code="ResourceAlreadyExistsException")


@case("CreateEventTracker", "rule", reference="§2.1")
def its_tracking_id_is_a_uuid(world: World, expect: Expect) -> None:
    made = tracker(world)
    tracking_id = str(made.answer.get("trackingId"))
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    expect.true("trackingId is a UUID in lower case", re.fullmatch(uuid, tracking_id) is not None, tracking_id)
    expect.equal("trackingId as Describe shows it", tracking_id, world.describe(made.arn).get("trackingId"))


@case("ListEventTrackers", "rule", reference="§6")
def the_summary_omits_the_tracking_id(world: World, expect: Expect) -> None:
    arn = tracker(world).arn
    (summary,) = [entry for entry in world.everything(TRACKER) if entry["eventTrackerArn"] == arn]
    expect.without("the summary", summary, ["trackingId", "accountId"])
