"""S3 buckets and their policies."""

from __future__ import annotations

from typing import Any

from tastemaker.cloud.cloudformation.resource import Properties, Resource, only, policy_text, refuse_others

_SETTINGS = (
    "BucketEncryption",
    "CorsConfiguration",
    "LifecycleConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
)


class Bucket(Resource):
    type = "AWS::S3::Bucket"
    service = "s3"
    name_property = "BucketName"
    name_limit = 63
    immutable = frozenset({"BucketName"})
    attributes = frozenset({"Arn", "DomainName", "RegionalDomainName", "DualStackDomainName"})

    def create(self) -> None:
        refuse_others(self, ("BucketName", *_SETTINGS))
        location = (
            {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        )
        self.call("CreateBucket", {"Bucket": self.name, **location})
        self.values = {
            "Arn": f"arn:aws:s3:::{self.name}",
            "DomainName": f"{self.name}.s3.amazonaws.com",
            "RegionalDomainName": f"{self.name}.s3.{self.region}.amazonaws.com",
            "DualStackDomainName": f"{self.name}.s3.dualstack.{self.region}.amazonaws.com",
        }
        self._configure({})

    def modify(self, previous: Properties) -> None:
        refuse_others(self, ("BucketName", *_SETTINGS))
        self._configure(previous)

    def destroy(self) -> None:
        self.call("DeleteBucket", {"Bucket": self.name})

    def _configure(self, previous: Properties) -> None:
        for setting in _SETTINGS:
            value = self.properties.get(setting)
            if value == previous.get(setting):
                continue
            operation, parameters = _put(setting, value) if value else _RESETS[setting]
            self.call(operation, {"Bucket": self.name, **parameters})


class BucketPolicy(Resource):
    type = "AWS::S3::BucketPolicy"
    service = "s3"
    immutable = frozenset({"Bucket"})

    def create(self) -> None:
        bucket = self.properties["Bucket"]
        self.physical_resource_id = bucket
        self.call(
            "PutBucketPolicy",
            {"Bucket": bucket, "Policy": policy_text(self.properties["PolicyDocument"])},
        )

    def destroy(self) -> None:
        self.call("DeleteBucketPolicy", only(self.properties, "Bucket"))


_RESETS: dict[str, tuple[str, Properties]] = {
    "BucketEncryption": ("DeleteBucketEncryption", {}),
    "CorsConfiguration": ("DeleteBucketCors", {}),
    "LifecycleConfiguration": ("DeleteBucketLifecycle", {}),
    "OwnershipControls": ("DeleteBucketOwnershipControls", {}),
    "PublicAccessBlockConfiguration": ("DeletePublicAccessBlock", {}),
    "Tags": ("DeleteBucketTagging", {}),
    "VersioningConfiguration": (
        "PutBucketVersioning",
        {"VersioningConfiguration": {"Status": "Suspended"}},
    ),
}


def _put(setting: str, value: Any) -> tuple[str, Properties]:
    match setting:
        case "BucketEncryption":
            rules = [_encryption_rule(rule) for rule in value["ServerSideEncryptionConfiguration"]]
            return "PutBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": rules}}
        case "CorsConfiguration":
            rules = [_cors_rule(rule) for rule in value["CorsRules"]]
            return "PutBucketCors", {"CORSConfiguration": {"CORSRules": rules}}
        case "LifecycleConfiguration":
            rules = [_lifecycle_rule(rule) for rule in value["Rules"]]
            return "PutBucketLifecycleConfiguration", {"LifecycleConfiguration": {"Rules": rules}}
        case "OwnershipControls":
            return "PutBucketOwnershipControls", {setting: value}
        case "PublicAccessBlockConfiguration":
            return "PutPublicAccessBlock", {setting: value}
        case "Tags":
            return "PutBucketTagging", {"Tagging": {"TagSet": value}}
        case _:
            return "PutBucketVersioning", {setting: value}


def _encryption_rule(rule: Properties) -> Properties:
    default = rule["ServerSideEncryptionByDefault"]
    return {"ApplyServerSideEncryptionByDefault": default, **only(rule, "BucketKeyEnabled")}


def _cors_rule(rule: Properties) -> Properties:
    names = {
        "Id": "ID",
        "ExposedHeaders": "ExposeHeaders",
        "MaxAge": "MaxAgeSeconds",
    }
    return {names.get(name, name): value for name, value in rule.items()}


def _lifecycle_rule(rule: Properties) -> Properties:
    """CloudFormation's rule in the API's form; what isn't adapted stays as it is, for the API to refuse."""
    api = dict(rule)
    prefix = api.pop("Prefix", "")
    tags = api.pop("TagFilters", [])
    if "Id" in api:
        api["ID"] = api.pop("Id")
    if "ExpirationInDays" in api:
        api["Expiration"] = {"Days": api.pop("ExpirationInDays")}
    if "NoncurrentVersionExpirationInDays" in api:
        api["NoncurrentVersionExpiration"] = {"NoncurrentDays": api.pop("NoncurrentVersionExpirationInDays")}
    if "Transitions" in api:
        api["Transitions"] = [
            {"Days": transition["TransitionInDays"], "StorageClass": transition["StorageClass"]}
            for transition in api["Transitions"]
        ]
    if tags:
        api["Filter"] = {"And": {"Prefix": prefix, "Tags": tags}}
    else:
        api["Filter"] = {"Prefix": prefix}
    return api
