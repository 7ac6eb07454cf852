"""Waiting until a resource can be used, as boto3 has no waiters for Personalize."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from tastemaker.personalize.kinds import KINDS, SCHEMA, SOLUTION, SOLUTION_VERSION, Kind
from tastemaker.personalize.lifecycle import PENDING_OR_IN_PROGRESS

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

_PAUSE_SECONDS: Final = 0.02


class NotActive(Exception):
    """The resource will not become ACTIVE. The message has its ARN, its status and Personalize's reason."""


def await_active(personalize: PersonalizeClient, arn: str, *, seconds: float = 120.0) -> None:
    """Describe what `arn` names until it is ACTIVE; a campaign, until its latest update is.

    `personalize` is a client of the embedded Personalize, which answers at once: this asks many times a second. Takes
    real time, at most `seconds`. Raises NotActive where creation failed, TimeoutError where it has not ended, and
    ValueError for an ARN that names nothing with a status.
    """
    kind = _kind_of(arn)
    describe = getattr(personalize, xform_name(f"Describe{kind.word}"))
    deadline = time.monotonic() + seconds
    while (shown := _state(describe(**{kind.arn_member: arn})[kind.member]))["status"] in PENDING_OR_IN_PROGRESS:
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{arn} is still {shown['status']} after {seconds:g} seconds: allow more of them")
        time.sleep(_PAUSE_SECONDS)
    if shown["status"] != "ACTIVE":
        raise NotActive(f"{arn} is {shown['status']}: {shown.get('failureReason', 'Personalize gives no reason')}")


def _state(described: dict[str, Any]) -> dict[str, Any]:
    """What carries the state: a campaign stays ACTIVE while an update of it is under way."""
    state: dict[str, Any] = described.get("latestCampaignUpdate", described)
    return state


def _kind_of(arn: str) -> Kind:
    arn_type, *names = arn.rpartition(":")[2].split("/")
    if arn_type == SOLUTION.arn_type:
        return SOLUTION_VERSION if len(names) > 1 else SOLUTION
    for kind in KINDS.values():
        if kind.arn_type == arn_type and kind is not SCHEMA:
            return kind
    raise ValueError(f"{arn} names nothing that becomes ACTIVE")
