"""The stack that holds data: the source tables, the engine's own table and the bucket of the exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3

from lambdas.common.bucket_policy import statements
from lambdas.common.events import SORT_KEY
from stacks.constructs.permission import acknowledge
from stacks.constructs.personalize_role import PersonalizeRole

if TYPE_CHECKING:
    from constructs import Construct

    from lambdas.common.config import Config, Dataset

EXPORT_DAYS = 30


class DataStack(cdk.Stack):
    """What outlives every deployment where the configuration says so."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Tastemaker {config.project}: tables and exports",
            termination_protection=config.retain_data,
        )
        self._kept = cdk.RemovalPolicy.RETAIN if config.retain_data else cdk.RemovalPolicy.DESTROY
        self.exports = self._exports(config)
        # exported here already, so that a permission on it can be named in its acknowledgement
        self.exports_arn: str = (
            self.export_value(self.exports.bucket_arn) if config.exports is None else self.exports.bucket_arn
        )
        self.personalize_role = PersonalizeRole(self, "Personalize", bucket=self.exports).role
        self.engine = self._table(
            "Engine",
            dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            time_to_live="expiresAt",
        )
        self.sources = {
            "INTERACTIONS": self._interactions(config),
            **{
                name: self._source(dataset, name, key=key)
                for name, dataset, key in (("ITEMS", config.items, "ITEM_ID"), ("USERS", config.users, "USER_ID"))
                if dataset is not None
            },
        }
        cdk.CfnOutput(self, "ExportBucket", value=self.exports.bucket_name)
        cdk.CfnOutput(self, "EngineTable", value=self.engine.table_name)
        for name, table in self.sources.items():
            cdk.CfnOutput(self, f"{name.capitalize()}Table", value=table.table_name)

    def _exports(self, config: Config) -> s3.IBucket:
        if config.exports is None:
            return self._bucket()
        bucket = config.exports.bucket
        # no stack can edit the policy of a bucket that it does not own
        lets_in = json.dumps(statements(bucket, partition=cdk.Aws.PARTITION))
        cdk.CfnOutput(self, "ExportBucketStatements", value=lets_in)
        cdk.Annotations.of(self).add_info(
            f"the policy of the bucket {bucket} has to let Personalize in, and every run checks that first; "
            f"its Statement needs {json.dumps(statements(bucket, partition='aws'))}"
        )
        return s3.Bucket.from_bucket_name(self, "Exports", bucket)

    def _bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Exports",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="exports/",
                    expiration=cdk.Duration.days(EXPORT_DAYS),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
            removal_policy=self._kept,
        )
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "the exports are copies that expire; whoever needs a record of their readers has CloudTrail's data events",
        )
        return bucket

    def _interactions(self, config: Config) -> dynamodb.ITable:
        # `<timestamp>#<eventId>`: no event overwrites another, and a user's events lie in their order
        order = dynamodb.Attribute(name=SORT_KEY, type=dynamodb.AttributeType.STRING)
        return self._source(config.interactions, "INTERACTIONS", key="USER_ID", sort_key=order)

    def _source(
        self, source: Dataset, name: str, *, key: str, sort_key: dynamodb.Attribute | None = None
    ) -> dynamodb.ITable:
        """The table of a dataset; one that is created has the attribute that becomes `key` as its partition key."""
        if not source.create_table:
            return dynamodb.Table.from_table_name(self, name.capitalize(), source.table)
        partition_key = dynamodb.Attribute(name=source.attribute_of(key), type=dynamodb.AttributeType.STRING)
        return self._table(name.capitalize(), partition_key, sort_key=sort_key, name=source.table)

    def _table(
        self,
        construct_id: str,
        partition_key: dynamodb.Attribute,
        *,
        sort_key: dynamodb.Attribute | None = None,
        name: str | None = None,
        time_to_live: str | None = None,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            table_name=name,
            partition_key=partition_key,
            sort_key=sort_key,
            time_to_live_attribute=time_to_live,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=self._kept,
        )
