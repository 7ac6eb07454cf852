"""The operations that are built, by name, and the two kinds that every resource has alike: Describe and List."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.due import due
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.kinds import Kind
from tastemaker.personalize.paging import page
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

# the input is what botocore's shape of the operation states, which no one type can
Implementation: TypeAlias = Callable[[AccountRegion, Any], Members | None]
Function = TypeVar("Function", bound=Implementation)

Start: TypeAlias = Callable[[AccountRegion, Resource], None]

STARTS: Final[dict[Kind, Start]] = {}
"""What begins the real work of a resource, by its kind."""

_BUILT: Final[dict[str, Implementation]] = {}
_WITHOUT_LOCK: Final[set[str]] = set()


def operation(name: str, *, locked: bool = True) -> Callable[[Function], Function]:
    """Register a function as the operation `name`. `locked=False`: it says itself when it is changing resources."""

    def register(function: Function) -> Function:
        _BUILT[name] = function
        if not locked:
            _WITHOUT_LOCK.add(name)
        return function

    return register


def resumes(kind: Kind) -> Callable[[Start], Start]:
    """Register what begins the work of resources of `kind`, at their creation or again after a restart.

    Work that is doomed to fail is not begun.
    """

    def register(start: Start) -> Start:
        def begin(here: AccountRegion, resource: Resource) -> None:
            if resource.passage is not None and resource.passage.doomed is not None:
                resource.passage.worked = True
            else:
                start(here, resource)

        STARTS[kind] = begin
        return begin

    return register


def run(name: str, here: AccountRegion, given: Members) -> Members | None:
    """The output members of operation `name`, or the refusal of one that is not built.

    Work that has fallen due is begun before, so that the answer shows it.
    """
    built = _BUILT.get(name)
    if built is None:
        raise InvalidInput(f"{name} is not implemented by the embedded Personalize.")
    if name in _WITHOUT_LOCK:
        return built(here, given)
    with here.resources.changing():
        due(here)
        # the answer is written when others may be changing what it shows
        return copy.deepcopy(built(here, given))


def built_operations() -> frozenset[str]:
    return frozenset(_BUILT)


def register_describe(kind: Kind) -> None:
    """`Describe<Kind>`: the look that lets transitional states pass."""

    def describe(here: AccountRegion, given: Members) -> Members:
        return {kind.member: here.resources.describe(kind, given[kind.arn_member]).members}

    operation(f"Describe{kind.word}")(describe)


def register_list(kind: Kind, *, within: Kind | None = None, within_must_exist: bool = False) -> None:
    """`List<Kind>s`, the newest first, all of them or those whose `within` resource is given."""

    def list_resources(here: AccountRegion, given: Members) -> Members:
        parent = given.get(within.arn_member) if within is not None else None
        filters = {within.arn_member: parent} if within is not None and parent is not None else {}
        if within is not None and parent is not None and within_must_exist:
            here.resources.get(within, parent)
        entries = [(-resource.number, resource.members) for resource in here.resources.newest(kind, **filters)]
        scope = f"{here.account} {here.region} {kind.word} {filters}"
        return listing(kind.list_member, entries, scope=scope, given=given)

    operation(f"List{kind.word}s")(list_resources)


def listing(member: str, entries: list[tuple[int, Members]], *, scope: str, given: Members) -> Members:
    """The page of `entries` that `given` asks for, as the output of a List operation."""
    shown, token = page(entries, scope=scope, token=given.get("nextToken"), size=given.get("maxResults"))
    return {member: shown, "nextToken": token}
