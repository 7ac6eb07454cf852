"""What the Delete of every kind of resource has alike: asynchronous, once, and seen by Describe and List."""

from __future__ import annotations

from tastemaker.conformance import resources
from tastemaker.conformance.case import Run, case
from tastemaker.conformance.expectations import Expect
from tastemaker.conformance.resources import CREATED, Resource
from tastemaker.conformance.samples import fresh, sample
from tastemaker.conformance.world import World


def _goes(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = world.made(resource.word, **fresh(world, resource))
        call = f"Delete{resource.word}"
        expect.equal("the answer", {}, world.call(call, **{resource.arn_member: made.arn}))
        seen = world.gone(made.arn)
        path = ["DELETE PENDING", "DELETE IN_PROGRESS"]
        expect.equal("the statuses until it is gone", [state for state in path if state in seen], seen)

    return run


def _is_gone_from_list(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = world.made(resource.word, **fresh(world, resource))
        world.delete(made.arn)
        listed = [entry[resource.arn_member] for entry in world.everything(resource)]
        expect.true(f"{made.arn} is no longer listed", made.arn not in listed, "it is listed")

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
        made = world.made(resource.word, **fresh(world, resource))
        call = world.calling(f"Delete{resource.word}", **{resource.arn_member: made.arn})
        call()
        expect.refused(call, code="ResourceInUseException")
        world.gone(made.arn)

    return run


def _in_creation(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = world.create(resource.word, **fresh(world, resource))
        call = world.calling(f"Delete{resource.word}", **{resource.arn_member: made.arn})
        expect.refused(call, code="ResourceInUseException")
        world.discard(made.arn)

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
