"""Automatic training: versions of a solution that nobody asks for, by its schedule, where new events have come."""

from __future__ import annotations

from typing import Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.due import DAY, HOUR, falls_due
from tastemaker.personalize.errors import LimitExceeded
from tastemaker.personalize.kinds import SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.operations.solution_versions import add_version, begin_training
from tastemaker.personalize.operations.states import need_room
from tastemaker.personalize.operations.training import data_since
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.solution_config import days_between
from tastemaker.personalize.store import Resource

_DEFAULT_DAYS: Final = 7


@falls_due
def train_by_schedule(here: AccountRegion) -> None:
    """Begin the automatic trainings whose time has come.

    The first one's is an hour after the solution has become ACTIVE, or an update of its schedule has, and the next
    one's so many days after the last automatic one began. A version that somebody made in that first hour takes the
    first one's place. A time at which no events are new is passed over; the first one waits for events.
    """
    for solution in here.resources.newest(SOLUTION, status="ACTIVE"):
        days = _days(solution)
        schedule = solution.hidden.get("schedule")
        if days is None:
            solution.hidden.pop("schedule", None)
            continue
        if schedule is None or schedule["days"] != days:
            began = solution.members["lastUpdatedDateTime"] + HOUR
            schedule = solution.hidden["schedule"] = {"days": days, "next": began, "first": True}
        if here.clock.now() >= schedule["next"]:
            _take_turn(here, solution)


def _days(solution: Resource) -> int | None:
    """The days from one training to the next; None where there are no automatic ones."""
    if not solution.members["performAutoTraining"]:
        return None
    config = (solution.members["solutionConfig"] or {}).get("autoTrainingConfig") or {}
    return days_between(config["schedulingExpression"]) if "schedulingExpression" in config else _DEFAULT_DAYS


def _take_turn(here: AccountRegion, solution: Resource) -> None:
    schedule, now = solution.hidden["schedule"], here.clock.now()
    pause = schedule["days"] * DAY
    versions = list(here.resources.newest(SOLUTION_VERSION, solutionArn=solution.arn))
    if schedule["first"] and (made := _made_since(versions, schedule["next"] - HOUR)) is not None:
        schedule.update(first=False, next=made + pause)
        return
    if any(lifecycle.under_way(version) for version in versions):
        return
    last = next((version for version in versions if version.status != "CREATE STOPPED"), None)
    recipe = BY_ARN[solution.members["recipeArn"]]
    if not data_since(here, solution.members["datasetGroupArn"], recipe.name, last):
        if last is not None:
            passed = (now - schedule["next"]) // pause
            schedule.update(first=False, next=schedule["next"] + (passed + 1) * pause)
        return
    try:
        need_room(here, SOLUTION_VERSION, most=here.quotas.solution_versions)
    except LimitExceeded:
        return
    version = add_version(here, solution, trainingMode="FULL", trainingType="AUTOMATIC")
    begin_training(here, version)
    schedule.update(first=False, next=now + pause)


def _made_since(versions: list[Resource], moment: float) -> float | None:
    """When somebody made the first version since `moment`, within an hour; None where nobody did."""
    made = [
        version.members["creationDateTime"]
        for version in versions
        if version.members["trainingType"] == "MANUAL" and 0 <= version.members["creationDateTime"] - moment <= HOUR
    ]
    return min(made, default=None)
