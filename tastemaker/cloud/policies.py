"""IAM's evaluation of identity policies: does a role's set of statements allow an action on a resource?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

CONTEXT_KEYS = frozenset(
    {
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "cloudwatch:namespace",
        "iam:passedtoservice",
        "s3:prefix",
    }
)
"""The condition keys, in lower case, that a local run knows values of."""


class UnsupportedConditionError(Exception):
    """A condition that can't be judged here; judging it wrongly could let through what AWS denies."""


@dataclass(frozen=True)
class Access:
    """An action on a resource, with what conditions can ask about (keys in lower case)."""

    action: str
    resource: str
    context: Mapping[str, str]


@dataclass(frozen=True)
class Statement:
    """One statement of a role's policies. `name` says which: the policy's name and the statement's id or number."""

    name: str
    document: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        return bool(self.document["Effect"] == "Allow")

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(_listed(self.document.get("Action")))

    def action_pattern_for(self, access: Access) -> str | None:
        """The pattern under which this statement covers `access`, or None where it doesn't.

        Raises `UnsupportedConditionError` where it would cover it but for a condition that can't be judged.
        """
        pattern = self._matching_action(access.action)
        if pattern is None or not self._covers_resource(access.resource):
            return None
        conditions = self.document.get("Condition", {})
        met = [_is_met(self.name, operator, tests, access) for operator, tests in conditions.items()]
        return pattern if all(met) else None

    def _matching_action(self, action: str) -> str | None:
        if "NotAction" in self.document:
            excluded = any(_like(action.lower(), p.lower()) for p in _listed(self.document["NotAction"]))
            return None if excluded else "NotAction"
        return next((p for p in self.actions if _like(action.lower(), p.lower())), None)

    def _covers_resource(self, resource: str) -> bool:
        if "NotResource" in self.document:
            return not any(_like(resource, pattern) for pattern in _listed(self.document["NotResource"]))
        return any(_like(resource, pattern) for pattern in _listed(self.document["Resource"]))


def statements(policy_name: str, document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of one policy document."""
    listed = document["Statement"]
    listed = [listed] if isinstance(listed, Mapping) else listed
    return tuple(
        Statement(f"{policy_name}/{statement.get('Sid') or number}", statement)
        for number, statement in enumerate(listed)
    )


def is_allowed(role: Sequence[Statement], access: Access) -> bool:
    """Whether some statement allows `access` and none denies it."""
    covering = [statement for statement in role if statement.action_pattern_for(access) is not None]
    return bool(covering) and all(statement.allows for statement in covering)


def _is_met(statement: str, operator: str, tests: Mapping[str, Any], access: Access) -> bool:
    return all(_is_key_met(statement, operator, key, _listed(values), access) for key, values in tests.items())


def _is_key_met(statement: str, operator: str, key: str, wanted: list[str], access: Access) -> bool:
    if key.lower() not in CONTEXT_KEYS:
        raise UnsupportedConditionError(f"{statement} has a condition on {key}, of which a local run knows nothing")
    base = operator.removesuffix("IfExists")
    actual = access.context.get(key.lower())
    if base == "Null":
        return any((str(value).lower() == "true") == (actual is None) for value in wanted)
    negated = "Not" in base
    compare = _COMPARISONS.get(base.replace("Not", ""))
    if compare is None:
        raise UnsupportedConditionError(f"{statement} has the condition operator {operator}, which isn't supported")
    if actual is None:
        return negated or operator.endswith("IfExists")
    return negated != any(compare(actual, str(value)) for value in wanted)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _like(value: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def _equal_arns(actual: str, wanted: str) -> bool:
    """ARN operators match part by part: a wildcard doesn't reach across the first five colons."""
    parts, patterns = actual.split(":", 5), wanted.split(":", 5)
    return len(parts) == len(patterns) and all(map(_like, parts, patterns))


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "StringEqualsIgnoreCase": lambda actual, wanted: actual.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _equal_arns,
    "ArnLike": _equal_arns,
    "Bool": lambda actual, wanted: actual.lower() == wanted.lower(),
}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
