"""What the Delete of every kind of resource has alike: asynchronous, once, and seen by Describe and List."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tastemaker.conformance import resources
from tastemaker.conformance.case import Run, case
from tastemaker.conformance.endpoint import Members, Refused
from tastemaker.conformance.expectations import Expect
from tastemaker.conformance.resources import CREATED, Resource
from tastemaker.conformance.samples import fresh, sample
from tastemaker.conformance.world import World


@dataclass(frozen=True)
class _Deletion:
    """What became of a resource that was deleted: too early, then rightly, then a second time."""

    arn: str
    too_early: Refused | None
    answer: Members
    again: Refused | None
    statuses: list[str]


def _deleted(world: World, resource: Resource) -> _Deletion:
    """One resource of the kind that was deleted, for all cases of its deletion."""

    def make() -> _Deletion:
        given = fresh(world, resource)
        made = world.create(resource.word, **given)
        call = world.calling(f"Delete{resource.word}", **{resource.arn_member: made.arn})
        too_early = None if resource is resources.SCHEMA else _refused(call)
        world.ready(made.arn)
        answer = call()
        again = _refused(call)
        return _Deletion(made.arn, too_early, answer, again, world.gone(made.arn))

    return world.shared(f"deleted {resource.word}", make)


def _refused(call: Callable[[], Members]) -> Refused | None:
    try:
        call()
    except Refused as refused:
        return refused
    return None


def _again(refused: Refused | None) -> Members:
    """A call that has ended already."""
    if refused is not None:
        raise refused
    return {}


def _goes(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        deletion = _deleted(world, resource)
        expect.equal("the answer", {}, deletion.answer)
        path = ["DELETE PENDING", "DELETE IN_PROGRESS"]
        seen = deletion.statuses
        expect.equal("the statuses until it is gone", [state for state in path if state in seen], seen)

    return run


def _is_gone_from_list(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        arn = _deleted(world, resource).arn
        listed = [entry[resource.arn_member] for entry in world.everything(resource)]
        expect.true(f"{arn} is no longer listed", arn not in listed, "it is listed")

    return run


def _nothing(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        absent = world.absent(sample(world, resource).arn)
        call = world.calling(f"Delete{resource.word}", **{resource.arn_member: absent})
        expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")

    return run


def _no_arn(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        call = world.calling(f"Delete{resource.word}", **{resource.arn_member: "no-arn"})
        expect.refused(call, code="InvalidInputException")

    return run


def _twice(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        expect.refused(partial(_again, _deleted(world, resource).again), code="ResourceInUseException")

    return run


def _in_creation(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        expect.refused(partial(_again, _deleted(world, resource).too_early), code="ResourceInUseException")

    return run


for _resource in (kind for kind in CREATED if kind.deletable):
    _delete, _level = f"Delete{_resource.word}", _resource.level
    case(_delete, "success", reference="§3", level=_level, title="takes it away, by its states")(_goes(_resource))
    case(_delete, "effect", reference="§3", level=_level, title="List no longer has it")(_is_gone_from_list(_resource))
    case(
        _delete, "error", error="ResourceNotFoundException", reference="§2.1", level=_level, title="an ARN of nothing"
    )(_nothing(_resource))
    case(_delete, "error", error="InvalidInputException", reference="§2.1", title="what is no ARN")(_no_arn(_resource))
    if _resource is not resources.SCHEMA:
        case(_delete, "error", error="ResourceInUseException", reference="§4.2", level=_level, title="a second time")(
            _twice(_resource)
        )
    if _resource not in (resources.SCHEMA, resources.SOLUTION, resources.GROUP):
        case(
            _delete, "error", error="ResourceInUseException", reference="§4.2", level=_level, title="while it is made"
        )(_in_creation(_resource))
