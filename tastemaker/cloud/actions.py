"""Which IAM actions on which resources an API call needs, after AWS's service authorization reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tastemaker.cloud.identity import ACCOUNT_ID
from tastemaker.cloud.policies import Access

if TYPE_CHECKING:
    from tastemaker.cloud.calls import CallRecord

UNTOLD = "(untold)"
"""Stands for the part of an ARN that the record of a call doesn't tell; only a wildcard covers it."""

Parameters = Mapping[str, Any]
Need = tuple[str, str]
"""An action and a resource."""


class UnmappedCallError(Exception):
    """A call whose permissions nothing here knows."""


def needed(call: CallRecord) -> tuple[Access, ...]:
    """What the caller must be allowed for `call`. Raises `UnmappedCallError` for an operation not mapped here."""
    mapping = _SERVICES.get(call.service)
    needs = mapping(call.operation, call.parameters, call.region) if mapping else None
    if needs is None:
        raise UnmappedCallError(f"{call.service}:{call.operation} is not mapped to IAM actions")
    context = _context(call)
    passed = [("iam:PassRole", arn) for arn in _passed_roles(call)]
    passing = context | {"iam:passedtoservice": f"{call.service}.amazonaws.com"}
    return (
        *(Access(action, resource, context) for action, resource in needs),
        *(Access(action, resource, passing) for action, resource in passed),
    )


def _context(call: CallRecord) -> dict[str, str]:
    context = {
        "aws:requestedregion": call.region,
        "aws:resourceaccount": ACCOUNT_ID,
        "aws:securetransport": "true",
    }
    if call.service == "s3" and "Prefix" in call.parameters:
        context["s3:prefix"] = str(call.parameters["Prefix"])
    if call.service == "monitoring" and "Namespace" in call.parameters:
        context["cloudwatch:namespace"] = str(call.parameters["Namespace"])
    return context


def _passed_roles(call: CallRecord) -> Iterator[str]:
    """The roles that the caller hands to the service; assuming one is no handing over."""
    if call.service == "sts":
        return
    for name in ("roleArn", "RoleArn", "Role"):
        if name in call.parameters:
            yield str(call.parameters[name])
    output = call.parameters.get("metricsOutputConfig")
    if isinstance(output, Mapping) and "roleArn" in output:
        yield str(output["roleArn"])
    target = call.parameters.get("Target")
    if isinstance(target, Mapping) and "RoleArn" in target:
        yield str(target["RoleArn"])


def _arn(service: str, region: str, resource: str) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT_ID}:{resource}"


def _dynamodb(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    if operation in ("ListTables", "DescribeEndpoints", "DescribeLimits"):
        return [(f"dynamodb:{operation}", "*")]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        requests = parameters.get("RequestItems", {UNTOLD: []})
        return [(f"dynamodb:{operation}", _table(name, region)) for name in requests]
    if operation in ("TransactWriteItems", "TransactGetItems"):
        return [
            (f"dynamodb:{_TRANSACTED[kind]}", _table(part.get("TableName", UNTOLD), region))
            for item in parameters.get("TransactItems", [])
            for kind, part in item.items()
        ]
    if "TableName" not in parameters:
        return None
    table = _table(parameters["TableName"], region)
    index = parameters.get("IndexName")
    return [(f"dynamodb:{operation}", f"{table}/index/{index}" if index else table)]


_TRANSACTED = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _table(name: str, region: str) -> str:
    return name if name.startswith("arn:") else _arn("dynamodb", region, f"table/{name}")


_S3_OBJECT_ACTIONS = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "PutObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
    "DeleteObject": "DeleteObject",
    "DeleteObjects": "DeleteObject",
    "GetObjectTagging": "GetObjectTagging",
    "PutObjectTagging": "PutObjectTagging",
}
_S3_BUCKET_ACTIONS = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketPolicy": "GetBucketPolicy",
    "PutBucketPolicy": "PutBucketPolicy",
    "GetBucketEncryption": "GetEncryptionConfiguration",
}


def _s3(operation: str, parameters: Parameters, _region: str) -> list[Need] | None:
    bucket = f"arn:aws:s3:::{parameters.get('Bucket', UNTOLD)}"
    if operation == "ListBuckets":
        return [("s3:ListAllMyBuckets", "*")]
    if operation in _S3_BUCKET_ACTIONS:
        return [(f"s3:{_S3_BUCKET_ACTIONS[operation]}", bucket)]
    if operation not in _S3_OBJECT_ACTIONS:
        return None
    version = "Version" if parameters.get("VersionId") and operation in ("GetObject", "HeadObject") else ""
    return [(f"s3:{_S3_OBJECT_ACTIONS[operation]}{version}", f"{bucket}/{parameters.get('Key', UNTOLD)}")]


_PERSONALIZE_ARN_WORDS = {
    "Algorithm": "algorithm",
    "BatchInferenceJob": "batch-inference-job",
    "BatchSegmentJob": "batch-segment-job",
    "Campaign": "campaign",
    "DataDeletionJob": "data-deletion-job",
    "Dataset": "dataset",
    "DatasetExportJob": "dataset-export-job",
    "DatasetGroup": "dataset-group",
    "DatasetImportJob": "dataset-import-job",
    "EventTracker": "event-tracker",
    "FeatureTransformation": "feature-transformation",
    "Filter": "filter",
    "MetricAttribution": "metric-attribution",
    "Recipe": "recipe",
    "Recommender": "recommender",
    "Schema": "schema",
    "Solution": "solution",
    "SolutionVersion": "solution",
}
_PERSONALIZE_VERB = re.compile(r"(Create|Describe|Update|Delete|Start|Stop)(\w+?)(Creation)?$")


def _personalize(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    action = f"personalize:{operation}"
    if operation.startswith("List") or operation in ("PutEvents", "PutActionInteractions"):
        return [(action, "*")]
    if operation in ("GetRecommendations", "GetPersonalizedRanking", "GetActionRecommendations"):
        served_by = ("campaignArn", "recommenderArn", "filterArn")
        return [(action, str(parameters[name])) for name in served_by if name in parameters]
    if operation in ("PutItems", "PutUsers", "PutActions"):
        return [(action, str(parameters.get("datasetArn", UNTOLD)))]
    if operation in ("TagResource", "UntagResource"):
        return [(action, str(parameters.get("resourceArn", UNTOLD)))]
    if operation == "GetSolutionMetrics":
        return [(action, str(parameters.get("solutionVersionArn", UNTOLD)))]
    match = _PERSONALIZE_VERB.match(operation)
    if not match or match[2] not in _PERSONALIZE_ARN_WORDS:
        return None
    if match[1] != "Create":
        name = match[2][0].lower() + match[2][1:] + "Arn"
        return [(action, str(parameters.get(name, UNTOLD)))]
    resource = _personalize_created(match[2], parameters, region)
    return [(action, resource), *([("personalize:TagResource", resource)] if parameters.get("tags") else [])]


def _personalize_created(kind: str, parameters: Parameters, region: str) -> str:
    """The ARN that the new resource will have."""
    if kind == "SolutionVersion":
        return str(parameters.get("solutionArn", UNTOLD))
    name = str(parameters.get("name", parameters.get("jobName", UNTOLD)))
    if kind == "Dataset":
        group = str(parameters.get("datasetGroupArn", UNTOLD)).rpartition("/")[2]
        name = f"{group}/{str(parameters.get('datasetType', UNTOLD)).upper()}"
    elif kind == "EventTracker":
        name = UNTOLD
    return _arn("personalize", region, f"{_PERSONALIZE_ARN_WORDS[kind]}/{name}")


def _sqs(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    action = f"sqs:{operation.removesuffix('Batch')}"
    if operation == "ListQueues":
        return [(action, "*")]
    queue = parameters.get("QueueName") or str(parameters.get("QueueUrl", UNTOLD)).rpartition("/")[2]
    return [(action, _arn("sqs", region, queue))]


def _sns(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    action = f"sns:{operation.removesuffix('Batch')}"
    topic = parameters.get("TopicArn") or parameters.get("TargetArn")
    if topic is None and "Name" in parameters:
        topic = _arn("sns", region, str(parameters["Name"]))
    return [(action, str(topic or "*"))]


def _lambda(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    if operation.startswith("List") and "FunctionName" not in parameters:
        return [(f"lambda:{operation}", "*")]
    function = str(parameters.get("FunctionName", UNTOLD))
    if not function.startswith("arn:"):
        function = _arn("lambda", region, f"function:{function.rpartition('function:')[2]}")
    if qualifier := parameters.get("Qualifier"):
        function = f"{function}:{qualifier}"
    action = "InvokeFunction" if operation in ("Invoke", "InvokeAsync") else operation
    return [(f"lambda:{action}", function)]


def _states(operation: str, parameters: Parameters, _region: str) -> list[Need] | None:
    if operation.startswith("SendTask") or operation == "ListStateMachines":
        return [(f"states:{operation}", "*")]
    for name in ("stateMachineArn", "executionArn", "mapRunArn"):
        if name in parameters:
            return [(f"states:{operation}", str(parameters[name]))]
    return None


def _logs(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    group = parameters.get("logGroupName")
    if group is None:
        return [(f"logs:{operation}", "*")] if operation.startswith("Describe") else None
    stream = parameters.get("logStreamName")
    in_stream = operation in ("PutLogEvents", "GetLogEvents", "CreateLogStream", "DeleteLogStream")
    suffix = f":log-stream:{stream}" if in_stream else ":*" if operation == "DescribeLogStreams" else ""
    return [(f"logs:{operation}", _arn("logs", region, f"log-group:{group}{suffix}"))]


def _cloudwatch(operation: str, parameters: Parameters, region: str) -> list[Need] | None:
    if operation == "SetAlarmState":
        alarm = parameters.get("AlarmName", UNTOLD)
        return [(f"cloudwatch:{operation}", _arn("cloudwatch", region, f"alarm:{alarm}"))]
    without_resource = ("PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics", "DescribeAlarms")
    return [(f"cloudwatch:{operation}", "*")] if operation in without_resource else None


def _sts(operation: str, parameters: Parameters, _region: str) -> list[Need] | None:
    if operation == "GetCallerIdentity":
        return []
    return [("sts:AssumeRole", str(parameters.get("RoleArn", UNTOLD)))] if operation == "AssumeRole" else None


def _xray(operation: str, _parameters: Parameters, _region: str) -> list[Need] | None:
    return [(f"xray:{operation}", "*")] if operation.startswith("Put") else None


_SERVICES: dict[str, Callable[[str, Parameters, str], list[Need] | None]] = {
    "dynamodb": _dynamodb,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "personalize": _personalize,
    "s3": _s3,
    "sns": _sns,
    "sqs": _sqs,
    "states": _states,
    "sts": _sts,
    "xray": _xray,
}
"""By the name that the service signs with."""
