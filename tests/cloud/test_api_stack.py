"""The HTTP API: one route, throttled, logged, and open to the configured pages alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cloud.synthesis import Template, edited, synthesised


def stage(api: Template) -> dict[str, Any]:
    (found,) = api.properties("AWS::ApiGatewayV2::Stage")
    return found


def test_the_route_leads_to_the_recommend_function(api: Template) -> None:
    (route,) = api.properties("AWS::ApiGatewayV2::Route")
    (integration,) = api.properties("AWS::ApiGatewayV2::Integration")

    assert route["RouteKey"] == "GET /recommendations"
    assert integration["PayloadFormatVersion"] == "2.0"
    target = api.document["Resources"][integration["IntegrationUri"]["Fn::GetAtt"][0]]
    assert target["Properties"]["FunctionName"] == "example-shop-recommend"


def test_the_api_may_call_the_function_through_that_route_alone(api: Template) -> None:
    (permission,) = api.properties("AWS::Lambda::Permission")

    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert json.dumps(permission["SourceArn"]).rstrip('"]} ').endswith("/*/*/recommendations")


def test_the_stage_throttles_and_logs_without_the_query_that_names_a_user(api: Template) -> None:
    assert stage(api)["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
    log = json.loads(stage(api)["AccessLogSettings"]["Format"])
    assert {"requestId", "status", "route"} <= log.keys()
    assert not [value for value in log.values() if "path" in value.lower() or "querystring" in value.lower()]


def test_the_configured_pages_may_call_it(api: Template) -> None:
    (http_api,) = api.properties("AWS::ApiGatewayV2::Api")

    assert http_api["CorsConfiguration"]["AllowOrigins"] == ["http://localhost:3000"]
    assert http_api["CorsConfiguration"]["AllowMethods"] == ["GET"]


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
