"""moto through the endpoint: bodies, headers, paths and regions arrive as they were sent."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.unit.cloud.served import Served, served, signed

BUCKET = "shop-data"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Served]:
    with served() as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@pytest.mark.parametrize(
    "key", ["plain.csv", "a b/ü,1+2.csv", "50%/of%2F.csv", "folder/", "//double", "a?b#c&d=e", "😀"]
)
def test_objects_come_back_under_the_key_they_were_put_under(cloud: Served, key: str) -> None:
    s3 = cloud.client("s3")

    s3.put_object(Bucket=BUCKET, Key=key, Body=b"content")

    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"content"
    assert key in [listed["Key"] for listed in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    s3.delete_object(Bucket=BUCKET, Key=key)


def test_metadata_keeps_its_names(cloud: Served) -> None:
    s3 = cloud.client("s3")

    s3.put_object(Bucket=BUCKET, Key="k", Body=b"12345", Metadata={"run_id": "1", "run-name": "2"})

    head = s3.head_object(Bucket=BUCKET, Key="k")
    assert (head["ContentLength"], head["Metadata"]) == (5, {"run_id": "1", "run-name": "2"})


def test_ranges_are_served(cloud: Served) -> None:
    s3 = cloud.client("s3")
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"0123456789")

    assert s3.get_object(Bucket=BUCKET, Key="k", Range="bytes=2-4")["Body"].read() == b"234"


def test_a_large_object_goes_up_in_parts_and_comes_back_whole(cloud: Served) -> None:
    s3 = cloud.client("s3")
    content = bytes(range(256)) * (12 * 4096)

    s3.upload_fileobj(io.BytesIO(content), BUCKET, "large")

    received = io.BytesIO()
    s3.download_fileobj(BUCKET, "large", received)
    assert received.getvalue() == content
    assert "CreateMultipartUpload" in {call.operation for call in cloud.calls}


def test_chunked_uploads_are_put_together(cloud: Served) -> None:
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    headers = {
        **signed("s3"),
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": "11",
    }

    status, _, _ = cloud.send("PUT", f"/{BUCKET}/chunked", headers, body)

    assert status == 200
    assert cloud.client("s3").get_object(Bucket=BUCKET, Key="chunked")["Body"].read() == b"hello world"


def test_signed_chunks_are_put_together(cloud: Served) -> None:
    body = b"5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n\r\n"
    headers = {
        **signed("s3"),
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "X-Amz-Decoded-Content-Length": "5",
    }

    cloud.send("PUT", f"/{BUCKET}/signed", headers, body)

    assert cloud.client("s3").get_object(Bucket=BUCKET, Key="signed")["Body"].read() == b"hello"


def test_a_client_that_waits_for_100_continue_gets_it(cloud: Served) -> None:
    address = urlsplit(cloud.url)
    head = (
        f"PUT /{BUCKET}/waited HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 5\r\n"
        f"Authorization: {signed('s3')['Authorization']}\r\nExpect: 100-continue\r\n\r\n"
    )

    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(head.encode())
        interim = connection.recv(1024)
        connection.sendall(b"hello")
        final = connection.recv(4096)

    assert interim.startswith(b"HTTP/1.1 100 Continue")
    assert final.startswith(b"HTTP/1.1 200")


def test_a_bucket_in_the_host_name_is_understood(cloud: Served) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="virtual", Body=b"host")
    port = urlsplit(cloud.url).port

    _, _, body = cloud.send("GET", "/virtual", {**signed("s3"), "Host": f"{BUCKET}.localhost:{port}"})

    assert body == b"host"


def test_a_queue_is_reached_by_the_url_it_is_given(cloud: Served) -> None:
    sqs = cloud.client("sqs")

    url = sqs.create_queue(QueueName="events")["QueueUrl"]

    assert url == f"{cloud.url}/123456789012/events"
    sqs.send_message(QueueUrl=url, MessageBody='"ü"')
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == '"ü"'


def test_the_region_is_that_of_the_signature_even_one_that_aws_does_not_have(
    cloud: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_ALLOW_NONEXISTENT_REGION", "true")
    topics = {}
    for region in ("eu-west-1", "local"):
        headers = {**signed("sns", region=region), "Content-Type": "application/x-www-form-urlencoded"}

        _, _, body = cloud.send("POST", "/", headers, b"Action=CreateTopic&Name=alarms&Version=2010-03-31")

        topics[region] = f"arn:aws:sns:{region}:123456789012:alarms".encode() in body

    assert topics == {"eu-west-1": True, "local": True}


def test_the_account_does_not_depend_on_the_key(cloud: Served) -> None:
    headers = {**signed("sts", key="anything"), "Content-Type": "application/x-www-form-urlencoded"}

    _, _, body = cloud.send("POST", "/", headers, b"Action=GetCallerIdentity&Version=2011-06-15")

    assert b"<Account>123456789012</Account>" in body


def test_a_service_that_moto_lacks_is_named(cloud: Served) -> None:
    headers = {**signed("nosuchservice"), "Content-Type": "application/json"}

    status, _, body = cloud.send("GET", "/things", headers)

    assert status == 501
    assert "nosuchservice is a service that the embedded cloud does not have" in json.loads(body)["message"]


def test_an_operation_that_moto_lacks_is_an_error_and_no_success(cloud: Served) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        cloud.client("sqs").cancel_message_move_task(TaskHandle="t")
