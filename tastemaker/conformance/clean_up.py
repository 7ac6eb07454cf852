"""Removing what a run has made, in the order in which Personalize lets go of it, found by its prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from tastemaker.conformance import resources
from tastemaker.conformance.endpoint import Members, Refused
from tastemaker.conformance.resources import Resource
from tastemaker.conformance.waiting import TookTooLong
from tastemaker.conformance.world import World

ORDER: Final = (
    resources.RECOMMENDER,
    resources.CAMPAIGN,
    resources.SOLUTION,
    resources.TRACKER,
    resources.FILTER,
    resources.ATTRIBUTION,
    resources.DATASET,
    resources.SCHEMA,
    resources.GROUP,
)


def clean_up(world: World, tell: Callable[[str], None]) -> list[str]:
    """Delete everything whose name begins with the world's prefix, and its files; what could not be deleted, and why.

    It may be called again after it was interrupted. Jobs stay: Personalize has no way to delete one.
    """
    left: list[str] = []
    for resource in ORDER:
        try:
            found = list(_named(world, resource))
        except Refused as refused:
            if refused.code != "InvalidInputException":
                left.append(f"{resource.word}s: {refused}")
            continue
        # all are told to go before any is waited for
        left += _each(found, partial(_delete, world, resource), tell)
        left += _each(found, partial(_gone, world, resource))
    world.files.delete(f"{world.prefix}/")
    return left


def _each(
    found: list[Members], act: Callable[[Members], str], tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    failed: list[str] = []
    for summary in found:
        try:
            tell(act(summary))
        except (Refused, TookTooLong) as error:
            failed.append(str(error))
    return failed


def _named(world: World, resource: Resource) -> Iterator[Members]:
    for summary in world.everything(resource):
        if str(summary["name"]).startswith(f"{world.prefix}-"):
            yield summary


def _delete(world: World, resource: Resource, summary: Members) -> str:
    arn = str(summary[resource.arn_member])
    try:
        if resource is resources.SOLUTION:
            _stop_trainings(world, arn)
        world.settled(arn)
        world.call(f"Delete{resource.word}", **{resource.arn_member: arn})
    except Refused as refused:
        if refused.code != "ResourceNotFoundException":
            raise
    return arn


def _gone(world: World, resource: Resource, summary: Members) -> str:
    arn = str(summary[resource.arn_member])
    world.gone(arn)
    return arn


def _stop_trainings(world: World, solution_arn: str) -> None:
    for version in world.everything(resources.VERSION, solutionArn=solution_arn):
        arn = str(version["solutionVersionArn"])
        if version["status"] in ("CREATE PENDING", "CREATE IN_PROGRESS"):
            world.call("StopSolutionVersionCreation", solutionVersionArn=arn)
        world.settled(arn)
