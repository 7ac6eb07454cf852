"""The resources of one account in one region, keyed by ARN, each in the state that its lifecycle has reached."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from tastemaker.personalize import lifecycle
from tastemaker.personalize.clock import Clock, EagerClock
from tastemaker.personalize.errors import already_exists, not_found
from tastemaker.personalize.kinds import Kind
from tastemaker.personalize.shapes import Members


@dataclass
class Resource:
    """Anything with an ARN. `members` may be shown, as far as the API's model knows them; `hidden` never is."""

    kind: Kind
    arn: str
    number: int
    """The position in the order of creation."""
    members: Members
    hidden: Members = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    passage: lifecycle.Passage | None = None

    @property
    def status(self) -> str:
        return str(self.members["status"])


class Keeper(Protocol):
    """Where resources outlive the process."""

    def read(self) -> list[Resource]:
        """The resources in the order of their creation."""

    def write(self, resources: Iterable[Resource]) -> None:
        """Keep `resources` in place of what was there."""


class Resources:
    """Every method is called inside a `with changing()`, the two that peek excepted.

    `became_active` hears of each resource that does, `began` once of each passage, `went` of each that is gone.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        became_active: Callable[[Resource], None],
        began: Callable[[Resource, lifecycle.Passage], None] = lambda *_: None,
        went: Callable[[Resource], None],
        keeper: Keeper | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._became_active = became_active
        self._began = began
        self._went = went
        self._keeper = keeper
        self._by_arn = {resource.arn: resource for resource in keeper.read()} if keeper is not None else {}
        self._created = max((resource.number for resource in self._by_arn.values()), default=0)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep others out; what has changed is kept before they are let in again. May be nested."""
        with self._lock:
            yield
            self._foresee()
            if self._keeper is not None:
                self._keeper.write(self._by_arn.values())

    def unfinished(self) -> list[Resource]:
        """The resources whose real work has not ended."""
        return [r for r in self._by_arn.values() if r.passage is not None and not r.passage.worked]

    def add(
        self, kind: Kind, arn: str, members: Members, *, tags: dict[str, str] | None = None, worked: bool = True
    ) -> Resource:
        """A new resource at the start of its creation; `worked=False` where real work has to end before ACTIVE."""
        resource = self.add_at_once(kind, arn, members, tags=tags)
        lifecycle.begin(resource, lifecycle.CREATE, now=self._clock.now(), worked=worked)
        self._foresee()
        return resource

    def add_at_once(self, kind: Kind, arn: str, members: Members, *, tags: dict[str, str] | None = None) -> Resource:
        """A new resource that is usable at once and has no status."""
        if self.find(arn) is not None:
            raise already_exists(arn)
        now = self._clock.now()
        self._created += 1
        stamped = members | {kind.arn_member: arn, "creationDateTime": now, "lastUpdatedDateTime": now}
        resource = Resource(kind, arn, self._created, stamped, tags=dict(tags or {}))
        self._by_arn[arn] = resource
        return resource

    def find(self, arn: str) -> Resource | None:
        """Whatever has `arn`, or None."""
        resource = self._by_arn.get(arn)
        if resource is None:
            return None
        return self._moved(resource, lifecycle.settle)

    def get(self, kind: Kind, arn: str) -> Resource:
        """The resource of `kind` with `arn`, or `ResourceNotFound`."""
        resource = self.find(arn)
        if resource is None or resource.kind is not kind:
            raise not_found(arn)
        return resource

    def describe(self, kind: Kind, arn: str) -> Resource:
        """The same, as the look that lets a transitional state pass.

        Who looks again waits, and on an EagerClock no wait takes time.
        """
        resource = self._by_arn.get(arn)
        if resource is not None and isinstance(self._clock, EagerClock):
            self._clock.advance(lifecycle.left_to_wait(resource, now=self._clock.now()))
        if resource is None or resource.kind is not kind or self._moved(resource, lifecycle.describe) is None:
            raise not_found(arn)
        return resource

    def peek(self, kind: Kind, arn: str) -> Resource | None:
        """The resource as it is, without the lock: for reads that must not wait for a slow request."""
        resource = self._by_arn.get(arn)
        return resource if resource is not None and resource.kind is kind else None

    def peek_where(self, kind: Kind, **members: object) -> list[Resource]:
        """The resources of `kind` that have these members, as `peek` gives them."""
        return [
            resource
            for resource in list(self._by_arn.values())
            if resource.kind is kind and all(resource.members.get(k) == v for k, v in members.items())
        ]

    def newest(self, kind: Kind, **members: object) -> Iterator[Resource]:
        """The resources of `kind` that have these members, the newest first."""
        for resource in reversed(list(self._by_arn.values())):
            if resource.kind is not kind or self._moved(resource, lifecycle.settle) is None:
                continue
            if all(resource.members.get(k) == v for k, v in members.items()):
                yield resource

    def remove(self, resource: Resource) -> None:
        """Take `resource` away, and what it owns with it."""
        if self._by_arn.pop(resource.arn, None) is not None:
            self._went(resource)
        for other in list(self._by_arn.values()):
            if other.kind.owner is not None and other.members.get(other.kind.owner) == resource.arn:
                self.remove(other)

    def _foresee(self) -> None:
        for resource in list(self._by_arn.values()):
            passage = resource.passage
            if passage is not None and not passage.foreseen:
                passage.foreseen = True
                self._began(resource, passage)

    def _moved(self, resource: Resource, move: Callable[..., bool]) -> Resource | None:
        on_its_way = resource.passage is not None
        if not move(resource, now=self._clock.now()):
            self.remove(resource)
            return None
        if on_its_way and resource.passage is None and resource.status == "ACTIVE":
            self._became_active(resource)
        return resource
