"""The topic of outcomes: how runs ended and which alarms there are, encrypted, for whoever subscribes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.constructs.permission import Permission

if TYPE_CHECKING:
    from lambdas.common.config import Config

# what SNS does with the key in the name of whoever publishes
_KEY_USE = ["kms:Decrypt", "kms:GenerateDataKey"]


class Outcomes(Construct):
    """The topic `<project>-outcomes`, to which the configured addresses are subscribed.

    Alarms cannot publish to a topic under SNS's own key, whose policy nobody can change; so it has one of its own.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._key = kms.Key(
            self,
            "Key",
            description=f"Tastemaker {config.project}: what the topic of outcomes holds on its way",
            enable_key_rotation=True,
            pending_window=cdk.Duration.days(7),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(
            self, "Topic", topic_name=f"{config.project}-outcomes", master_key=self._key, enforce_ssl=True
        )
        for email in config.notifications.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        self._let_alarms_in()

    @property
    def publishing(self) -> tuple[Permission, ...]:
        """What a role needs to publish."""
        return (
            Permission(["sns:Publish"], [self.topic.topic_arn]),
            Permission(_KEY_USE, [self._key.key_arn]),
        )

    def _let_alarms_in(self) -> None:
        stack, cloudwatch = cdk.Stack.of(self), iam.ServicePrincipal("cloudwatch.amazonaws.com")
        alarms = stack.format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )
        ours = {"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": alarms}}
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"], resources=[self.topic.topic_arn], principals=[cloudwatch], conditions=ours
            )
        )
        # of what CloudWatch tells KMS about the alarm nothing is documented, so there is no condition to put here
        self._key.add_to_resource_policy(
            iam.PolicyStatement(actions=_KEY_USE, resources=["*"], principals=[cloudwatch])
        )
