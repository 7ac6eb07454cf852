"""What a role may do, with the reason wherever a resource cannot be named exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import IConstruct


@dataclass(frozen=True)
class Permission:
    """`actions` on `resources`; `inexact_because` is why one of them holds a wildcard."""

    actions: Sequence[str]
    resources: Sequence[str]
    inexact_because: str | None = None
    conditions: Mapping[str, Mapping[str, str]] | None = None


def allow(role: iam.Role, *permissions: Permission) -> None:
    """Add the permissions to the role; a wildcard without a reason stays a finding of cdk-nag."""
    for permission in permissions:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=list(permission.actions),
                resources=list(permission.resources),
                conditions=permission.conditions,
            )
        )
        if permission.inexact_because:
            for resource in permission.resources:
                acknowledge_wildcard(role, resource, permission.inexact_because)


def acknowledge_wildcard(role: iam.Role, resource: str, reason: str) -> None:
    """Accept that the role's permissions name `resource`."""
    finding = f"AwsSolutions-IAM5[Resource::{_flat(cdk.Stack.of(role).resolve(resource))}]"
    acknowledge(role, finding, reason)


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept `finding`, such as `AwsSolutions-L1`, on `construct` and what is in it."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))


def _flat(value: Any) -> str:
    """An ARN as cdk-nag writes it in a finding: `arn:<AWS::Partition>:…`."""
    match value:
        case str():
            return value
        case {"Fn::Join": [str(delimiter), list(parts)]}:
            return delimiter.join(_flat(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Fn::ImportValue": exported}:
            return _flat(exported)
        case _:
            return json.dumps(value, separators=(",", ":"))
