"""Installing the interpreter."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from tastemaker.cloud.states.clients import ClientPool
from tests.unit.cloud.states.interpreter import REGION, ROLE, Machines, jsonata, output_of, part_with_output

if TYPE_CHECKING:
    import pytest


def pool_of(keys: Callable[[str], str], url: str = "http://127.0.0.1:1") -> ClientPool:
    return ClientPool(
        lambda: url,
        lambda role: SimpleNamespace(access_key_id=keys(role), secret_access_key="s", session_token=""),
    )


def test_a_service_region_and_role_share_one_client() -> None:
    pool = pool_of(lambda role: role)

    first = pool.client(service="personalize", region=REGION, role_arn=ROLE)

    assert pool.client(service="personalize", region=REGION, role_arn=ROLE) is first
    assert pool.client(service="personalize", region="eu-west-1", role_arn=ROLE) is not first
    assert pool.client(service="personalize", region=REGION, role_arn="other") is not first


def test_a_client_calls_the_endpoint_once_and_waits_as_long_as_a_function_may_run() -> None:
    client = pool_of(lambda _: "AKIA").client(service="lambda", region=REGION, role_arn=ROLE)

    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.config.retries["total_max_attempts"] == 1
    assert client.meta.config.read_timeout > 900
    assert client.meta.config.connect_timeout <= 10


def test_a_definition_is_parsed_once(machines: Machines) -> None:
    definition = json.dumps(output_of("once"))

    first, _ = AmazonStateLanguageParser.parse(definition)
    machines.run(definition)

    assert AmazonStateLanguageParser.parse(definition)[0] is first


def test_executions_of_one_definition_keep_their_retries_and_variables_apart(machines: Machines) -> None:
    arn = machines.create(
        jsonata(
            ("Keep", {"Type": "Pass", "Assign": {"kept": "{% $states.input.n %}"}}),
            ("Wait", {"Type": "Wait", "Seconds": 1}),
            ("Give", {"Type": "Pass", "Output": "{% $kept %}"}),
        )
    )
    executions = [
        machines.client.start_execution(stateMachineArn=arn, input=json.dumps({"n": n}))["executionArn"]
        for n in range(10)
    ]

    assert [machines.end_of(execution)["output"] for execution in executions] == [str(n) for n in range(10)]


def test_no_thread_is_left_by_executions_that_have_ended(machines: Machines) -> None:
    before = set(threading.enumerate())
    branches = {"Type": "Parallel", "Branches": [part_with_output(1), part_with_output(2)]}

    for _ in range(3):
        machines.output(jsonata(("Both", branches)))

    for thread in set(threading.enumerate()) - before:
        thread.join(1)
        assert not thread.is_alive()


def test_a_failure_is_in_the_history_and_not_in_the_log_too(
    machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    machines.failure(output_of("{% $missing %}"))

    assert [record for record in caplog.records if record.name.startswith("moto.stepfunctions")] == []
