"""The HTTP API: its routes, throttled, logged, and open to the configured pages alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cloud.synthesis import Template, edited, flat, synthesised


def stage(api: Template) -> dict[str, Any]:
    (found,) = api.properties("AWS::ApiGatewayV2::Stage")
    return found


def test_each_route_leads_to_its_function(api: Template) -> None:
    integrations = {
        f"integrations/{name}": resource["Properties"]
        for name, resource in api.document["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Integration"
    }
    served = {}
    for route in api.properties("AWS::ApiGatewayV2::Route"):
        integration = integrations[flat(route["Target"]).replace("<", "").replace(">", "")]
        assert integration["PayloadFormatVersion"] == "2.0"
        target = api.document["Resources"][integration["IntegrationUri"]["Fn::GetAtt"][0]]
        served[route["RouteKey"]] = target["Properties"]["FunctionName"]

    assert served == {"GET /recommendations": "example-shop-recommend", "POST /events": "example-shop-track-events"}


def test_the_api_may_call_each_function_through_its_route_alone(api: Template) -> None:
    permissions = api.properties("AWS::Lambda::Permission")

    assert {permission["Principal"] for permission in permissions} == {"apigateway.amazonaws.com"}
    paths = sorted(json.dumps(permission["SourceArn"]).rstrip('"]} ').rpartition("/")[2] for permission in permissions)
    assert paths == ["events", "recommendations"]


def test_the_stage_throttles_and_logs_without_the_query_that_names_a_user(api: Template) -> None:
    assert stage(api)["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
    log = json.loads(stage(api)["AccessLogSettings"]["Format"])
    assert {"requestId", "status", "route"} <= log.keys()
    assert not [value for value in log.values() if "path" in value.lower() or "querystring" in value.lower()]


def test_the_configured_pages_may_call_it(api: Template) -> None:
    (http_api,) = api.properties("AWS::ApiGatewayV2::Api")

    assert http_api["CorsConfiguration"]["AllowOrigins"] == ["http://localhost:3000"]
    assert http_api["CorsConfiguration"]["AllowMethods"] == ["GET", "POST"]
    # a page may not send JSON without
    assert http_api["CorsConfiguration"]["AllowHeaders"] == ["content-type"]


def test_without_origins_no_page_may(tmp_path: Path) -> None:
    config = edited(tmp_path, ('["http://localhost:3000"]', "[]"))
    assembly = synthesised(tmp_path / "out", config=config)

    api = Template(json.loads((assembly / "example-shop-api.template.json").read_text()))

    (http_api,) = api.properties("AWS::ApiGatewayV2::Api")
    assert "CorsConfiguration" not in http_api


def test_the_function_reads_the_engines_table_and_asks_its_campaigns(api: Template) -> None:
    function = api.function("recommend")
    allowed = {
        (action, resource)
        for statement in api.permissions_of(function)
        for action in statement.actions
        for resource in statement.resources
        if not action.startswith(("logs:", "xray:"))
    }

    assert sorted(action for action, _ in allowed) == ["dynamodb:GetItem", "personalize:GetRecommendations"]
    assert "ENGINE_TABLE" in function["Environment"]["Variables"]


def test_the_output_is_that_which_the_commands_read(api: Template) -> None:
    assert "ApiUrl" in api.document["Outputs"]
