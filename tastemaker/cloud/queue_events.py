"""What Lambda makes of SQS messages: the event for a batch, and which messages the function's answer takes for done."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageTypeDef

_LARGEST_EVENT = 6 * 1024 * 1024
_ENVELOPE = len('{"Records":[]}')


class MalformedAnswer(Exception):
    """The function's answer doesn't say which messages failed: none counts as done."""


def events(messages: Sequence[MessageTypeDef], queue_arn: str) -> Iterator[tuple[Sequence[MessageTypeDef], bytes]]:
    """The messages in batches that each fit into one invocation, with the event for each."""
    batch: list[MessageTypeDef] = []
    records: list[bytes] = []
    size = _ENVELOPE
    for message in messages:
        record = json.dumps(_record(message, queue_arn), ensure_ascii=False, separators=(",", ":")).encode()
        if batch and size + len(record) + 1 > _LARGEST_EVENT:
            yield batch, _event(records)
            batch, records, size = [], [], _ENVELOPE
        batch.append(message)
        records.append(record)
        size += len(record) + 1
    if batch:
        yield batch, _event(records)


def failed_ids(answer: bytes, message_ids: Sequence[str]) -> set[str]:
    """The messages that a function with ReportBatchItemFailures reports as failed. Raises `MalformedAnswer`.

    Nothing at all, null, an object without or with an empty list: all went well.
    """
    try:
        response = json.loads(answer) if answer else None
    except ValueError as error:
        raise MalformedAnswer(f"no JSON: {error}") from error
    if response is not None and not isinstance(response, dict):
        raise MalformedAnswer("the answer is no object")
    failures = (response or {}).get("batchItemFailures") or []
    if not isinstance(failures, list):
        raise MalformedAnswer("batchItemFailures is no list")
    failed = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if identifier not in message_ids:
            raise MalformedAnswer(f"itemIdentifier {identifier!r} is no message of the batch")
        failed.add(str(identifier))
    return failed


def _event(records: Sequence[bytes]) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


def _record(message: MessageTypeDef, queue_arn: str) -> dict[str, object]:
    attributes = message.get("MessageAttributes", {})
    record: dict[str, object] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return {
        **record,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def _attribute(attribute: MessageAttributeValueOutputTypeDef) -> dict[str, object]:
    value: dict[str, object] = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if "StringValue" in attribute:
        value["stringValue"] = attribute["StringValue"]
    if "BinaryValue" in attribute:
        value["binaryValue"] = base64.b64encode(attribute["BinaryValue"]).decode()
    return value
