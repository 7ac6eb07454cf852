"""The statement by which a bucket lets Personalize in, and whether a policy has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

PERSONALIZE: Final = "personalize.amazonaws.com"


def statements(bucket: str, *, partition: str) -> list[dict[str, Any]]:
    """What the policy of `bucket` has to hold so that Personalize can read the exports in it."""
    arn = f"arn:{partition}:s3:::{bucket}"
    principal = {"Service": PERSONALIZE}
    return [
        {"Effect": "Allow", "Principal": principal, "Action": "s3:ListBucket", "Resource": arn},
        {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": f"{arn}/exports/*"},
    ]


def missing(policy: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of `wanted` that no statement of `policy` allows. Conditions are taken as met: only AWS can tell."""
    return [each for each in wanted if not any(_allows(given, each) for given in _listed(policy.get("Statement")))]


def _allows(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return (
        given.get("Effect") == "Allow"
        and _names_personalize(given.get("Principal"))
        and _covers(given.get("Action"), wanted["Action"].lower(), str.lower)
        and _covers(given.get("Resource"), wanted["Resource"], str)
    )


def _names_personalize(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        return PERSONALIZE in _listed(principal.get("Service")) or "*" in _listed(principal.get("AWS"))
    return bool(principal == "*")


def _covers(patterns: Any, name: str, spelled: Any) -> bool:
    return any(fnmatchcase(name, spelled(pattern)) for pattern in _listed(patterns))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
