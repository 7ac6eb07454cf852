"""Lambda functions and what belongs to them. Their code stays where the assembly has it: moto gets a token of it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from moto.sqs.models import sqs_backends

from tastemaker.cloud.cloudformation.resource import Properties, Resource, only, refuse_others, without

_SPECIAL = ("Code", "FunctionName", "Tags", "ReservedConcurrentExecutions", "LoggingConfig", "RecursiveLoop")


class Function(Resource):
    type = "AWS::Lambda::Function"
    service = "lambda"
    name_property = "FunctionName"
    name_limit = 64
    immutable = frozenset({"FunctionName", "PackageType"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        self.call(
            "CreateFunction",
            {
                "FunctionName": self.name,
                **without(self.properties, *_SPECIAL),
                **only(self.properties, "LoggingConfig"),
                "Code": {"ZipFile": _token(self.properties["Code"])},
                "Tags": self.tags(),
            },
        )
        self.values = {"Arn": self.arn("lambda", f"function:{self.name}")}
        self._limit_concurrency({})

    def modify(self, previous: Properties) -> None:
        settings = without(self.properties, *_SPECIAL, "Architectures", "PackageType")
        if "Environment" in previous:
            settings.setdefault("Environment", {"Variables": {}})
        self.call("UpdateFunctionConfiguration", {"FunctionName": self.name, **settings})
        self.call(
            "UpdateFunctionCode",
            {
                "FunctionName": self.name,
                "ZipFile": _token(self.properties["Code"]),
                **only(self.properties, "Architectures"),
            },
        )
        self._limit_concurrency(previous)

    def destroy(self) -> None:
        self.call("DeleteFunction", {"FunctionName": self.name})

    def _limit_concurrency(self, previous: Properties) -> None:
        limit = self.properties.get("ReservedConcurrentExecutions")
        if limit is not None:
            self.call("PutFunctionConcurrency", {"FunctionName": self.name, "ReservedConcurrentExecutions": limit})
        elif "ReservedConcurrentExecutions" in previous:
            self.call("DeleteFunctionConcurrency", {"FunctionName": self.name})


def _token(content: Any) -> bytes:
    """A zip that names the code: another asset is another hash, which is all that versions ask about."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as token:
        token.writestr(zipfile.ZipInfo("asset"), repr(sorted(content.items())))
    return archive.getvalue()


class Permission(Resource):
    type = "AWS::Lambda::Permission"
    service = "lambda"
    name_limit = 100
    attributes = frozenset({"Id"})

    def create(self) -> None:
        self.call("AddPermission", {**self.properties, "StatementId": self.name})
        self.values = {"Id": self.name}

    def needs_replacement(self, properties: Properties) -> bool:
        return self.properties != properties

    def destroy(self) -> None:
        self.call("RemovePermission", {**only(self.properties, "FunctionName"), "StatementId": self.name})


class Version(Resource):
    type = "AWS::Lambda::Version"
    service = "lambda"
    immutable = frozenset({"FunctionName", "CodeSha256"})
    attributes = frozenset({"FunctionArn", "Version"})

    def create(self) -> None:
        refuse_others(self, ("FunctionName", "Description", "CodeSha256"))
        published = self.call("PublishVersion", only(self.properties, "FunctionName", "Description"))
        version = str(published["Version"])
        self.physical_resource_id = self.arn("lambda", f"function:{published['FunctionName']}:{version}")
        self.values = {"FunctionArn": self.physical_resource_id, "Version": version}

    def modify(self, previous: Properties) -> None:
        """Nothing: on AWS, too, a published version stays as it is."""

    def destroy(self) -> None:
        self.call(
            "DeleteFunction",
            {**only(self.properties, "FunctionName"), "Qualifier": self.values["Version"]},
        )


class Alias(Resource):
    type = "AWS::Lambda::Alias"
    service = "lambda"
    immutable = frozenset({"FunctionName", "Name"})
    attributes = frozenset({"AliasArn"})

    def create(self) -> None:
        self._put("CreateAlias")

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # the update is a put
        self._put("UpdateAlias")

    def destroy(self) -> None:
        self.call("DeleteAlias", only(self.properties, "FunctionName", "Name"))

    def _put(self, operation: str) -> None:
        refuse_others(self, ("FunctionName", "Name", "FunctionVersion", "Description"))
        self.physical_resource_id = self.call(operation, self.properties)["AliasArn"]
        self.values = {"AliasArn": self.physical_resource_id}


class LayerVersion(Resource):
    type = "AWS::Lambda::LayerVersion"
    service = "lambda"
    name_property = "LayerName"
    name_limit = 140
    attributes = frozenset({"LayerVersionArn"})

    def create(self) -> None:
        self.physical_resource_id = self.call(
            "PublishLayerVersion",
            {
                **self.properties,
                "LayerName": self.name,
                "Content": {"ZipFile": _token(self.properties["Content"])},
            },
        )["LayerVersionArn"]
        self.values = {"LayerVersionArn": self.physical_resource_id}

    def needs_replacement(self, properties: Properties) -> bool:
        return self.properties != properties

    def destroy(self) -> None:
        name, version = self.physical_resource_id.split(":")[-2:]
        self.call("DeleteLayerVersion", {"LayerName": name, "VersionNumber": int(version)})


class EventSourceMapping(Resource):
    """A queue's mapping is registered with moto and then detached there: the embedded cloud polls by itself."""

    type = "AWS::Lambda::EventSourceMapping"
    service = "lambda"
    immutable = frozenset({"EventSourceArn"})
    attributes = frozenset({"Id", "EventSourceMappingArn"})

    def create(self) -> None:
        mapping = self.call("CreateEventSourceMapping", self.properties)
        self.physical_resource_id = mapping["UUID"]
        self.values = {
            "Id": mapping["UUID"],
            "EventSourceMappingArn": self.arn("lambda", f"event-source-mapping:{mapping['UUID']}"),
        }
        self._detach()

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # the update is a put
        self.call(
            "UpdateEventSourceMapping",
            {"UUID": self.physical_resource_id, **without(self.properties, "EventSourceArn", "Tags")},
        )
        self._detach()

    def destroy(self) -> None:
        self.call("DeleteEventSourceMapping", {"UUID": self.physical_resource_id})

    def _detach(self) -> None:
        for queue in sqs_backends[self.account][self.region].queues.values():
            if queue.queue_arn == self.properties["EventSourceArn"]:
                queue.lambda_event_source_mappings.clear()


class EventInvokeConfig(Resource):
    type = "AWS::Lambda::EventInvokeConfig"
    service = "lambda"
    immutable = frozenset({"FunctionName", "Qualifier"})

    def create(self) -> None:
        self.call("PutFunctionEventInvokeConfig", without(self.properties, "Qualifier"))

    def destroy(self) -> None:
        self.call("DeleteFunctionEventInvokeConfig", only(self.properties, "FunctionName"))
