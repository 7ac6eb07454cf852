from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from tastemaker.cloud.assembly import read_assembly
from tastemaker.cloud.deployed import EventSource, event_sources, functions, http_apis
from tastemaker.cloud.deployment import DeployedStack, DeploymentError, deploy
from tastemaker.cloud.functions import FunctionSpec
from tastemaker.cloud.http_api import Cors, HttpApi, HttpRoute, Throttle
from tests.unit.cloud.assemblies import function, resource, role, template, write_assembly

ACCOUNT, REGION = "123456789012", "eu-west-1"


@pytest.fixture(autouse=True)
def _fresh_cloud() -> Iterator[None]:
    moto_api_backend.reset()
    yield
    moto_api_backend.reset()


def deployed(directory: Path, **resources: Any) -> tuple[DeployedStack, ...]:
    shop = template({"Role": role(RoleName="r"), **resources})
    return deploy(read_assembly(write_assembly(directory, {"shop": shop})), account=ACCOUNT, region=REGION)


def deployed_functions(directory: Path, **resources: Any) -> tuple[FunctionSpec, ...]:
    return functions(deployed(directory, **resources), read_assembly(directory).assets)


def test_a_function_is_told_with_all_that_its_process_needs(tmp_path: Path) -> None:
    (recommend,) = deployed_functions(
        tmp_path,
        Logs=resource("AWS::Logs::LogGroup", {"LogGroupName": "/shop/recommend"}),
        F=function(
            FunctionName="recommend",
            Timeout=10,
            MemorySize=512,
            Environment={"Variables": {"TABLE": "events"}},
            LoggingConfig={"LogGroup": {"Ref": "Logs"}},
        ),
        Retries=resource(
            "AWS::Lambda::EventInvokeConfig",
            {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0},
        ),
    )

    assert recommend == FunctionSpec(
        name="recommend",
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:recommend",
        handler="lambdas.recommend.handler.handler",
        code_directory=tmp_path / "asset.0123abcd",
        environment={"TABLE": "events"},
        timeout_seconds=10,
        memory_mb=512,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/r",
        runtime="python3.13",
        log_group="/shop/recommend",
        maximum_retries=0,
    )


def test_what_the_template_leaves_open_is_as_on_aws(tmp_path: Path) -> None:
    (recommend,) = deployed_functions(tmp_path, F=function())

    assert (recommend.timeout_seconds, recommend.memory_mb, recommend.maximum_retries) == (3, 128, 2)
    assert (recommend.environment, recommend.log_group) == ({}, "")


def mapping(**properties: Any) -> dict[str, Any]:
    source = {"FunctionName": {"Ref": "F"}, "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}}
    return resource("AWS::Lambda::EventSourceMapping", {**source, **properties})


def test_a_mapping_is_told_with_its_batches_and_its_partial_failures(tmp_path: Path) -> None:
    stacks = deployed(
        tmp_path,
        F=function(FunctionName="deliver"),
        Q=resource("AWS::SQS::Queue", {"QueueName": "events"}),
        M=mapping(
            BatchSize=50,
            MaximumBatchingWindowInSeconds=2,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": 5},
        ),
    )

    assert event_sources(stacks) == (
        EventSource(
            queue_arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:events",
            function="deliver",
            batch_size=50,
            window_seconds=2,
            reports_batch_item_failures=True,
            maximum_concurrency=5,
        ),
    )


def test_a_disabled_mapping_feeds_nothing(tmp_path: Path) -> None:
    stacks = deployed(tmp_path, F=function(), Q=resource("AWS::SQS::Queue"), M=mapping(Enabled=False))

    assert event_sources(stacks) == ()


def api(route: dict[str, Any] | None = None, integration: dict[str, Any] | None = None) -> dict[str, Any]:
    """The resources of an API with one route."""
    of_api = {"ApiId": {"Ref": "Api"}}
    proxy = {
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": ["F", "Arn"]},
        "PayloadFormatVersion": "2.0",
    }
    to_function = {"RouteKey": "GET /items/{id}", "Target": {"Fn::Sub": "integrations/${Integration}"}}
    cors = {"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"], "MaxAge": 3600}
    limits = {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10}
    stage = {
        "StageName": "$default",
        "AutoDeploy": True,
        "DefaultRouteSettings": limits,
        "RouteSettings": {"GET /items/{id}": {"ThrottlingRateLimit": 1}},
    }
    return {
        "F": function(FunctionName="recommend"),
        "Api": resource("AWS::ApiGatewayV2::Api", {"Name": "shop", "ProtocolType": "HTTP", "CorsConfiguration": cors}),
        "Stage": resource("AWS::ApiGatewayV2::Stage", {**of_api, **stage}),
        "Integration": resource("AWS::ApiGatewayV2::Integration", {**of_api, **proxy, **(integration or {})}),
        "Route": resource("AWS::ApiGatewayV2::Route", {**of_api, **to_function, **(route or {})}),
    }


def test_an_api_is_told_with_its_routes_cors_and_throttles(tmp_path: Path) -> None:
    (served,) = http_apis(deployed(tmp_path, **api(integration={"TimeoutInMillis": 5000})))

    route = HttpRoute(
        key="GET /items/{id}",
        function=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:recommend",
        throttle=Throttle(rate=1, burst=5000),
        timeout_seconds=5,
    )
    assert served == HttpApi(
        api_id=served.api_id,
        routes=(route,),
        cors=Cors(allow_origins=("https://shop.example",), allow_methods=("GET",), max_age=3600),
        throttle=Throttle(rate=10, burst=20),
    )


def test_an_integration_may_name_the_function_by_its_invocation_path(tmp_path: Path) -> None:
    path = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${F.Arn}/invocations"

    (served,) = http_apis(deployed(tmp_path, **api(integration={"IntegrationUri": {"Fn::Sub": path}})))

    assert served.routes[0].function == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:recommend"


@pytest.mark.parametrize(
    ("route", "integration", "problem"),
    [
        ({"AuthorizationType": "AWS_IAM"}, {}, "Route: the route .* asks for authorization"),
        ({"Target": "integrations/none"}, {}, "Route: the route .* leads to no integration"),
        ({}, {"PayloadFormatVersion": "1.0"}, r"Integration: only AWS_PROXY with payload format 2\.0"),
    ],
)
def test_a_route_that_cannot_be_served_is_named(
    tmp_path: Path, route: dict[str, Any], integration: dict[str, Any], problem: str
) -> None:
    stacks = deployed(tmp_path, **api(route, integration))

    with pytest.raises(DeploymentError, match=problem):
        http_apis(stacks)
