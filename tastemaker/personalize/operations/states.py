"""What operations ask of a resource's state before they act."""

from __future__ import annotations

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import LimitExceeded, in_use
from tastemaker.personalize.kinds import Kind
from tastemaker.personalize.store import Resource


def need_active(resource: Resource) -> None:
    """Refuse what needs `resource` while it is not ACTIVE."""
    if resource.status != "ACTIVE":
        raise in_use(resource.arn, f"its status is {resource.status}, and it has to be ACTIVE.")


def settled(here: AccountRegion, resource: Resource) -> Resource | None:
    """`resource` in the state that it has reached, for who does not hold the lock; None where it is gone.

    Only where it is in transition does this wait for the lock.
    """
    if resource.passage is None:
        return resource
    with here.resources.changing():
        return here.resources.find(resource.arn)


def start_deletion(here: AccountRegion, resource: Resource, *, path: lifecycle.Path = lifecycle.DELETE) -> None:
    """Begin to delete `resource`, unless it is being created, updated or deleted."""
    if state := lifecycle.under_way(resource):
        raise in_use(resource.arn, f"it is in {state}.")
    lifecycle.begin(resource, path, now=here.clock.now())


def need_room(here: AccountRegion, kind: Kind, *, most: int | None) -> None:
    """Refuse one more of `kind` while `most` of them are pending or in progress."""
    if most is None:
        return
    under_way = sum(r.status in lifecycle.PENDING_OR_IN_PROGRESS for r in here.resources.newest(kind))
    if under_way >= most:
        raise LimitExceeded(f"More than {most} resources with PENDING or IN_PROGRESS status.")


def need_place(here: AccountRegion, kind: Kind, *, most: int | None, **members: object) -> None:
    """Refuse one more of `kind` where there are `most` of them already that have these members."""
    if most is not None and sum(1 for _ in here.resources.newest(kind, **members)) >= most:
        name = kind.arn_type.replace("-", " ")
        raise LimitExceeded(
            f"Cannot create a {name}. More than {most} resources in ACTIVE state. Please delete some and try again."
        )
