"""An embedded AWS that the whole process's clients lead to."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import boto3

from tastemaker.personalize.clock import EagerClock
from tastemaker.testing import embedded_aws
from tests.unit.testing.shop import BUCKET, KEY, ROLE, campaign_of, events, kinds_recommended

if TYPE_CHECKING:
    import pytest


def test_a_csv_in_s3_becomes_recommendations_by_clients_that_know_no_endpoint() -> None:
    with embedded_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=events().encode())

        campaign = campaign_of(boto3.client("personalize"))

        runtime = boto3.client("personalize-runtime")
        assert kinds_recommended(runtime, campaign, "cat-lover-7") == {"cat"}
        assert kinds_recommended(runtime, campaign, "dog-lover-7") == {"dog"}


def test_its_own_clients_are_those_of_its_endpoint() -> None:
    with embedded_aws() as aws:
        assert aws.client("personalize").meta.endpoint_url == aws.endpoint_url
        assert aws.client("personalize").list_dataset_groups()["datasetGroups"] == []


def test_settings_that_would_lead_past_it_are_put_aside_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PERSONALIZE", "http://elsewhere.example")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    before = dict(os.environ)

    with embedded_aws() as aws:
        assert boto3.client("personalize").meta.endpoint_url == aws.endpoint_url
        assert "AWS_SESSION_TOKEN" not in os.environ

    assert dict(os.environ) == before


def test_on_an_eager_clock_a_state_machines_hour_takes_no_time() -> None:
    waiting = '{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": true}}}'
    with embedded_aws(clock=EagerClock()) as aws:
        states = aws.client("stepfunctions")
        machine = states.create_state_machine(name="m", definition=waiting, roleArn=ROLE)["stateMachineArn"]

        execution = states.start_execution(stateMachineArn=machine)["executionArn"]

        deadline = time.monotonic() + 30
        while (status := states.describe_execution(executionArn=execution)["status"]) == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert status == "SUCCEEDED"
