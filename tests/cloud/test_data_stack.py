"""What holds data: kept, encrypted, closed to the public, and read by Personalize through both halves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cloud.synthesis import Template, edited, flat, statements, synthesised


@pytest.fixture(scope="module")
def throwaway(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The data stack of a project that keeps nothing and brings its own table."""
    folder = tmp_path_factory.mktemp("throwaway")
    config = edited(
        folder, ("retain_data = true", "retain_data = false"), ("create_table = true", "create_table = false")
    )
    assembly = synthesised(folder / "out", config=config)
    return Template(json.loads((assembly / "example-shop-data.template.json").read_text()))


def test_what_holds_data_outlives_the_stack(data: Template) -> None:
    kept = data.of_type("AWS::DynamoDB::Table") + data.of_type("AWS::S3::Bucket")

    tables_and_bucket = 5
    assert len(kept) == tables_and_bucket
    assert {(r["DeletionPolicy"], r["UpdateReplacePolicy"]) for r in kept} == {("Retain", "Retain")}


def test_the_data_stack_alone_is_protected_against_deletion(assembly: Path) -> None:
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]

    protected = [
        name for name, artifact in artifacts.items() if artifact.get("properties", {}).get("terminationProtection")
    ]
    assert protected == ["example-shop-data"]


def test_a_project_that_keeps_nothing_leaves_nothing(throwaway: Template) -> None:
    held = throwaway.of_type("AWS::DynamoDB::Table") + throwaway.of_type("AWS::S3::Bucket")

    assert {resource["DeletionPolicy"] for resource in held} == {"Delete"}


def test_an_existing_table_is_not_created_and_still_named(throwaway: Template) -> None:
    assert [table.get("TableName") for table in throwaway.properties("AWS::DynamoDB::Table")] == [None]
    assert throwaway.document["Outputs"]["InteractionsTable"]["Value"] == "UserEvents"


def test_the_events_table_is_keyed_so_that_no_event_overwrites_another(data: Template) -> None:
    (events,) = (t for t in data.properties("AWS::DynamoDB::Table") if t.get("TableName") == "UserEvents")

    assert events["KeySchema"] == [
        {"AttributeName": "userId", "KeyType": "HASH"},
        {"AttributeName": "eventKey", "KeyType": "RANGE"},
    ]


def test_the_engines_table_alone_forgets_what_has_expired(data: Template) -> None:
    expiring = {
        table["KeySchema"][0]["AttributeName"]: table.get("TimeToLiveSpecification")
        for table in data.properties("AWS::DynamoDB::Table")
    }

    assert expiring.pop("key") == {"AttributeName": "expiresAt", "Enabled": True}
    assert set(expiring.values()) == {None}


def test_tables_are_paid_by_request_and_recoverable(data: Template) -> None:
    for table in data.properties("AWS::DynamoDB::Table"):
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_bucket_is_private_encrypted_and_forgets_its_exports(data: Template) -> None:
    (bucket,) = data.properties("AWS::S3::Bucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) == ("exports/", 30, "Enabled")
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_the_bucket_is_reached_by_tls_alone(data: Template) -> None:
    (policy,) = data.properties("AWS::S3::BucketPolicy")

    denied = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Deny"]
    assert [statement["Condition"] for statement in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert denied[0]["Principal"] == {"AWS": "*"}


def test_personalize_may_read_the_exports_by_the_role_and_by_the_buckets_policy(data: Template) -> None:
    (bucket_policy,) = data.properties("AWS::S3::BucketPolicy")
    (role_policy,) = data.properties("AWS::IAM::Policy")

    by_role = statements(role_policy["PolicyDocument"])
    by_bucket = statements(bucket_policy["PolicyDocument"])

    assert [s.actions for s in by_role] == [("s3:ListBucket",), ("s3:GetObject",)]
    assert [(s.actions, s.resources) for s in by_bucket] == [(s.actions, s.resources) for s in by_role]
    assert by_role[1].resources[0].endswith("/exports/*")


def test_nobody_elses_personalize_can_be_made_to_use_the_role(data: Template) -> None:
    (role,) = data.properties("AWS::IAM::Role")

    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "personalize.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert flat(statement["Condition"]["StringLike"]["aws:SourceArn"]) == (
        "arn:<AWS::Partition>:personalize:<AWS::Region>:<AWS::AccountId>:*"
    )


def test_the_outputs_are_those_that_the_commands_read(data: Template) -> None:
    assert {"ExportBucket", "EngineTable", "InteractionsTable"} <= data.document["Outputs"].keys()
