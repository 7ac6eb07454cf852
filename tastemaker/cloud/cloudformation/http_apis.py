"""HTTP APIs: the API itself, its stages, routes, integrations and authorizers."""

from __future__ import annotations

from typing import ClassVar

from tastemaker.cloud.cloudformation.resource import Properties, Resource, only, without


class Api(Resource):
    type = "AWS::ApiGatewayV2::Api"
    service = "apigatewayv2"
    immutable = frozenset({"ProtocolType"})
    attributes = frozenset({"ApiEndpoint", "ApiId"})

    def create(self) -> None:
        api = self.call("CreateApi", self.properties)
        self.physical_resource_id = api["ApiId"]
        self.values = {"ApiId": api["ApiId"], "ApiEndpoint": api["ApiEndpoint"]}

    def modify(self, previous: Properties) -> None:
        if "CorsConfiguration" in previous and "CorsConfiguration" not in self.properties:
            self.call("DeleteCorsConfiguration", {"ApiId": self.physical_resource_id})
        self.call(
            "UpdateApi",
            {"ApiId": self.physical_resource_id, **without(self.properties, "ProtocolType", "Tags")},
        )

    def destroy(self) -> None:
        self.call("DeleteApi", {"ApiId": self.physical_resource_id})


class _PartOfApi(Resource):
    """Routes, integrations and authorizers: each created in an API, which gives it an id."""

    service = "apigatewayv2"
    immutable = frozenset({"ApiId"})
    noun: ClassVar[str]

    def create(self) -> None:
        self.physical_resource_id = self.call(f"Create{self.noun}", self.properties)[f"{self.noun}Id"]
        self.values = {f"{self.noun}Id": self.physical_resource_id}

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # the update is a put
        self.call(f"Update{self.noun}", self._names() | without(self.properties, "ApiId"))

    def destroy(self) -> None:
        self.call(f"Delete{self.noun}", self._names())

    def _names(self) -> Properties:
        return {**only(self.properties, "ApiId"), f"{self.noun}Id": self.physical_resource_id}


class Route(_PartOfApi):
    type = "AWS::ApiGatewayV2::Route"
    noun = "Route"
    attributes = frozenset({"RouteId"})


class Integration(_PartOfApi):
    type = "AWS::ApiGatewayV2::Integration"
    noun = "Integration"
    attributes = frozenset({"IntegrationId"})


class Authorizer(_PartOfApi):
    type = "AWS::ApiGatewayV2::Authorizer"
    noun = "Authorizer"
    attributes = frozenset({"AuthorizerId"})


class Stage(Resource):
    type = "AWS::ApiGatewayV2::Stage"
    service = "apigatewayv2"
    immutable = frozenset({"ApiId", "StageName"})

    def create(self) -> None:
        self.physical_resource_id = self.properties["StageName"]
        self.call("CreateStage", self.properties)

    def destroy(self) -> None:
        self.call("DeleteStage", only(self.properties, "ApiId", "StageName"))
