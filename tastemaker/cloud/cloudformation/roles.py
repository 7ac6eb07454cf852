"""IAM roles and the policies attached to them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, cast

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from tastemaker.cloud.cloudformation.resource import (
    Properties,
    Resource,
    only,
    policy_text,
    refuse_others,
    without,
)

_AWS_MANAGED = "arn:aws:iam::aws:policy/"


class Role(Resource):
    type = "AWS::IAM::Role"
    service = "iam"
    name_property = "RoleName"
    name_limit = 64
    immutable = frozenset({"RoleName", "Path"})
    attributes = frozenset({"Arn", "RoleId"})

    def create(self) -> None:
        role = self.call(
            "CreateRole",
            {"RoleName": self.name, **without(self.properties, "RoleName", "Policies", "ManagedPolicyArns")},
        )["Role"]
        self.values = {"Arn": role["Arn"], "RoleId": role["RoleId"]}
        self._attach({})

    def modify(self, previous: Properties) -> None:
        self.call(
            "UpdateAssumeRolePolicy",
            {
                "RoleName": self.name,
                "PolicyDocument": policy_text(self.properties["AssumeRolePolicyDocument"]),
            },
        )
        self.call("UpdateRole", {"RoleName": self.name, **only(self.properties, "Description", "MaxSessionDuration")})
        self._attach(previous)

    def destroy(self) -> None:
        for arn in self.properties.get("ManagedPolicyArns", []):
            self.call("DetachRolePolicy", {"RoleName": self.name, "PolicyArn": arn})
        for policy in self.properties.get("Policies", []):
            self.call("DeleteRolePolicy", {"RoleName": self.name, "PolicyName": policy["PolicyName"]})
        self.call("DeleteRole", {"RoleName": self.name})

    def _attach(self, previous: Properties) -> None:
        before, now = previous.get("ManagedPolicyArns", []), self.properties.get("ManagedPolicyArns", [])
        for arn in set(before) - set(now):
            self.call("DetachRolePolicy", {"RoleName": self.name, "PolicyArn": arn})
        for arn in now:
            if arn not in before:
                _make_known(arn, self.account)
                self.call("AttachRolePolicy", {"RoleName": self.name, "PolicyArn": arn})
        kept = {policy["PolicyName"] for policy in self.properties.get("Policies", [])}
        for policy in previous.get("Policies", []):
            if policy["PolicyName"] not in kept:
                self.call("DeleteRolePolicy", {"RoleName": self.name, "PolicyName": policy["PolicyName"]})
        for policy in self.properties.get("Policies", []):
            self.call("PutRolePolicy", {"RoleName": self.name, **policy})


class InlinePolicy(Resource):
    type = "AWS::IAM::Policy"
    service = "iam"
    name_limit = 128
    immutable = frozenset({"PolicyName"})

    def create(self) -> None:
        refuse_others(self, ("PolicyName", "PolicyDocument", "Roles"))
        for role in self.properties["Roles"]:
            self.call("PutRolePolicy", {"RoleName": role, **without(self.properties, "Roles")})

    def modify(self, previous: Properties) -> None:
        self._take_from(role for role in previous["Roles"] if role not in self.properties["Roles"])
        self.create()

    def destroy(self) -> None:
        self._take_from(self.properties["Roles"])

    def _take_from(self, roles: Any) -> None:
        for role in roles:
            self.call("DeleteRolePolicy", {"RoleName": role, **only(self.properties, "PolicyName")})


class ManagedPolicy(Resource):
    type = "AWS::IAM::ManagedPolicy"
    service = "iam"
    name_property = "ManagedPolicyName"
    name_limit = 128
    immutable = frozenset({"ManagedPolicyName", "Path", "Description"})
    attributes = frozenset({"PolicyArn", "PolicyId"})

    def create(self) -> None:
        refuse_others(self, ("ManagedPolicyName", "Path", "Description", "PolicyDocument", "Roles"))
        policy = self.call(
            "CreatePolicy",
            {"PolicyName": self.name, **without(self.properties, "ManagedPolicyName", "Roles")},
        )["Policy"]
        self.physical_resource_id = policy["Arn"]
        self.values = {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]}
        self._attach(self.properties.get("Roles", []))

    def modify(self, previous: Properties) -> None:
        self.call(
            "CreatePolicyVersion",
            {
                "PolicyArn": self.physical_resource_id,
                **only(self.properties, "PolicyDocument"),
                "SetAsDefault": True,
            },
        )
        before, now = previous.get("Roles", []), self.properties.get("Roles", [])
        self._detach([role for role in before if role not in now])
        self._attach([role for role in now if role not in before])

    def destroy(self) -> None:
        self._detach(self.properties.get("Roles", []))
        versions = self.call("ListPolicyVersions", {"PolicyArn": self.physical_resource_id})["Versions"]
        for version in versions:
            if not version["IsDefaultVersion"]:
                self.call(
                    "DeletePolicyVersion",
                    {"PolicyArn": self.physical_resource_id, "VersionId": version["VersionId"]},
                )
        self.call("DeletePolicy", {"PolicyArn": self.physical_resource_id})

    def _attach(self, roles: list[str]) -> None:
        for role in roles:
            self.call("AttachRolePolicy", {"RoleName": role, "PolicyArn": self.physical_resource_id})

    def _detach(self, roles: list[str]) -> None:
        for role in roles:
            self.call("DetachRolePolicy", {"RoleName": role, "PolicyArn": self.physical_resource_id})


def _make_known(arn: str, account: str) -> None:
    """Put one of AWS's own policies into moto's backend, which starts without them (loading all takes a second)."""
    backend = iam_backends[account]["aws"]
    if not arn.startswith(_AWS_MANAGED) or arn in backend.managed_policies:
        return
    name = arn.rsplit("/", 1)[-1]
    policy = _aws_managed_policies().get(name)
    if policy is not None:
        known = AWSManagedPolicy.from_data(name, account, backend.region_name, policy)
        backend.managed_policies[known.arn] = known


@lru_cache(maxsize=1)
def _aws_managed_policies() -> dict[str, Properties]:
    return cast(dict[str, Properties], json.loads(aws_managed_policies_data))
