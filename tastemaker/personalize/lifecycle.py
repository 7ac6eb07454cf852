"""The states that resources pass through, as data, and what moves a resource from one to the next.

A `Path` is a row of the table: transitional states in order and the end. A `Passage` is a resource on its way along
one. A Describe sees every transitional state once before the next follows; the last one holds until the real work
(an import, a training) has ended. For whoever does not Describe, a state ends by itself after `UNWATCHED_SECONDS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from tastemaker.personalize.shapes import Members

UNWATCHED_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Path:
    """Transitional states and where they lead. `success` None: the resource is gone."""

    name: str
    states: tuple[str, ...]
    success: str | None
    failure: str | None = None
    shown_in: str | None = None
    """The member (an update's summary) that carries the states; None: the resource itself."""
    takes: tuple[str, ...] = ()
    """The members that the resource takes over from that summary on success."""
    meanwhile: tuple[str, ...] = ()
    """What the resource itself shows in each of the states, where its summary carries them."""


_CREATING: Final = ("CREATE PENDING", "CREATE IN_PROGRESS")

CREATE: Final = Path("create", _CREATING, "ACTIVE", "CREATE FAILED")
STOP: Final = Path("stop", ("CREATE STOPPING",), "CREATE STOPPED", "CREATE FAILED")
DELETE: Final = Path("delete", ("DELETE PENDING", "DELETE IN_PROGRESS"), None)
DELETE_GROUP: Final = Path("delete group", ("DELETE PENDING",), None)
UPDATE_CAMPAIGN: Final = Path(
    "update campaign",
    _CREATING,
    "ACTIVE",
    "CREATE FAILED",
    shown_in="latestCampaignUpdate",
    takes=("solutionVersionArn", "solutionArn", "minProvisionedTPS", "campaignConfig"),
)
UPDATE_DATASET: Final = Path(
    "update dataset",
    _CREATING,
    "ACTIVE",
    "CREATE FAILED",
    shown_in="latestDatasetUpdate",
    takes=("schemaArn",),
    meanwhile=("UPDATE PENDING", "UPDATE IN_PROGRESS"),
)

UPDATE_SOLUTION: Final = Path(
    "update solution",
    _CREATING,
    "ACTIVE",
    "CREATE FAILED",
    shown_in="latestSolutionUpdate",
    takes=("performAutoTraining", "performIncrementalUpdate", "solutionConfig"),
)
UPDATE_RECOMMENDER: Final = Path(
    "update recommender",
    _CREATING,
    "ACTIVE",
    "CREATE FAILED",
    shown_in="latestRecommenderUpdate",
    takes=("recommenderConfig",),
)
STOP_RECOMMENDER: Final = Path("stop recommender", ("STOP PENDING", "STOP IN_PROGRESS"), "INACTIVE")
START_RECOMMENDER: Final = Path("start recommender", ("START PENDING", "START IN_PROGRESS"), "ACTIVE")
UPDATE_METRICS: Final = Path("update metrics", ("UPDATE PENDING", "UPDATE IN_PROGRESS"), "ACTIVE")
DELETE_DATA: Final = Path("delete data", ("PENDING", "IN_PROGRESS"), "COMPLETED", "FAILED")

_PATHS: Final = {
    path.name: path
    for path in (
        CREATE,
        STOP,
        DELETE,
        DELETE_GROUP,
        UPDATE_CAMPAIGN,
        UPDATE_DATASET,
        UPDATE_SOLUTION,
        UPDATE_RECOMMENDER,
        STOP_RECOMMENDER,
        START_RECOMMENDER,
        UPDATE_METRICS,
        DELETE_DATA,
    )
}

PENDING_OR_IN_PROGRESS: Final = frozenset(_CREATING)


@dataclass
class Passage:
    """A resource's way along a path. `worked`: the real work behind it has ended, with `reason` if it failed.

    `not_before`: the moment before which the last state does not end. `doomed`: the reason for which the passage is to
    fail, whatever the work says. `foreseen`: whether those two have been decided.
    """

    path: str
    entered: float
    worked: bool
    position: int = 0
    described: bool = False
    reason: str | None = None
    gains: Members = field(default_factory=dict)
    not_before: float = 0.0
    doomed: str | None = None
    foreseen: bool = False


class Passenger(Protocol):
    """What lifecycles need to know of a resource."""

    members: Members
    passage: Passage | None


def begin(resource: Passenger, path: Path, *, now: float, worked: bool = True, gains: Members | None = None) -> None:
    """Put `resource` into the first state of `path`; `worked=False` where real work has to end first.

    `gains` are the members that it takes over on success.
    """
    resource.passage = Passage(path.name, entered=now, worked=worked, gains=gains or {})
    _show(resource, path, path.states[0], now)


def end_at_once(resource: Passenger, status: str, *, now: float) -> None:
    """Take `resource` off its path and into `status`."""
    resource.passage = None
    resource.members.update(status=status, lastUpdatedDateTime=now)


def under_way(resource: Passenger) -> str | None:
    """The transitional state that the resource, or an update of it, is in; None where it is in none."""
    passage = resource.passage
    return None if passage is None else _PATHS[passage.path].states[passage.position]


def work_ended(resource: Passenger, *, reason: str | None = None, gains: Members | None = None) -> None:
    """The real work behind the resource's passage has ended: with `gains` for its members, or for `reason` failed.

    Work that nobody waits for any more (it was stopped) changes nothing.
    """
    if resource.passage is not None and not resource.passage.worked:
        resource.passage.worked = True
        resource.passage.reason = reason
        resource.passage.gains = gains or {}


def describe(resource: Passenger, *, now: float) -> bool:
    """Move to the state that a Describe shows now; False where it finds the resource gone."""
    if resource.passage is None:
        return True
    if resource.passage.described and not _advance(resource, resource.passage, now):
        return False
    if resource.passage is not None:
        resource.passage.described = True
    return True


def settle(resource: Passenger, *, now: float) -> bool:
    """Let the states end that nobody has looked at for long; False where the resource is gone by that."""
    while (passage := resource.passage) is not None and now - passage.entered >= UNWATCHED_SECONDS:
        if _is_held(passage, now):
            return True
        ended = passage.entered + UNWATCHED_SECONDS
        if passage.position == len(_PATHS[passage.path].states) - 1:
            ended = max(ended, passage.not_before)
        if not _advance(resource, passage, ended):
            return False
    return True


def may_settle(resource: Passenger, *, now: float) -> bool:
    """Whether `settle` would change anything now."""
    passage = resource.passage
    return passage is not None and now - passage.entered >= UNWATCHED_SECONDS and not _is_held(passage, now)


def left_to_wait(resource: Passenger, *, now: float) -> float:
    """For how many seconds nothing but time holds the state that a Describe has seen."""
    passage = resource.passage
    if passage is None or not passage.described or not passage.worked or not _is_held(passage, now):
        return 0.0
    return passage.not_before - now


def _is_held(passage: Passage, now: float) -> bool:
    is_last = passage.position == len(_PATHS[passage.path].states) - 1
    return is_last and (not passage.worked or now < passage.not_before)


def _advance(resource: Passenger, passage: Passage, now: float) -> bool:
    path = _PATHS[passage.path]
    if _is_held(passage, now):
        return True
    if passage.position < len(path.states) - 1:
        passage.position, passage.entered, passage.described = passage.position + 1, now, False
        _show(resource, path, path.states[passage.position], now)
        return True
    resource.passage = None
    reason = passage.doomed or passage.reason
    if reason is not None and path.failure is not None:
        _show(resource, path, path.failure, now)["failureReason"] = reason
        return True
    if path.success is None:
        return False
    resource.members.update(passage.gains)
    shown = _show(resource, path, path.success, now)
    if shown is not resource.members:
        resource.members.update({name: shown[name] for name in path.takes if name in shown})
        resource.members.update(status=path.success, lastUpdatedDateTime=now)
        resource.members.pop("failureReason", None)
    return True


def _show(resource: Passenger, path: Path, status: str, now: float) -> Members:
    shown: Members = resource.members if path.shown_in is None else resource.members[path.shown_in]
    if path.meanwhile and status in path.states:
        resource.members["status"] = path.meanwhile[path.states.index(status)]
    shown.update(status=status, lastUpdatedDateTime=now)
    return shown
