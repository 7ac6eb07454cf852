"""The embedded cloud as a whole: a small assembly is deployed, runs, and is gone at the end."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.cloud.exclusive import AlreadyRunning
from tastemaker.cloud.function_logs import LogLine
from tastemaker.cloud.identity import Caller
from tests.unit.cloud.assemblies import function, resource, role, template, write_assembly

CODE = """
import json, os, boto3

def handler(event, context):
    if "Records" in event:
        print("received", *(record["body"] for record in event["Records"]))
        return {}
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    item = table.get_item(Key={"itemId": event["pathParameters"]["itemId"]})["Item"]
    return {"title": item["title"]}
"""
ARN = {"Fn::GetAtt": ["Function", "Arn"]}
API = {"Ref": "Api"}


def shop() -> dict[str, Any]:
    return template(
        {
            "Role": role(),
            "Function": function(
                FunctionName="shop", Handler="app.handler", Environment={"Variables": {"TABLE": {"Ref": "Products"}}}
            ),
            "Products": resource(
                "AWS::DynamoDB::Table",
                {
                    "TableName": "Products",
                    "KeySchema": [{"AttributeName": "itemId", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "itemId", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            ),
            "Events": resource("AWS::SQS::Queue", {"QueueName": "events"}),
            "Mapping": resource(
                "AWS::Lambda::EventSourceMapping",
                {"EventSourceArn": {"Fn::GetAtt": ["Events", "Arn"]}, "FunctionName": {"Ref": "Function"}},
            ),
            "Api": resource("AWS::ApiGatewayV2::Api", {"Name": "shop", "ProtocolType": "HTTP"}),
            "Stage": resource("AWS::ApiGatewayV2::Stage", {"ApiId": API, "StageName": "$default"}),
            "Integration": resource(
                "AWS::ApiGatewayV2::Integration",
                {
                    "ApiId": API,
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": ARN,
                    "PayloadFormatVersion": "2.0",
                },
            ),
            "Route": resource(
                "AWS::ApiGatewayV2::Route",
                {
                    "ApiId": API,
                    "RouteKey": "GET /products/{itemId}",
                    "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
                },
            ),
        },
        Outputs={
            "ApiUrl": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}},
            "TableName": {"Value": {"Ref": "Products"}},
        },
    )


class Log:
    """Collects what functions write, for whoever waits for it."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._written = threading.Condition()

    def __call__(self, line: LogLine) -> None:
        with self._written:
            self._lines.append(line.message)
            self._written.notify_all()

    def await_line(self, message: str) -> None:
        with self._written:
            assert self._written.wait_for(lambda: message in self._lines, timeout=60), self._lines


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = write_assembly(tmp_path_factory.mktemp("cdk.out"), {"shop": shop()})
    (directory / "asset.0123abcd" / "app.py").write_text(CODE)
    return directory


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """What the deployment put out, once `cloud` is there."""
    return {}


@pytest.fixture(scope="module")
def cloud(assembly: Path, log: Log, outputs: dict[str, str]) -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(function_log=log) as running:
        outputs.update(running.deploy(assembly)["shop"])
        running.seed_table("Products", [{"itemId": {"S": "i1"}, "title": {"S": "Kettle"}}])
        yield running


def test_a_request_goes_through_the_api_the_function_and_the_table(cloud: EmbeddedCloud) -> None:
    with urllib.request.urlopen(f"{cloud.api_url}/products/i1", timeout=10) as response:
        assert json.load(response) == {"title": "Kettle"}

    (role,) = (r.attributes["Arn"] for r in cloud.stacks["shop"].of_type("AWS::IAM::Role"))
    calls = {(call.caller, call.operation) for call in cloud.calls if call.service == "dynamodb"}
    assert calls == {(Caller(role, "shop"), "GetItem")}


def test_an_output_that_leads_to_the_api_leads_to_it_here(cloud: EmbeddedCloud, outputs: dict[str, str]) -> None:
    assert outputs == {"ApiUrl": cloud.api_url, "TableName": "Products"}


def test_a_message_reaches_the_function_that_its_queue_feeds(cloud: EmbeddedCloud, log: Log) -> None:
    sqs = cloud.client("sqs")

    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="events")["QueueUrl"], MessageBody="hello")

    log.await_line("received hello")


def test_all_apis_are_at_one_endpoint(cloud: EmbeddedCloud) -> None:
    assert cloud.client("personalize").list_dataset_groups()["datasetGroups"] == []
    assert json.load(cloud.client("lambda").invoke(FunctionName="shop", Payload=b'{"Records": []}')["Payload"]) == {}
    assert cloud.client("stepfunctions").list_state_machines()["stateMachines"] == []
    runtime = cloud.client("personalize-runtime")
    campaign = "arn:aws:personalize:us-east-1:123456789012:campaign/none"
    with pytest.raises(runtime.exceptions.ResourceNotFoundException):
        runtime.get_recommendations(campaignArn=campaign, userId="u")


def test_deploying_again_serves_on(cloud: EmbeddedCloud, assembly: Path) -> None:
    cloud.deploy(assembly)

    with urllib.request.urlopen(f"{cloud.api_url}/products/i1", timeout=10) as response:
        assert response.status == 200


@pytest.mark.usefixtures("cloud")
def test_a_second_cloud_in_the_process_is_refused() -> None:
    with pytest.raises(AlreadyRunning):
        EmbeddedCloud().__enter__()
