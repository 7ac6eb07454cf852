"""The states of a resource, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from tastemaker.personalize import lifecycle
from tastemaker.personalize.lifecycle import Passage
from tastemaker.personalize.shapes import Members

LONG = lifecycle.UNWATCHED_SECONDS


@dataclass
class Thing:
    members: Members = field(default_factory=dict)
    passage: Passage | None = None

    @property
    def status(self) -> object:
        return self.members["status"]


def described(thing: Thing, now: float = 0.0) -> object:
    return thing.status if lifecycle.describe(thing, now=now) else "gone"


def test_a_describe_sees_every_state_once() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0)

    assert [described(thing) for _ in range(4)] == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "ACTIVE"]


def test_the_last_transitional_state_holds_until_the_work_has_ended() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0, worked=False)

    assert [described(thing) for _ in range(4)] == ["CREATE PENDING", *["CREATE IN_PROGRESS"] * 3]
    lifecycle.work_ended(thing, gains={"trainingHours": 2.0})
    assert "trainingHours" not in thing.members
    assert described(thing) == "ACTIVE"
    assert thing.members["trainingHours"] == 2.0


def test_work_that_ended_early_skips_no_state() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0, worked=False)
    lifecycle.work_ended(thing)

    assert [described(thing) for _ in range(3)] == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]


def test_failed_work_ends_in_a_reason() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0, worked=False)
    lifecycle.work_ended(thing, reason="too little data")

    assert [described(thing) for _ in range(3)] == ["CREATE PENDING", "CREATE IN_PROGRESS", "CREATE FAILED"]
    assert thing.members["failureReason"] == "too little data"


def test_a_deleted_resource_is_gone_after_its_states() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.DELETE, now=0.0)

    assert [described(thing) for _ in range(3)] == ["DELETE PENDING", "DELETE IN_PROGRESS", "gone"]


def test_for_whoever_does_not_describe_states_end_by_themselves() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0)

    statuses = []
    for now in (LONG - 0.1, LONG, 2 * LONG):
        lifecycle.settle(thing, now=now)
        statuses.append(thing.status)

    assert statuses == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]


def test_a_long_time_unwatched_passes_all_states_but_not_unfinished_work() -> None:
    idle, busy = Thing(), Thing()
    lifecycle.begin(idle, lifecycle.DELETE, now=0.0)
    lifecycle.begin(busy, lifecycle.CREATE, now=0.0, worked=False)

    assert not lifecycle.settle(idle, now=100.0)
    assert lifecycle.settle(busy, now=100.0)
    assert busy.status == "CREATE IN_PROGRESS"


def test_time_alone_never_hides_a_state_from_a_describe() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0)

    assert [described(thing, now) for now in (100.0, 200.0, 300.0)] == [
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "ACTIVE",
    ]


def test_an_update_shows_its_states_beside_what_is_served_and_takes_over_at_its_end() -> None:
    thing = Thing({"status": "ACTIVE", "solutionVersionArn": "old", "minProvisionedTPS": 1})
    thing.members["latestCampaignUpdate"] = {"solutionVersionArn": "new", "minProvisionedTPS": 2}
    lifecycle.begin(thing, lifecycle.UPDATE_CAMPAIGN, now=0.0)

    seen = []
    for _ in range(3):
        described(thing)
        seen.append(
            (thing.status, thing.members["latestCampaignUpdate"]["status"], thing.members["solutionVersionArn"])
        )

    assert seen == [
        ("ACTIVE", "CREATE PENDING", "old"),
        ("ACTIVE", "CREATE IN_PROGRESS", "old"),
        ("ACTIVE", "ACTIVE", "new"),
    ]
    assert thing.members["minProvisionedTPS"] == 2


def test_a_failed_update_leaves_what_is_served() -> None:
    thing = Thing({"status": "ACTIVE", "solutionVersionArn": "old"})
    thing.members["latestCampaignUpdate"] = {"solutionVersionArn": "new"}
    lifecycle.begin(thing, lifecycle.UPDATE_CAMPAIGN, now=0.0, worked=False)
    lifecycle.work_ended(thing, reason="no capacity")

    for _ in range(3):
        described(thing)

    assert thing.members["latestCampaignUpdate"]["status"] == "CREATE FAILED"
    assert thing.members["latestCampaignUpdate"]["failureReason"] == "no capacity"
    assert (thing.status, thing.members["solutionVersionArn"]) == ("ACTIVE", "old")
    assert "failureReason" not in thing.members


def test_work_that_ends_after_it_was_stopped_changes_nothing() -> None:
    thing = Thing()
    lifecycle.begin(thing, lifecycle.CREATE, now=0.0, worked=False)
    lifecycle.begin(thing, lifecycle.STOP, now=0.0)
    lifecycle.work_ended(thing, reason="killed", gains={"trainingHours": 1.0})

    assert [described(thing) for _ in range(2)] == ["CREATE STOPPING", "CREATE STOPPED"]
    assert "trainingHours" not in thing.members
