"""Describe a Personalize resource, and create it only where it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from lambdas.common.errors import error_code, translated

T = TypeVar("T")

UNDER_WAY: Final = frozenset({"CREATE PENDING", "CREATE IN_PROGRESS"})
"""The statuses of what is being made, an update's included."""


def found(describe: Callable[[], T], *, arn: str) -> T | None:
    """What `describe` answers, or None where Personalize says that `arn` does not exist."""
    with translated(f"describing {arn}"):
        try:
            return describe()
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise


def created(create: Callable[[], object], *, arn: str) -> bool:
    """Create `arn`; False where somebody, or an earlier try of the same step, was faster."""
    with translated(f"creating {arn}"):
        try:
            create()
        except ClientError as error:
            if error_code(error) != "ResourceAlreadyExistsException":
                raise
            return False
        return True


def describe_or_create(describe: Callable[[], T], create: Callable[[], object], *, arn: str) -> T | None:
    """The description of `arn` if it exists; otherwise it is created and None returned."""
    description = found(describe, arn=arn)
    if description is None:
        created(create, arn=arn)
    return description
