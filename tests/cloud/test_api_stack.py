"""The HTTP API: its routes, throttled, logged, and open to the configured pages alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.recommend.settings import Filter, Settings
from tests.cloud.synthesis import Template, edited, flat, synthesised


def stage(api: Template) -> dict[str, Any]:
    (found,) = api.properties("AWS::ApiGatewayV2::Stage")
    return found


READING = [f"GET /{name}" for name in ("recommendations", "similar-items", "popular-items", "health", "openapi.json")]
WRITING = ["POST /events"]


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

    assert served == {
        **dict.fromkeys(READING, "example-shop-recommend"),
        **dict.fromkeys(WRITING, "example-shop-track-events"),
    }


def test_the_api_may_call_each_function_through_its_routes_alone(api: Template) -> None:
    permissions = api.properties("AWS::Lambda::Permission")

    assert {permission["Principal"] for permission in permissions} == {"apigateway.amazonaws.com"}
    paths = sorted(json.dumps(permission["SourceArn"]).rstrip('"]} ').rpartition("/")[2] for permission in permissions)
    assert paths == sorted(key.rpartition("/")[2] for key in READING + WRITING)


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


def allowed(api: Template) -> dict[str, list[str]]:
    """What the recommend function may do, by action the kinds or ends of the resources."""
    function = api.function("recommend")
    return {
        action: [resource.rpartition(":")[2] for resource in statement.resources]
        for statement in api.permissions_of(function)
        for action in statement.actions
        if not action.startswith(("logs:", "xray:"))
    }


def variables(api: Template) -> dict[str, Any]:
    environment: dict[str, Any] = api.function("recommend")["Environment"]["Variables"]
    return environment


def test_the_function_reads_the_engines_table_and_the_items_and_asks_its_campaigns(api: Template) -> None:
    may = allowed(api)

    assert may.keys() == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "personalize:GetRecommendations"}
    assert set(may["personalize:GetRecommendations"]) == {
        *(f"campaign/example-shop-{model}" for model in ("for-you", "similar", "popular")),
        "filter/example-shop-*",
    }
    assert may["dynamodb:GetItem"] != may["dynamodb:BatchGetItem"]
    assert {"ENGINE_TABLE", "ITEMS_TABLE"} <= variables(api).keys()


def test_the_function_is_told_what_the_configuration_asks_of_it(api: Template) -> None:
    told = Settings.from_json(variables(api)["SETTINGS"])

    assert (told.project, told.models) == (
        "example-shop",
        ("recommendations", "similar-items", "popular-items"),
    )
    assert (told.item_key, told.item_details) == ("itemId", ("title", "category", "price"))


CHEAPER = """
[[filters]]
name = "cheaper"
expression = 'INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE | EXCLUDE ItemID WHERE Items.CATEGORY IN ($OUT)'

[retrain]
"""


def test_filters_and_fields_are_told_where_they_are_configured(tmp_path: Path) -> None:
    device = 'device = { field = "DEVICE", type = "string", categorical = true }'
    config = edited(tmp_path, ("\n[retrain]\n", CHEAPER), ("[interactions.fields]", f"[interactions.fields]\n{device}"))
    assembly = synthesised(tmp_path / "out", config=config)

    api = Template(json.loads((assembly / "example-shop-api.template.json").read_text()))

    told = Settings.from_json(variables(api)["SETTINGS"])
    assert told.context == ("DEVICE",)
    assert told.filters == {
        "not-purchased": Filter(needs_user=True, default=True, version="9f7ca312"),
        "in-category": Filter(parameters=("CATEGORY",), needs_user=True, version="20db6cb4"),
        "cheaper": Filter(parameters=("OUT",), needs_item=True, version="2ba365e0"),
    }
    report = json.loads((assembly / "validation-report.json").read_text())
    assert [plugin for plugin in report.get("pluginReports", []) if plugin["violations"]] == []


def test_without_details_the_function_cannot_read_the_items(tmp_path: Path) -> None:
    config = edited(tmp_path, ("[items.fields]", "details = []\n[items.fields]"))
    assembly = synthesised(tmp_path / "out", config=config)

    api = Template(json.loads((assembly / "example-shop-api.template.json").read_text()))

    assert "dynamodb:BatchGetItem" not in allowed(api)
    assert "ITEMS_TABLE" not in variables(api)


def test_more_settings_than_a_functions_environment_holds_are_told_at_synthesis(tmp_path: Path) -> None:
    many = json.dumps([f"attribute-{number}" * 4 for number in range(100)])
    config = edited(tmp_path, ("[items.fields]", f"details = {many}\n[items.fields]"))

    with pytest.raises(RuntimeError, match="room for 3400: list fewer details"):
        synthesised(tmp_path / "out", config=config)


def test_the_output_is_that_which_the_commands_read(api: Template) -> None:
    assert "ApiUrl" in api.document["Outputs"]
