"""Thousands of requests, good and broken, built from the service models: none of them meets a defect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.compat import HTTPHeaders
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastemaker.personalize.wire import WireRequest, WireResponse
from tests.unit.personalize.broken_requests import broken_bytes, encoded, with_broken_members
from tests.unit.personalize.event_scene import CAMPAIGN, DATASET, GROUP, EventScene
from tests.unit.personalize.requests import SERVICES, inputs
from tests.unit.personalize.scene import ACCOUNT, ARN, RECIPE, REGION, USERS, Scene

if TYPE_CHECKING:
    from botocore.model import OperationModel

COMMON = {
    "AccessDeniedException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationException",
}
OPERATIONS = [
    (service, name)
    for service in SERVICES
    for name in botocore.session.get_session().get_service_model(service).operation_names
]
CONTENT_TYPES = ("application/json", "application/x-amz-json-1.1", "text/xml", "", "é", "application/cbor")
REPEATABLE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Fuzzed:
    """An embedded Personalize with one of nearly everything."""

    def __init__(self) -> None:
        self.scene = EventScene()
        self.scene.jobs.succeed()
        created = self.scene.control.create_filter(
            name="unseen",
            datasetGroupArn=GROUP,
            filterExpression="EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($T)",
        )
        self.scene.control.create_schema(name="spare", schema=USERS)
        self.arns = [
            CAMPAIGN,
            DATASET,
            GROUP,
            created["filterArn"],
            self.scene.tracker_arn,
            self.scene.describe_campaign(CAMPAIGN)["solutionVersionArn"],
            *(
                f"{ARN}:{name}"
                for name in ("schema/events", "schema/spare", "solution/you", "solution/you/$LATEST", "none/x")
            ),
            *(f"{RECIPE}/{name}" for name in ("aws-user-personalization", "aws-similar-items")),
        ]

    def ask(self, model: OperationModel, body: bytes, **headers: str) -> WireResponse:
        """A request of the operation, whose answer is checked."""
        is_control = model.service_model.service_name == "personalize"
        if is_control:
            headers = {"x-amz-target": f"AmazonPersonalize.{model.name}", **headers}
        path = model.http["requestUri"]
        response = self.scene.personalize.handle(
            WireRequest(model.http["method"], path, headers, body, ACCOUNT, REGION)
        )
        check(model, response)
        return response


def check(model: OperationModel, response: WireResponse) -> None:
    """An answer is what the model says: its output, or an error that it has or that all have."""
    assert response.status < 500, response.body
    assert response.headers["x-amzn-RequestId"]
    received = {"status_code": response.status, "headers": _lowered(response), "body": response.body}
    parsed: dict[str, Any] = create_parser(model.service_model.metadata["protocol"]).parse(
        received,
        model.output_shape,  # type: ignore[arg-type] # None is what it takes for an operation without output
    )
    if response.status == 200:
        assert "Error" not in parsed
        return
    modelled = {shape.name for shape in model.error_shapes}
    assert parsed["Error"]["Code"] in modelled | COMMON, (model.name, parsed["Error"])
    assert parsed["Error"]["Message"]


def _lowered(response: WireResponse) -> Any:
    return HTTPHeaders.from_dict(response.headers)


@cache
def model_of(service: str, name: str) -> OperationModel:
    return botocore.session.get_session().get_service_model(service).operation_model(name)


@pytest.fixture
def fuzzed() -> Iterator[Fuzzed]:
    fuzzed = Fuzzed()
    yield fuzzed
    fuzzed.scene.personalize.close()


EACH_OPERATION = pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=[name for _, name in OPERATIONS])


@EACH_OPERATION
def test_no_request_of_an_operation_meets_a_defect(fuzzed: Fuzzed, service: str, name: str) -> None:
    fuzz(fuzzed, model_of(service, name), examples=25)


@pytest.mark.slow
@EACH_OPERATION
def test_none_of_a_thousand_requests_of_an_operation_meets_a_defect(fuzzed: Fuzzed, service: str, name: str) -> None:
    fuzz(fuzzed, model_of(service, name), examples=350)


def fuzz(fuzzed: Fuzzed, model: OperationModel, *, examples: int) -> None:
    """Three requests an example: as it should be, with broken members, with broken bytes."""

    @settings(REPEATABLE, max_examples=examples)
    @given(
        members=inputs(model.input_shape, fuzzed.arns, [fuzzed.scene.tracking_id, "none"]), seed=st.integers(0, 2**32)
    )
    def answered(members: dict[str, Any], seed: int) -> None:
        luck = Random(seed)
        fuzzed.ask(model, encoded(members))
        fuzzed.ask(model, encoded(with_broken_members(members, luck)))
        fuzzed.ask(model, broken_bytes(encoded(members), luck), **{"content-type": luck.choice(CONTENT_TYPES)})

    answered()


@REPEATABLE
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "", "é", "POST\x00"]),
    path=st.sampled_from(["/", "/events", "/recommendations", "/recommendations/", "//events", "/é%00", "", "*"])
    | st.text(max_size=20),
    target=st.none()
    | st.sampled_from(
        ["AmazonPersonalize.ListCampaigns", "AmazonPersonalize", "AmazonPersonalize.", "DynamoDB.Query", ""]
    )
    | st.text(max_size=20),
    seed=st.integers(0, 2**32),
)
def test_no_path_and_no_target_meets_a_defect(
    scene: Scene, method: str, path: str, target: str | None, seed: int
) -> None:
    luck = Random(seed)
    headers = {"content-type": luck.choice(CONTENT_TYPES), **({} if target is None else {"x-amz-target": target})}
    body = broken_bytes(b'{"maxResults": 3}', luck)

    answer = scene.personalize.handle(WireRequest(method, path, headers, body, ACCOUNT, REGION))

    assert answer.status in {200, 400, 404}, answer.body
    assert answer.headers["x-amzn-RequestId"]
    json.loads(answer.body or b"{}")
