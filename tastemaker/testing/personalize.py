"""An embedded Personalize in the test's own process: clients without a socket, and objects for import jobs to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args, overload

from tastemaker.personalize import in_process
from tastemaker.personalize.clock import Clock
from tastemaker.personalize.objects import Location, LocationError, MemoryObjects
from tastemaker.personalize.service import Personalize

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

Service: TypeAlias = Literal["personalize", "personalize-runtime", "personalize-events"]
_SERVICES: Final = get_args(Service)


@contextmanager
def embedded_personalize(*, clock: Clock | None = None) -> Iterator[EmbeddedPersonalize]:
    """An empty Personalize, from `with` to its end; what it imported and trained is gone afterwards.

    Any number may run at once, each with its own resources. Imports and trainings are real and take real time, a
    second or two for a small one; `clock` is what timestamps come from, the machine's time by default.
    """
    objects = MemoryObjects({})
    service = Personalize(objects=objects, clock=clock)
    try:
        yield EmbeddedPersonalize(service, objects)
    finally:
        service.close()


class EmbeddedPersonalize:
    """What a test holds of a running Personalize. `embedded_personalize` makes it."""

    def __init__(self, service: Personalize, objects: MemoryObjects) -> None:
        self._service = service
        self._objects = objects

    @overload
    def client(self, service: Literal["personalize"]) -> PersonalizeClient: ...
    @overload
    def client(self, service: Literal["personalize-runtime"]) -> PersonalizeRuntimeClient: ...
    @overload
    def client(self, service: Literal["personalize-events"]) -> Any: ...

    def client(self, service: Service) -> Any:
        """What `boto3.client(service)` gives, for Personalize's three services. Raises ValueError for another."""
        if service not in _SERVICES:
            raise ValueError(
                f"there is no {service} without a socket, only {', '.join(_SERVICES)}: "
                "take the client from `embedded_aws`, which has the other services too"
            )
        return in_process.client(self._service, service)

    def put_object(self, location: str, body: str | bytes) -> None:
        """Store what an import job shall read, a CSV file as a rule, at `s3://bucket/key`; text becomes UTF-8.

        Any role may read it, and the bucket need not exist. Raises ValueError where `location` names no object.
        """
        try:
            where = Location.parse(location)
        except LocationError as error:
            raise ValueError(_no_object(location)) from error
        if where.is_folder:
            raise ValueError(_no_object(location))
        self._objects.store(where.bucket, where.key, body.encode() if isinstance(body, str) else body)


def _no_object(location: str) -> str:
    return f"{location!r} names no object: write s3://bucket/key, without a slash at the end"
