"""S3 as jobs read it, over the endpoint."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from pyarrow import csv

from tastemaker.cloud import moto_bridge
from tastemaker.cloud.identity import Caller
from tastemaker.cloud.objects import S3Objects
from tastemaker.cloud.wire import Request, Response
from tastemaker.personalize.objects import AccessDenied, NoSuchBucket, NoSuchKey
from tests.unit.cloud.served import Served, served

ROLE = "arn:aws:iam::123456789012:role/personalize"
BUCKET = "exports"


def _s3(service: str, request: Request) -> Response:
    if request.path.startswith("/closed"):
        return Response(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    return moto_bridge.handle(service, request)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Served]:
    with served({"s3": _s3}) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture
def objects(cloud: Served) -> S3Objects:
    return S3Objects(cloud.clients, cloud.identities)


def test_keys_are_listed_across_pages_and_sorted(
    cloud: Served, objects: S3Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for name in ("b", "a", "ü", "c"):
        cloud.client("s3").put_object(Bucket=BUCKET, Key=f"run/{name}.csv", Body=b"")
    cloud.client("s3").put_object(Bucket=BUCKET, Key="other", Body=b"")

    assert objects.list(BUCKET, "run/", role_arn=ROLE) == ["run/a.csv", "run/b.csv", "run/c.csv", "run/ü.csv"]


def test_an_object_is_read_as_a_file(cloud: Served, objects: S3Objects) -> None:
    rows = "USER_ID,ITEM_ID\n" + "".join(f"u{n},i{n}\n" for n in range(200_000))
    cloud.client("s3").put_object(Bucket=BUCKET, Key="large.csv", Body=rows.encode())

    with objects.open(BUCKET, "large.csv", role_arn=ROLE) as file:
        assert file.readline() == b"USER_ID,ITEM_ID\n"
        assert file.read() == rows.encode()[16:]
    with objects.open(BUCKET, "large.csv", role_arn=ROLE) as file:
        assert csv.read_csv(file).num_rows == 200_000


def test_an_empty_object_is_an_empty_file(cloud: Served, objects: S3Objects) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="empty", Body=io.BytesIO())

    with objects.open(BUCKET, "empty", role_arn=ROLE) as file:
        assert file.read() == b""


def test_reads_are_recorded_as_the_roles(cloud: Served, objects: S3Objects) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="k", Body=b"1")
    cloud.calls.clear()

    objects.list(BUCKET, "k", role_arn=ROLE)
    objects.open(BUCKET, "k", role_arn=ROLE).close()

    assert [(call.caller, call.operation) for call in cloud.calls] == [
        (Caller(ROLE), "ListObjectsV2"),
        (Caller(ROLE), "GetObject"),
    ]


def test_what_is_missing_is_told_apart(objects: S3Objects) -> None:
    with pytest.raises(NoSuchBucket, match="s3://nowhere/"):
        objects.list("nowhere", "", role_arn=ROLE)
    with pytest.raises(NoSuchBucket):
        objects.open("nowhere", "k", role_arn=ROLE)
    with pytest.raises(NoSuchKey, match=f"{ROLE} cannot read s3://{BUCKET}/absent"):
        objects.open(BUCKET, "absent", role_arn=ROLE)


def test_a_refusal_is_told_as_one(objects: S3Objects) -> None:
    with pytest.raises(AccessDenied):
        objects.list("closed", "", role_arn=ROLE)
    with pytest.raises(AccessDenied):
        objects.open("closed", "k", role_arn=ROLE)
