"""An embedded Personalize in a test's own process."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tastemaker.personalize.clock import ManualClock
from tastemaker.testing import embedded_personalize
from tests.unit.testing.shop import LOCATION, campaign_of, events, kinds_recommended


def test_a_csv_becomes_recommendations_without_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with embedded_personalize() as personalize:
        personalize.put_object(LOCATION, events())

        campaign = campaign_of(personalize.client("personalize"))

        runtime = personalize.client("personalize-runtime")
        assert kinds_recommended(runtime, campaign, "cat-lover-7") == {"cat"}
        assert kinds_recommended(runtime, campaign, "dog-lover-7") == {"dog"}


def test_each_has_resources_of_its_own() -> None:
    with embedded_personalize() as one, embedded_personalize() as other:
        one.client("personalize").create_dataset_group(name="shop")

        assert other.client("personalize").list_dataset_groups()["datasetGroups"] == []


def test_there_is_a_client_of_each_of_the_three_services() -> None:
    with embedded_personalize() as personalize:
        clients: list[Any] = [
            personalize.client("personalize"),
            personalize.client("personalize-runtime"),
            personalize.client("personalize-events"),
        ]

    names = [client.meta.service_model.service_name for client in clients]
    assert names == ["personalize", "personalize-runtime", "personalize-events"]


def test_its_clients_raise_the_exceptions_that_boto3s_do() -> None:
    with embedded_personalize() as personalize:
        control = personalize.client("personalize")

        with pytest.raises(control.exceptions.ResourceNotFoundException) as caught:
            control.describe_campaign(campaignArn="arn:aws:personalize:us-east-1:123456789012:campaign/none")

        assert isinstance(caught.value, ClientError)


def test_it_says_what_an_idle_campaign_would_cost_on_aws_by_the_tests_clock() -> None:
    clock = ManualClock()
    with embedded_personalize(clock=clock) as personalize:
        personalize.put_object(LOCATION, events())
        campaign_of(personalize.client("personalize"))
        before = personalize.costs().total

        clock.advance(24 * 3600)

        assert personalize.costs().total - before == pytest.approx(4.80, abs=0.01)
        assert personalize.costs(region="eu-west-1").items == ()


def test_objects_that_were_put_or_written_by_jobs_can_be_read() -> None:
    with embedded_personalize() as personalize:
        personalize.put_object("s3://bucket/a.txt", "Ä")

        assert personalize.get_object("s3://bucket/a.txt") == "Ä".encode()
        for missing in ("s3://bucket/b.txt", "s3://nowhere/a.txt"):
            with pytest.raises(LookupError):
                personalize.get_object(missing)


def test_timestamps_are_the_clocks() -> None:
    clock = ManualClock(1_800_000_000.0)
    with embedded_personalize(clock=clock) as personalize:
        control = personalize.client("personalize")
        group = control.create_dataset_group(name="shop")["datasetGroupArn"]
        clock.advance(3600.0)

        described = control.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]

    assert described["creationDateTime"].timestamp() == 1_800_000_000.0


def test_a_service_that_needs_a_socket_is_refused_with_the_way_to_it() -> None:
    service: Any = "s3"
    with (
        embedded_personalize() as personalize,
        pytest.raises(ValueError, match=r"no s3 without a socket.*embedded_aws"),
    ):
        personalize.client(service)


@pytest.mark.parametrize("location", ["events.csv", "s3://shop", "s3://shop/", "s3://shop/exports/"])
def test_what_names_no_object_is_refused(location: str) -> None:
    with embedded_personalize() as personalize, pytest.raises(ValueError, match="write s3://bucket/key"):
        personalize.put_object(location, "")
