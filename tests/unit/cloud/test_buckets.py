"""Bucket policies over the endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tastemaker.cloud import buckets
from tests.unit.cloud.served import Served, served

OBJECTS = "arn:aws:s3:::shop/*"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Served]:
    buckets.install()
    with served() as running:
        running.client("s3").create_bucket(Bucket="shop")
        yield running


def put_under(cloud: Served, **statement: Any) -> None:
    """Give the bucket a policy of this statement, and put an object."""
    s3 = cloud.client("s3")
    policy = {"Version": "2012-10-17", "Statement": [{"Action": "s3:*", "Resource": OBJECTS, **statement}]}
    s3.put_bucket_policy(Bucket="shop", Policy=json.dumps(policy))
    try:
        s3.put_object(Bucket="shop", Key="k", Body=b"1")
    finally:
        s3.delete_bucket_policy(Bucket="shop")


def test_a_refusal_of_plain_http_does_not_meet_the_loopback(cloud: Served) -> None:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}

    put_under(cloud, Effect="Deny", Principal={"AWS": "*"}, Condition=insecure)


def test_a_refusal_of_everybody_is_one(cloud: Served) -> None:
    with pytest.raises(ClientError, match="403"):
        put_under(cloud, Effect="Deny", Principal="*")


def test_a_refusal_that_covers_another_action_does_not_matter(cloud: Served) -> None:
    put_under(cloud, Effect="Deny", Principal="*", Action="s3:DeleteObject")


def test_what_is_allowed_to_a_service_under_a_condition_refuses_nobody_else(cloud: Served) -> None:
    own_account = {"StringEquals": {"aws:SourceAccount": "123456789012"}}

    put_under(cloud, Effect="Allow", Principal={"Service": "personalize.amazonaws.com"}, Condition=own_account)


def test_a_condition_that_cannot_be_judged_here_decides_nothing(cloud: Served) -> None:
    elsewhere = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}

    put_under(cloud, Effect="Deny", Principal="*", Condition=elsewhere)
