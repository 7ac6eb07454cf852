"""Which of what happens is billed: from operations and resources to the counts of the meter."""

from __future__ import annotations

from typing import Any, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.append_log import Prefix
from tastemaker.personalize.kinds import (
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    CAMPAIGN,
    IMPORT_JOB,
    RECOMMENDER,
    SOLUTION_VERSION,
)
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource
from tastemaker.personalize.usage import Family, Served

_ASKING: Final = frozenset({"GetRecommendations", "GetPersonalizedRanking", "GetActionRecommendations"})
_STREAMING: Final = frozenset({"PutEvents", "PutItems", "PutUsers", "PutActions", "PutActionInteractions"})
_ENDING: Final = {
    "DeleteCampaign": "campaignArn",
    "DeleteRecommender": "recommenderArn",
    "StopRecommender": "recommenderArn",
}
_PIECE: Final = 1 << 20


def count_answered(here: AccountRegion, operation: str, given: Members, size: int) -> None:
    """Count an operation that has succeeded. `size`: the bytes of the request's body."""
    if operation in _ASKING:
        here.meter.request(given.get("campaignArn") or given["recommenderArn"], here.clock.now())
    elif operation in _STREAMING:
        here.meter.add(streamed_bytes=size)
    elif operation in _ENDING:
        here.meter.ends(given[_ENDING[operation]], here.clock.now())


def count_active(here: AccountRegion, resource: Resource) -> None:
    """Count what it took for `resource` to become ACTIVE, and begin to count what it takes from now on."""
    if resource.kind is IMPORT_JOB:
        here.meter.add(bulk_bytes=resource.hidden.get("bytes", 0))
    elif resource.kind is SOLUTION_VERSION:
        _count_training(here, resource)
    elif resource.kind in (CAMPAIGN, RECOMMENDER):
        here.meter.serves(_served(here, resource))
    elif resource.kind is BATCH_INFERENCE_JOB:
        here.meter.add_batch(_family_of(here, resource), resource.hidden.get("results", 0))
    elif resource.kind is BATCH_SEGMENT_JOB:
        here.meter.add(segment_users=resource.hidden.get("results", 0))


def reconcile(here: AccountRegion) -> None:
    """Bring the meter up to the resources, where a process that was killed could not. Inside `resources.changing()`."""
    now = here.clock.now()
    active = {
        resource.arn: resource
        for kind in (CAMPAIGN, RECOMMENDER)
        for resource in here.resources.newest(kind)
        if resource.status == "ACTIVE"
    }
    counted = {served.arn for served in here.meter.usage().served if served.until is None}
    for arn in counted - active.keys():
        here.meter.ends(arn, now)
    for arn in active.keys() - counted:
        here.meter.serves(_served(here, active[arn]))


def _served(here: AccountRegion, resource: Resource) -> Served:
    members = resource.members
    if resource.kind is RECOMMENDER:
        family: Family = "recommender"
        least = members["recommenderConfig"].get("minRecommendationRequestsPerSecond", 1)
    else:
        family, least = _family_of(here, resource), members["minProvisionedTPS"]
    return Served(resource.arn, family, members["datasetGroupArn"], least, members["lastUpdatedDateTime"])


def _count_training(here: AccountRegion, version: Resource) -> None:
    if _family(version) == "v2":
        here.meter.add(training_interactions=_considered(here, version))
    else:
        here.meter.add(training_hours=version.members.get("trainingHours") or 0.0)


def _family_of(here: AccountRegion, resource: Resource) -> Family:
    """Of what a campaign serves or a job asks."""
    version = here.resources.peek(SOLUTION_VERSION, resource.members["solutionVersionArn"])
    return "classic" if version is None else _family(version)


def _family(version: Resource) -> Family:
    return "v2" if BY_ARN[version.members["recipeArn"]].name.endswith("-v2") else "classic"


def _considered(here: AccountRegion, version: Resource) -> int:
    """The interactions that there were for a training, before any was left out for its type."""
    arn = version.hidden.get("datasetArns", {}).get("INTERACTIONS")
    if arn is None:
        return 0
    records: Any = here.jobs.datasets.read(arn)
    prefix = here.streams.prefix(arn)
    return (0 if records is None else int(records.num_rows)) + (0 if prefix is None else _lines(prefix))


def _lines(prefix: Prefix) -> int:
    """The lines below the heading of a log."""
    left, lines = prefix.mark.position, -1
    with prefix.path.open("rb") as log:
        while left and (piece := log.read(min(left, _PIECE))):
            left -= len(piece)
            lines += piece.count(b"\n")
    return max(0, lines)
