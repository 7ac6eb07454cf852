"""Which AWS service a request is for: by its signature, or by its looks where it carries none."""

from __future__ import annotations

import re

from tastemaker.cloud.wire import Request

_TARGETS = {
    "AmazonPersonalize": "personalize",
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "AWSStepFunctions": "states",
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodb",
    "Logs_20140328": "logs",
}
_QUERY_VERSIONS = {
    "2010-03-31": "sns",
    "2010-05-08": "iam",
    "2010-05-15": "cloudformation",
    "2011-06-15": "sts",
    "2012-11-05": "sqs",
}
_PATHS = {
    "/recommendations": "personalize",
    "/personalize-ranking": "personalize",
    "/action-recommendations": "personalize",
    "/events": "personalize",
    "/items": "personalize",
    "/users": "personalize",
    "/actions": "personalize",
    "/action-interactions": "personalize",
}
_LAMBDA_PATH = re.compile(r"/\d{4}-\d{2}-\d{2}/functions(/|$)")
_QUERY_VERSION = re.compile(r"(?:^|&)Version=(\d{4}-\d{2}-\d{2})")


def service_of(request: Request) -> str:
    """The name that the service signs with. Whatever nothing tells apart is S3's, as in moto."""
    target = _TARGETS.get(request.target.partition(".")[0])
    if target == "personalize":
        return target
    if request.signature:
        return request.signature.service
    if target:
        return target
    if request.method == "POST" and request.path in _PATHS:
        return _PATHS[request.path]
    if _LAMBDA_PATH.match(request.path):
        return "lambda"
    if "Version=" in request.query or request.body.startswith((b"Action=", b"Version=")):
        text = request.query or request.body[:2048].decode("ascii", "replace")
        if version := _QUERY_VERSION.search(text):
            return _QUERY_VERSIONS.get(version[1], "s3")
    return "s3"
