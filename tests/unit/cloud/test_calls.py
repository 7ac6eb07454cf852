"""The record of calls: which operation, by whom, on what."""

from __future__ import annotations

import json

import pytest

from tastemaker.cloud.calls import CallLog, CallRecord
from tastemaker.cloud.identity import ADMIN, Caller, Identities
from tastemaker.cloud.wire import Request
from tests.unit.cloud.served import signed

ROLE = "arn:aws:iam::123456789012:role/export"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def record(service: str, request: Request) -> CallRecord:
    log = CallLog(Identities())
    log.record(service, request)
    (recorded,) = log
    return recorded


def json_call(target: str, parameters: object) -> Request:
    return Request("POST", "/", headers={"x-amz-target": target}, body=json.dumps(parameters).encode())


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation", "parameters"),
    [
        ("GET", "/", "", {}, "ListBuckets", {}),
        ("GET", "/shop", "list-type=2&prefix=exports%2F", {}, "ListObjectsV2", {"Prefix": "exports/"}),
        ("GET", "/shop/", "", {}, "ListObjects", {}),
        ("GET", "/shop/a%2Fb/%C3%BC.csv", "", {}, "GetObject", {"Key": "a/b/ü.csv"}),
        ("HEAD", "/shop/a", "", {}, "HeadObject", {"Key": "a"}),
        ("PUT", "/shop/a", "", {}, "PutObject", {"Key": "a"}),
        ("PUT", "/shop/a", "", {"x-amz-copy-source": "/shop/b"}, "CopyObject", {"Key": "a"}),
        ("PUT", "/shop/a", "partNumber=2&uploadId=u", {}, "UploadPart", {"PartNumber": "2", "UploadId": "u"}),
        ("POST", "/shop/a", "uploads", {}, "CreateMultipartUpload", {"Key": "a"}),
        ("POST", "/shop/a", "uploadId=u", {}, "CompleteMultipartUpload", {"UploadId": "u"}),
        ("DELETE", "/shop/a", "uploadId=u", {}, "AbortMultipartUpload", {"UploadId": "u"}),
        ("POST", "/shop", "delete", {}, "DeleteObjects", {}),
    ],
)
def test_s3_operations_are_told_by_method_path_query_and_headers(
    method: str, path: str, query: str, headers: dict[str, str], operation: str, parameters: dict[str, str]
) -> None:
    recorded = record("s3", Request(method, path, query, headers))

    assert recorded.operation == operation
    bucket = {"Bucket": "shop"} if path != "/" else {}
    assert {**bucket, **parameters}.items() <= recorded.parameters.items()


def test_json_services_name_the_operation_and_keep_their_parameters() -> None:
    recorded = record(
        "states", json_call("AWSStepFunctions.StartExecution", {"stateMachineArn": "arn:s", "input": "{}"})
    )

    assert (recorded.service, recorded.operation) == ("states", "StartExecution")
    assert recorded.parameters["stateMachineArn"] == "arn:s"


def test_query_services_name_the_operation_in_the_form() -> None:
    recorded = record("sts", Request("POST", "/", headers=FORM, body=b"Action=AssumeRole&RoleArn=arn%3Ar"))

    assert (recorded.operation, dict(recorded.parameters)) == ("AssumeRole", {"RoleArn": "arn:r"})


@pytest.mark.parametrize(("path", "operation"), [("/recommendations", "GetRecommendations"), ("/events", "PutEvents")])
def test_both_rest_apis_of_personalize_sign_alike_and_are_told_apart(path: str, operation: str) -> None:
    recorded = record("personalize", Request("POST", path, body=b'{"campaignArn": "arn:c", "trackingId": "t"}'))

    assert recorded.operation == operation
    assert recorded.parameters["campaignArn"] == "arn:c"


def test_an_invocation_keeps_the_functions_arn_and_not_the_payload() -> None:
    path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations"

    recorded = record("lambda", Request("POST", path, body=b'{"secret": 1}'))

    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert (recorded.operation, dict(recorded.parameters)) == ("Invoke", {"FunctionName": arn})


def test_paths_with_hyphens_in_their_labels_are_understood() -> None:
    assert record("apigateway", Request("GET", "/v2/tags/arn")).operation == "GetTags"


def test_an_operation_that_no_model_knows_is_still_on_record() -> None:
    assert record("nosuch", Request("PATCH", "/odd")).operation == "PATCH /odd"


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000], ids=["cut off", "nested too deeply"])
def test_a_body_that_is_no_json_is_still_on_record(body: bytes) -> None:
    recorded = record("dynamodb", Request("POST", "/", headers={"x-amz-target": "D.GetItem"}, body=body))

    assert (recorded.operation, dict(recorded.parameters)) == ("GetItem", {})


def test_payloads_are_left_out_and_names_stay() -> None:
    writes = {"Events": [{"PutRequest": {"Item": {"userId": {"S": "u"}}}}]}

    recorded = record("dynamodb", json_call("DynamoDB_20120810.BatchWriteItem", {"RequestItems": writes}))

    assert recorded.parameters == {"RequestItems": {"Events": [{"PutRequest": {}}]}}


def test_what_streams_into_personalize_is_left_out() -> None:
    events = [{"eventType": "View", "sentAt": 1, "itemId": "i", "impression": ["i", "j"]}]
    body = json.dumps({"trackingId": "t", "sessionId": "s", "eventList": events}).encode()

    recorded = record("personalize", Request("POST", "/events", body=body))

    assert dict(recorded.parameters) == {"trackingId": "t", "sessionId": "s"}


def test_long_texts_are_left_out() -> None:
    recorded = record("sqs", json_call("AmazonSQS.SendMessage", {"QueueUrl": "q", "MessageBody": "x" * 3000}))

    assert recorded.parameters == {"QueueUrl": "q", "MessageBody": ""}


def test_calls_are_attributed_by_their_key_and_the_region_is_that_of_the_signature() -> None:
    identities = Identities()
    key = identities.credentials_for(ROLE, "export_data").access_key_id
    log = CallLog(identities)

    for authorization in (signed("s3", key=key, region="eu-west-1"), {}):
        log.record("s3", Request("GET", "/", headers={name.lower(): value for name, value in authorization.items()}))

    mine, unsigned = log
    assert (mine.caller, mine.region) == (Caller(ROLE, "export_data"), "eu-west-1")
    assert (unsigned.caller, unsigned.region) == (ADMIN, "us-east-1")


def test_a_presigned_request_is_attributed_too() -> None:
    identities = Identities()
    key = identities.credentials_for(ROLE).access_key_id
    log = CallLog(identities)

    log.record("s3", Request("GET", "/b/k", f"X-Amz-Credential={key}%2F20250101%2Fus-west-2%2Fs3%2Faws4_request"))

    assert [call.caller for call in log] == [Caller(ROLE)]


def test_the_oldest_calls_make_room_and_are_counted() -> None:
    log = CallLog(Identities(), limit=2)

    for name in ("one", "two", "three"):
        log.record("s3", Request("GET", f"/{name}"))

    assert [call.parameters["Bucket"] for call in log] == ["two", "three"]
    assert (len(log), log.dropped) == (2, 1)
