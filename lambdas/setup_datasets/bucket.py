"""Whether Personalize can read a bucket that is not the stacks' own, asked before anything is created."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.common.bucket_policy import missing, statements
from lambdas.common.errors import InvalidError, error_code, translated
from lambdas.common.names import Account

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def check_bucket(s3: S3Client, *, bucket: str, account: Account) -> dict[str, Any]:
    """`{"bucket"}`, or an `InvalidError` with the exact statements that the bucket's policy lacks.

    Personalize reads only buckets of its own region.
    """
    with translated(f"looking at the bucket {bucket}"):
        region = s3.head_bucket(Bucket=bucket)["BucketRegion"]
    if region != account.region:
        raise InvalidError(f"the bucket {bucket} is in {region}; Personalize reads buckets in {account.region} only")
    if lacking := missing(_policy(s3, bucket), statements(bucket, partition=account.partition)):
        raise InvalidError(
            f"the policy of the bucket {bucket} does not let Personalize read the exports; add to its Statement: "
            f"{json.dumps(lacking)}"
        )
    return {"bucket": bucket}


def _policy(s3: S3Client, bucket: str) -> dict[str, Any]:
    with translated(f"reading the policy of the bucket {bucket}"):
        try:
            policy: dict[str, Any] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error_code(error) == "NoSuchBucketPolicy":
                return {}
            raise
    return policy
