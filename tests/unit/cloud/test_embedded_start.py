"""Starting and ending an embedded cloud."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tastemaker.cloud.assembly import AssemblyError
from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.cloud.server import PortInUse
from tests.unit.cloud.served import listening


def test_a_port_in_use_is_told_and_leaves_the_process_free_for_the_next() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is already in use"):
            EmbeddedCloud(port=port).__enter__()

    with EmbeddedCloud(port=port) as cloud:
        assert cloud.endpoint_url == f"http://127.0.0.1:{port}"


def test_nothing_of_one_cloud_is_in_the_next() -> None:
    with EmbeddedCloud() as first:
        first.client("s3").create_bucket(Bucket="shop")
        url = first.endpoint_url

    assert not listening(url)
    with EmbeddedCloud() as second:
        assert second.client("s3").list_buckets()["Buckets"] == []
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("server-")]


def test_before_a_deployment_there_is_no_api() -> None:
    with EmbeddedCloud() as cloud, pytest.raises(LookupError, match="deploy an assembly that has one"):
        _ = cloud.api_url


def test_a_directory_without_an_assembly_is_refused(tmp_path: Path) -> None:
    with EmbeddedCloud() as cloud, pytest.raises(AssemblyError):
        cloud.deploy(tmp_path)


def test_an_execution_that_waits_ends_with_the_cloud() -> None:
    waiting = '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": true}}}'

    with EmbeddedCloud() as cloud:
        states = cloud.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/r"
        machine = states.create_state_machine(name="m", definition=waiting, roleArn=role)["stateMachineArn"]
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
        (thread,) = (thread for thread in threading.enumerate() if thread.name == execution)

    thread.join(timeout=10)
    assert not thread.is_alive()


def test_personalize_is_not_there_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="enter it with `with`"):
        _ = EmbeddedCloud().personalize
