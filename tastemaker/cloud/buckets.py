"""Bucket policies as S3 applies them: moto takes a statement whose condition isn't met for a refusal."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from tastemaker.cloud.identity import ACCOUNT_ID
from tastemaker.cloud.policies import Access, UnsupportedConditionError, statements

_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})
# loopback stands for the TLS that clients of AWS speak
_CONTEXT = {"aws:securetransport": "true", "aws:resourceaccount": ACCOUNT_ID}


def install() -> None:
    """Judge by these rules; harmless when repeated."""
    FakeBucket.get_permission = _permission


def _permission(bucket: Any, action: str, resource: str) -> Any:
    """What the policy says about everybody. Statements about somebody are the record of calls' to judge."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    access = Access(action, resource, _CONTEXT)
    permitted = False
    for statement in statements(bucket.name, json.loads(bucket.policy)):
        if statement.document.get("Principal") not in _EVERYBODY:
            continue
        try:
            covered = statement.action_pattern_for(access) is not None
        except UnsupportedConditionError:
            continue
        if covered and not statement.allows:
            return PermissionResult.DENIED
        permitted = permitted or covered
    return PermissionResult.PERMITTED if permitted else PermissionResult.NEUTRAL
