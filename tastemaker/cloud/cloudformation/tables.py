"""DynamoDB tables, KMS keys and SSM parameters."""

from __future__ import annotations

from typing import Any

from tastemaker.cloud.cloudformation.resource import Properties, Resource, only, policy_text, refuse_others, without

_DESCRIBED_APART = (
    "TableName",
    "SSESpecification",
    "StreamSpecification",
    "PointInTimeRecoverySpecification",
    "TimeToLiveSpecification",
    "ContributorInsightsSpecification",
)


class Table(Resource):
    type = "AWS::DynamoDB::Table"
    service = "dynamodb"
    name_property = "TableName"
    immutable = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"})
    attributes = frozenset({"Arn", "StreamArn"})

    def create(self) -> None:
        described = self.call(
            "CreateTable",
            {
                "TableName": self.name,
                "BillingMode": "PROVISIONED",
                **without(self.properties, *_DESCRIBED_APART),
                **_streams_and_encryption(self.properties),
            },
        )["TableDescription"]
        self._describe(described)
        self._set_recovery_and_expiry({})

    def modify(self, previous: Properties) -> None:
        change = {
            **only(
                self.properties,
                "AttributeDefinitions",
                "BillingMode",
                "ProvisionedThroughput",
                "DeletionProtectionEnabled",
            ),
            **_streams_and_encryption(self.properties),
        }
        unchanged = {
            **only(
                previous,
                "AttributeDefinitions",
                "BillingMode",
                "ProvisionedThroughput",
                "DeletionProtectionEnabled",
            ),
            **_streams_and_encryption(previous),
        }
        change = {name: value for name, value in change.items() if unchanged.get(name) != value}
        indexes = _index_changes(
            previous.get("GlobalSecondaryIndexes", []), self.properties.get("GlobalSecondaryIndexes", [])
        )
        if indexes:
            change |= only(self.properties, "AttributeDefinitions")
            change["GlobalSecondaryIndexUpdates"] = indexes
        if change:
            self._describe(self.call("UpdateTable", {"TableName": self.name, **change})["TableDescription"])
        self._set_recovery_and_expiry(previous)

    def destroy(self) -> None:
        self.call("DeleteTable", {"TableName": self.name})

    def _describe(self, table: Properties) -> None:
        self.values = {"Arn": table["TableArn"]}
        if "LatestStreamArn" in table:
            self.values["StreamArn"] = table["LatestStreamArn"]

    def _set_recovery_and_expiry(self, previous: Properties) -> None:
        recovery = self.properties.get("PointInTimeRecoverySpecification")
        if recovery and recovery != previous.get("PointInTimeRecoverySpecification"):
            self.call(
                "UpdateContinuousBackups",
                {"TableName": self.name, "PointInTimeRecoverySpecification": recovery},
            )
        expiry = self.properties.get("TimeToLiveSpecification")
        if expiry and expiry != previous.get("TimeToLiveSpecification"):
            self.call("UpdateTimeToLive", {"TableName": self.name, "TimeToLiveSpecification": expiry})


class GlobalTable(Table):
    """The CDK's TableV2, in the one region that is deployed."""

    type = "AWS::DynamoDB::GlobalTable"
    _of_replica = ("DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "Tags", "TableClass")

    def __init__(self, name: str, properties: Properties, *, account: str, region: str, logical_id: str) -> None:
        replicas = properties.get("Replicas", [])
        here: Properties = next((replica for replica in replicas if replica["Region"] == region), {})
        table = without(properties, "Replicas", "WriteOnDemandThroughputSettings", "WriteProvisionedThroughputSettings")
        super().__init__(
            name,
            table | only(here, *self._of_replica),
            account=account,
            region=region,
            logical_id=logical_id,
        )


def _streams_and_encryption(properties: Properties) -> Properties:
    api: Properties = {}
    if encryption := properties.get("SSESpecification"):
        api["SSESpecification"] = {
            "Enabled": encryption["SSEEnabled"],
            **only(encryption, "SSEType", "KMSMasterKeyId"),
        }
    if stream := properties.get("StreamSpecification"):
        api["StreamSpecification"] = {"StreamEnabled": True, **only(stream, "StreamViewType")}
    return api


def _index_changes(previous: list[Properties], current: list[Properties]) -> list[dict[str, Any]]:
    before = {index["IndexName"]: index for index in previous}
    after = {index["IndexName"]: index for index in current}
    removed = [{"Delete": {"IndexName": name}} for name in before if before[name] != after.get(name)]
    added = [{"Create": after[name]} for name in after if after[name] != before.get(name)]
    return removed + added


class Key(Resource):
    type = "AWS::KMS::Key"
    service = "kms"
    immutable = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})
    attributes = frozenset({"Arn", "KeyId"})

    def create(self) -> None:
        key = self.call(
            "CreateKey",
            {
                **only(self.properties, "Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin"),
                **({"Policy": self.properties["KeyPolicy"]} if "KeyPolicy" in self.properties else {}),
            },
        )["KeyMetadata"]
        self.physical_resource_id = key["KeyId"]
        self.values = {"Arn": key["Arn"], "KeyId": key["KeyId"]}
        self._configure()

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # each of these is a put
        if "KeyPolicy" in self.properties:
            self.call(
                "PutKeyPolicy",
                {
                    "KeyId": self.physical_resource_id,
                    "PolicyName": "default",
                    "Policy": policy_text(self.properties["KeyPolicy"]),
                },
            )
        self._configure()

    def destroy(self) -> None:
        days = self.properties.get("PendingWindowInDays", 30)
        self.call("ScheduleKeyDeletion", {"KeyId": self.physical_resource_id, "PendingWindowInDays": days})

    def _configure(self) -> None:
        refuse_others(
            self,
            (
                "Description",
                "KeySpec",
                "KeyUsage",
                "MultiRegion",
                "Origin",
                "KeyPolicy",
                "EnableKeyRotation",
                "PendingWindowInDays",
                "Tags",
                "Enabled",
            ),
        )
        rotates = self.properties.get("EnableKeyRotation") in (True, "true")
        self.call("EnableKeyRotation" if rotates else "DisableKeyRotation", {"KeyId": self.physical_resource_id})


class KeyAlias(Resource):
    type = "AWS::KMS::Alias"
    service = "kms"
    name_property = "AliasName"
    immutable = frozenset({"AliasName"})

    def create(self) -> None:
        self.call("CreateAlias", self.properties)

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # the target is all that changes
        self.call("UpdateAlias", self.properties)

    def destroy(self) -> None:
        self.call("DeleteAlias", {"AliasName": self.name})


class Parameter(Resource):
    type = "AWS::SSM::Parameter"
    service = "ssm"
    name_property = "Name"
    immutable = frozenset({"Name"})
    attributes = frozenset({"Type", "Value"})

    def create(self) -> None:
        self.call("PutParameter", {"Name": self.name, **without(self.properties, "Name", "Tags")})
        self._remember()

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # a put with leave to overwrite
        self.call(
            "PutParameter",
            {**without(self.properties, "Tags"), "Name": self.name, "Overwrite": True},
        )
        self._remember()

    def destroy(self) -> None:
        self.call("DeleteParameter", {"Name": self.name})

    def _remember(self) -> None:
        self.values = {"Type": self.properties["Type"], "Value": self.properties["Value"]}
