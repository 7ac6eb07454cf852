"""An embedded Personalize in the test's own process: clients without a socket, and objects for import jobs to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args, overload

from tastemaker.personalize import in_process
from tastemaker.personalize.clock import Clock
from tastemaker.personalize.costs import CostReport
from tastemaker.personalize.durations import NO_DURATIONS, Durations
from tastemaker.personalize.faults import Faults
from tastemaker.personalize.objects import Location, LocationError, MemoryObjects, ObjectStoreError
from tastemaker.personalize.quotas import DEFAULT_QUOTAS, Quotas
from tastemaker.personalize.service import Personalize

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

Service: TypeAlias = Literal["personalize", "personalize-runtime", "personalize-events"]
_SERVICES: Final = get_args(Service)


@contextmanager
def embedded_personalize(
    *, clock: Clock | None = None, durations: Durations = NO_DURATIONS, quotas: Quotas = DEFAULT_QUOTAS
) -> Iterator[EmbeddedPersonalize]:
    """An empty Personalize, from `with` to its end; what it imported and trained is gone afterwards.

    Any number may run at once, each with its own resources. Imports and trainings are real and take real time, a
    second or two for a small one.

    `clock` is what timestamps and durations go by, the machine's time by default. `durations`: how long creations and
    updates take on it beside the real work, by default no time. `quotas`: other limits than AWS's defaults.
    """
    objects = MemoryObjects({})
    service = Personalize(objects=objects, clock=clock, durations=durations, quotas=quotas)
    try:
        yield EmbeddedPersonalize(service, objects)
    finally:
        service.close()


class EmbeddedPersonalize:
    """What a test holds of a running Personalize. `embedded_personalize` makes it."""

    def __init__(self, service: Personalize, objects: MemoryObjects) -> None:
        self._service = service
        self._objects = objects

    @property
    def faults(self) -> Faults:
        """Where faults are ordered: `faults.throttle("PutEvents", times=2)`."""
        return self._service.faults

    def costs(
        self, *, account: str = in_process.DEFAULT_ACCOUNT, region: str = in_process.DEFAULT_REGION
    ) -> CostReport:
        """What AWS would have billed until now, by the test's clock: `costs().total` in dollars, `costs().items`."""
        return self._service.costs(account, region)

    @overload
    def client(
        self, service: Literal["personalize"], *, account: str = ..., region: str = ...
    ) -> PersonalizeClient: ...
    @overload
    def client(
        self, service: Literal["personalize-runtime"], *, account: str = ..., region: str = ...
    ) -> PersonalizeRuntimeClient: ...
    @overload
    def client(self, service: Literal["personalize-events"], *, account: str = ..., region: str = ...) -> Any: ...

    def client(
        self,
        service: Service,
        *,
        account: str = in_process.DEFAULT_ACCOUNT,
        region: str = in_process.DEFAULT_REGION,
    ) -> Any:
        """What `boto3.client(service)` gives, for Personalize's three services. Raises ValueError for another.

        What one `account` has in one `region` is seen from no other.
        """
        if service not in _SERVICES:
            raise ValueError(
                f"there is no {service} without a socket, only {', '.join(_SERVICES)}: "
                "take the client from `embedded_aws`, which has the other services too"
            )
        return in_process.client(self._service, service, account=account, region=region)

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

    def get_object(self, location: str) -> bytes:
        """What lies at `s3://bucket/key`, such as the output of a batch job. Raises LookupError where nothing does."""
        where = Location.parse(location)
        try:
            with self._objects.open(where.bucket, where.key, role_arn="") as body:
                return body.read()
        except ObjectStoreError as error:
            raise LookupError(str(error)) from error


def _no_object(location: str) -> str:
    return f"{location!r} names no object: write s3://bucket/key, without a slash at the end"
