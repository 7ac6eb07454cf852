"""The files that say whose data is to be deleted: CSV with the one column USER_ID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tastemaker.personalize.csv_files import ImportRefused, read_csv
from tastemaker.personalize.engine import Refused
from tastemaker.personalize.objects import (
    AccessDenied,
    Location,
    LocationError,
    NoSuchBucket,
    ObjectStore,
    ObjectStoreError,
    access_refused,
)
from tastemaker.personalize.schemas import Field, Schema

MOST_BYTES: Final = 100_000_000
"""Of all files of a job together."""
_HEADER: Final = ("USER_ID",)
_SCHEMA: Final = Schema("USERS", (Field("USER_ID", "string"),))


def keys_of(objects: ObjectStore, location: Location, role_arn: str) -> list[str]:
    """The files at `location`: it itself, or the `.csv` files of a folder and of all folders in it.

    Raises LocationError where there is none or no permission.
    """
    try:
        listed = objects.list(location.bucket, location.key, role_arn=role_arn)
    except NoSuchBucket as error:
        raise LocationError("Invalid Data location.") from error
    except AccessDenied as error:
        raise LocationError(access_refused(location.bucket)) from error
    keys = [key for key in listed if location.is_folder or key == location.key]
    keys = [key for key in keys if key.lower().endswith(".csv")]
    if not keys:
        raise LocationError("Invalid Data location.")
    return keys


def users_in(objects: ObjectStore, location: Location, role_arn: str, go_on: Callable[[], bool]) -> frozenset[str]:
    """The users of all files. Raises Refused; returns early where `go_on` says no."""
    users: set[str] = set()
    size = 0
    try:
        for key in keys_of(objects, location, role_arn):
            if not go_on():
                break
            with objects.open(location.bucket, key, role_arn=role_arn) as file:
                content = file.read(MOST_BYTES - size + 1)
            size += len(content)
            if size > MOST_BYTES:
                raise Refused(f"The files have more than {MOST_BYTES // 1_000_000} MB: split them over several jobs.")
            users.update(_users(content, f"s3://{location.bucket}/{key}"))
    except LocationError as error:
        raise Refused(str(error)) from error
    except AccessDenied as error:
        raise Refused(access_refused(location.bucket)) from error
    except ObjectStoreError as error:
        raise Refused("Invalid Data location.") from error
    return frozenset(users)


def _users(content: bytes, name: str) -> list[str]:
    try:
        header, records = read_csv(content, _SCHEMA, name)
    except ImportRefused as refused:
        raise Refused(str(refused)) from refused
    if header != _HEADER:
        raise Refused(f"{name} has the columns {', '.join(header)}: USER_ID has to be the only one.")
    users: list[str] = records["USER_ID"].to_pylist()
    return users
