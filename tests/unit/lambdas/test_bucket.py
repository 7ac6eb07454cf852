"""Whether Personalize can read a bucket of somebody's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lambdas.common.bucket_policy import missing, statements
from lambdas.common.errors import InvalidError
from lambdas.setup_datasets.bucket import check_bucket
from tests.unit.lambdas.conftest import ACCOUNT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Storage = tuple["DynamoDBClient", "S3Client"]
WANTED = statements("lake", partition="aws")


def bucket(storage: Storage, *, policy: Any = None, region: str = ACCOUNT.region) -> S3Client:
    s3 = storage[1]
    maker = boto3.client("s3", region_name=region)
    maker.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    if policy is not None:
        s3.put_bucket_policy(Bucket="lake", Policy=json.dumps(policy))
    return s3


def test_a_bucket_with_the_statements_is_fine(storage: Storage) -> None:
    s3 = bucket(storage, policy={"Version": "2012-10-17", "Statement": WANTED})
    assert check_bucket(s3, bucket="lake", account=ACCOUNT) == {"bucket": "lake"}


def test_a_bucket_without_a_policy_is_told_the_exact_statements(storage: Storage) -> None:
    s3 = bucket(storage)
    with pytest.raises(InvalidError) as caught:
        check_bucket(s3, bucket="lake", account=ACCOUNT)
    text = str(caught.value)
    assert json.loads(text[text.index("[") :]) == WANTED


def test_only_what_is_missing_is_asked_for(storage: Storage) -> None:
    s3 = bucket(storage, policy={"Version": "2012-10-17", "Statement": WANTED[:1]})
    with pytest.raises(InvalidError) as caught:
        check_bucket(s3, bucket="lake", account=ACCOUNT)
    text = str(caught.value)
    assert json.loads(text[text.index("[") :]) == WANTED[1:]


def test_a_bucket_of_another_region_is_refused(storage: Storage) -> None:
    s3 = bucket(storage, policy={"Version": "2012-10-17", "Statement": WANTED}, region="eu-central-1")
    with pytest.raises(InvalidError, match="lake is in eu-central-1; Personalize reads buckets in eu-west-1 only"):
        check_bucket(s3, bucket="lake", account=ACCOUNT)


def test_a_bucket_that_does_not_exist_is_named(storage: Storage) -> None:
    with pytest.raises(InvalidError, match="looking at the bucket lake"):
        check_bucket(storage[1], bucket="lake", account=ACCOUNT)


GET = WANTED[1]


@pytest.mark.parametrize(
    ("statement", "allows"),
    [
        (GET, True),
        ({**GET, "Action": ["s3:PutObject", "s3:Get*"]}, True),
        ({**GET, "Action": "S3:GETOBJECT"}, True),
        ({**GET, "Resource": ["arn:aws:s3:::other/*", "arn:aws:s3:::lake/*"]}, True),
        ({**GET, "Principal": {"Service": ["personalize.amazonaws.com", "macie.amazonaws.com"]}}, True),
        ({**GET, "Principal": "*"}, True),
        ({**GET, "Principal": {"AWS": "*"}}, True),
        ({**GET, "Effect": "Deny"}, False),
        ({**GET, "Action": "s3:PutObject"}, False),
        ({**GET, "Resource": "arn:aws:s3:::lake"}, False),
        ({**GET, "Resource": "arn:aws:s3:::lake/exports/one.csv"}, False),
        ({**GET, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({**GET, "Principal": None}, False),
    ],
)
def test_a_statement_allows_what_its_parts_cover(statement: dict[str, Any], allows: bool) -> None:
    assert (missing({"Statement": statement}, [GET]) == []) is allows
