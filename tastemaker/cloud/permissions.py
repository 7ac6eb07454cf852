"""Replays a record of AWS calls against the policies of the roles that made them: moto itself enforces nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.iam.models import iam_backends

from tastemaker.cloud.actions import UnmappedCallError, needed
from tastemaker.cloud.policies import Statement, UnsupportedConditionError, is_allowed, statements

if TYPE_CHECKING:
    from tastemaker.cloud.calls import CallRecord
    from tastemaker.cloud.policies import Access

Policies = Mapping[str, tuple[Statement, ...]]
"""The statements of each role, by its ARN."""


@dataclass(frozen=True, order=True)
class Denied:
    """A call that AWS would refuse, and why."""

    role_arn: str
    function: str
    call: str
    reason: str

    def __str__(self) -> str:
        return f"{self.function or self.role_arn}: {self.call}: {self.reason}"


@dataclass(frozen=True, order=True)
class Unused:
    """An action that a statement allows and no call needed."""

    role_arn: str
    statement: str
    action: str

    def __str__(self) -> str:
        return f"{self.role_arn}: {self.statement}: {self.action}"


@dataclass(frozen=True)
class Replay:
    """What a record of calls says about the policies; both lists sorted, each entry once."""

    denied: tuple[Denied, ...]
    unused: tuple[Unused, ...]


def policies_of_roles(account: str) -> Policies:
    """The policies of every role that CloudFormation has created, inline and attached, as IAM holds them."""
    backend = iam_backends[account]["aws"]
    roles: dict[str, tuple[Statement, ...]] = {}
    for role in backend.roles.values():
        inline = ((name, _document(text)) for name, text in role.policies.items())
        attached = ((policy.name, _default_document(policy)) for policy in role.managed_policies.values())
        roles[role.arn] = tuple(
            statement for name, document in (*inline, *attached) for statement in statements(name, document)
        )
    return roles


def replay(calls: Iterable[CallRecord], policies: Policies) -> Replay:
    """Judge every call made with a role's credentials. The user's own calls may do all and are passed over.

    What can't be judged (an operation that isn't mapped, a condition nothing here understands) counts as denied.
    """
    denied: set[Denied] = set()
    used: set[tuple[str, str, str]] = set()
    for call in calls:
        role_arn = call.caller.role_arn
        if role_arn is None:
            continue
        role = policies.get(role_arn)
        try:
            accesses = needed(call)
            refusals = [_refusal(role, access) for access in accesses]
            used |= {(role_arn, name, pattern) for access in accesses for name, pattern in _used(role or (), access)}
        except (UnmappedCallError, UnsupportedConditionError) as problem:
            refusals = [str(problem)]
        what = f"{call.service}:{call.operation}"
        denied |= {Denied(role_arn, call.caller.function or "", what, reason) for reason in refusals if reason}
    return Replay(tuple(sorted(denied)), tuple(sorted(_unused(policies, used))))


def _refusal(role: tuple[Statement, ...] | None, access: Access) -> str:
    """Why AWS would refuse; empty where it wouldn't."""
    if role is None:
        return "no such role"
    return "" if is_allowed(role, access) else f"needs {access.action} on {access.resource}"


def _used(role: tuple[Statement, ...], access: Access) -> Iterable[tuple[str, str]]:
    for statement in role:
        pattern = statement.action_pattern_for(access) if statement.allows else None
        if pattern is not None:
            yield statement.name, pattern


def _unused(policies: Policies, used: set[tuple[str, str, str]]) -> Iterable[Unused]:
    for role_arn, role in policies.items():
        for statement in role:
            for action in statement.actions if statement.allows else ():
                if (role_arn, statement.name, action) not in used:
                    yield Unused(role_arn, statement.name, action)


def _default_document(policy: Any) -> Mapping[str, Any]:
    return _document(next(version.document for version in policy.versions if version.is_default))


def _document(text: Any) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(unquote(text)) if isinstance(text, str) else text
    return document
