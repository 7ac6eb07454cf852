"""Clients that reach no network: scripted ones for Personalize, moto's for storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient
    from mypy_boto3_s3 import S3Client

from lambdas.common.names import Account
from tastemaker.cloud import dynamodb_filters

ACCOUNT = Account("aws", "eu-west-1", "123456789012")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture
def personalize() -> Iterator[tuple[PersonalizeClient, Stubber]]:
    """A Personalize client and the script of what it is to be asked, checked to its end."""
    client = boto3.client("personalize")
    with Stubber(client) as script:
        yield client, script
        script.assert_no_pending_responses()


@pytest.fixture
def runtime() -> Iterator[tuple[PersonalizeRuntimeClient, Stubber]]:
    client = boto3.client("personalize-runtime")
    with Stubber(client) as script:
        yield client, script
        script.assert_no_pending_responses()


@pytest.fixture
def storage() -> Iterator[tuple[DynamoDBClient, S3Client]]:
    dynamodb_filters.install()
    with mock_aws():
        yield boto3.client("dynamodb"), boto3.client("s3")
