"""The role with which Personalize reads the exports: both halves, the role's and the bucket's."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.permission import Permission, allow

EXPORTS = "exports/*"
OWN_KEYS = "each run's export has keys of its own, all of them below exports/"


class PersonalizeRole(Construct):
    """Lets Personalize list the bucket and read its exports.

    It reads with the role, and checks that the bucket's policy lets Personalize in as well: where one half is
    missing, every import is refused with "Insufficient privileges for accessing data in S3".
    """

    def __init__(self, scope: Construct, construct_id: str, *, bucket: s3.IBucket) -> None:
        super().__init__(scope, construct_id)
        personalize = iam.ServicePrincipal("personalize.amazonaws.com")
        self.role = iam.Role(
            self,
            "Role",
            description="Personalize reads the exported datasets with it",
            assumed_by=personalize.with_conditions(_for_this_account(cdk.Stack.of(self))),
        )
        reads = {"s3:ListBucket": bucket.bucket_arn, "s3:GetObject": bucket.arn_for_objects(EXPORTS)}
        for action, resource in reads.items():
            allow(self.role, Permission([action], [resource], inexact_because=OWN_KEYS))
            bucket.add_to_resource_policy(
                iam.PolicyStatement(actions=[action], resources=[resource], principals=[personalize])
            )


def _for_this_account(stack: cdk.Stack) -> dict[str, dict[str, str]]:
    """Conditions by which nobody else's Personalize can be made to use the role."""
    personalize = stack.format_arn(service="personalize", resource="*", arn_format=cdk.ArnFormat.NO_RESOURCE_NAME)
    return {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "StringLike": {"aws:SourceArn": personalize},
    }
