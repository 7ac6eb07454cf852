"""What a deployment holds for those who run it: its functions, the queues that feed them, and its HTTP APIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tastemaker.cloud.deployment import DeploymentError
from tastemaker.cloud.functions import FunctionSpec
from tastemaker.cloud.http_api import Cors, HttpApi, HttpRoute, Throttle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tastemaker.cloud.deployment import DeployedResource, DeployedStack

# AWS's defaults where a template says nothing
_TIMEOUT_SECONDS, _MEMORY_MB, _RETRIES = 3, 128, 2
_BATCH_SIZE = 10
_INTEGRATION_MILLISECONDS = 30_000
_REQUESTS_A_SECOND, _REQUESTS_AT_ONCE = 10_000, 5_000


@dataclass(frozen=True)
class EventSource:
    """A queue that feeds a function, in batches collected for at most `window_seconds`."""

    queue_arn: str
    function: str
    """A name or an ARN."""
    batch_size: int
    window_seconds: int
    reports_batch_item_failures: bool
    maximum_concurrency: int | None


def functions(stacks: Sequence[DeployedStack], assets: Mapping[str, Path]) -> tuple[FunctionSpec, ...]:
    """Every function of `stacks`, its code where `assets` (the assembly's) has it."""
    retries = {
        config.properties["FunctionName"]: int(config.properties.get("MaximumRetryAttempts", _RETRIES))
        for config in _all(stacks, "AWS::Lambda::EventInvokeConfig")
    }
    return tuple(_function(resource, assets, retries) for resource in _all(stacks, "AWS::Lambda::Function"))


def event_sources(stacks: Sequence[DeployedStack]) -> tuple[EventSource, ...]:
    """The event source mappings that are enabled. Raises `DeploymentError` for one that is no queue's."""
    mappings = _all(stacks, "AWS::Lambda::EventSourceMapping")
    return tuple(_event_source(mapping) for mapping in mappings if mapping.properties.get("Enabled", True))


def http_apis(stacks: Sequence[DeployedStack]) -> tuple[HttpApi, ...]:
    """The HTTP APIs, one for each stage. Raises `DeploymentError` for a route that can't be served here."""
    return tuple(
        _http_api(api, stage, stacks)
        for api in _all(stacks, "AWS::ApiGatewayV2::Api")
        for stage in _of_api(stacks, "AWS::ApiGatewayV2::Stage", api)
    )


def _function(resource: DeployedResource, assets: Mapping[str, Path], retries: Mapping[str, int]) -> FunctionSpec:
    properties = resource.properties
    return FunctionSpec(
        name=resource.physical_id,
        arn=resource.attributes["Arn"],
        handler=properties["Handler"],
        code_directory=assets[properties["Code"]["S3Key"]],
        environment=properties.get("Environment", {}).get("Variables", {}),
        timeout_seconds=int(properties.get("Timeout", _TIMEOUT_SECONDS)),
        memory_mb=int(properties.get("MemorySize", _MEMORY_MB)),
        role_arn=properties["Role"],
        runtime=properties["Runtime"],
        log_group=properties.get("LoggingConfig", {}).get("LogGroup", ""),
        maximum_retries=retries.get(resource.physical_id, _RETRIES),
    )


def _event_source(mapping: DeployedResource) -> EventSource:
    properties = mapping.properties
    arn = properties["EventSourceArn"]
    if arn.split(":")[2] != "sqs" or "FilterCriteria" in properties:
        raise DeploymentError(f"{mapping.logical_id}: only queues, without a filter, feed functions here, not {arn}")
    return EventSource(
        queue_arn=arn,
        function=properties["FunctionName"],
        batch_size=int(properties.get("BatchSize", _BATCH_SIZE)),
        window_seconds=int(properties.get("MaximumBatchingWindowInSeconds", 0)),
        reports_batch_item_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
        maximum_concurrency=properties.get("ScalingConfig", {}).get("MaximumConcurrency"),
    )


def _http_api(api: DeployedResource, stage: DeployedResource, stacks: Sequence[DeployedStack]) -> HttpApi:
    integrations = {
        f"integrations/{integration.physical_id}": integration
        for integration in _of_api(stacks, "AWS::ApiGatewayV2::Integration", api)
    }
    settings = stage.properties.get("RouteSettings", {})
    return HttpApi(
        api_id=api.physical_id,
        routes=tuple(
            _route(route, integrations, settings.get(route.properties["RouteKey"], {}))
            for route in _of_api(stacks, "AWS::ApiGatewayV2::Route", api)
        ),
        cors=_cors(api.properties.get("CorsConfiguration")),
        throttle=_throttle(stage.properties.get("DefaultRouteSettings", {})),
        stage=stage.properties["StageName"],
    )


def _route(
    route: DeployedResource, integrations: Mapping[str, DeployedResource], settings: Mapping[str, Any]
) -> HttpRoute:
    key = route.properties["RouteKey"]
    if route.properties.get("AuthorizationType", "NONE") != "NONE":
        raise DeploymentError(f"{route.logical_id}: the route {key} asks for authorization, which isn't enforced here")
    integration = integrations.get(route.properties.get("Target", ""))
    if integration is None:
        raise DeploymentError(f"{route.logical_id}: the route {key} leads to no integration")
    properties = integration.properties
    if (properties["IntegrationType"], properties.get("PayloadFormatVersion")) != ("AWS_PROXY", "2.0"):
        raise DeploymentError(f"{integration.logical_id}: only AWS_PROXY with payload format 2.0 is served here")
    return HttpRoute(
        key=key,
        function=properties["IntegrationUri"].rpartition("/functions/")[2].removesuffix("/invocations"),
        throttle=_throttle(settings),
        timeout_seconds=int(properties.get("TimeoutInMillis", _INTEGRATION_MILLISECONDS)) / 1000,
    )


def _throttle(settings: Mapping[str, Any]) -> Throttle | None:
    """A limit that is set without the other goes with the account's own."""
    if not settings.keys() & {"ThrottlingRateLimit", "ThrottlingBurstLimit"}:
        return None
    return Throttle(
        rate=float(settings.get("ThrottlingRateLimit", _REQUESTS_A_SECOND)),
        burst=int(settings.get("ThrottlingBurstLimit", _REQUESTS_AT_ONCE)),
    )


def _cors(configuration: Mapping[str, Any] | None) -> Cors | None:
    if configuration is None:
        return None
    return Cors(
        allow_origins=tuple(configuration.get("AllowOrigins", [])),
        allow_methods=tuple(configuration.get("AllowMethods", [])),
        allow_headers=tuple(configuration.get("AllowHeaders", [])),
        expose_headers=tuple(configuration.get("ExposeHeaders", [])),
        max_age=configuration.get("MaxAge"),
        allow_credentials=configuration.get("AllowCredentials", False),
    )


def _of_api(stacks: Sequence[DeployedStack], resource_type: str, api: DeployedResource) -> Iterator[DeployedResource]:
    return (part for part in _all(stacks, resource_type) if part.properties["ApiId"] == api.physical_id)


def _all(stacks: Sequence[DeployedStack], resource_type: str) -> Iterator[DeployedResource]:
    for stack in stacks:
        yield from stack.of_type(resource_type)
