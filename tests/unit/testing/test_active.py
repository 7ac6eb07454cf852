"""Waiting for resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tastemaker.testing import EmbeddedPersonalize, NotActive, await_active, embedded_personalize
from tests.unit.testing.shop import LOCATION, events, group_of, import_into

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

ARN = "arn:aws:personalize:us-east-1:123456789012"


@pytest.fixture
def personalize() -> Iterator[EmbeddedPersonalize]:
    with embedded_personalize() as personalize:
        yield personalize


@pytest.fixture
def control(personalize: EmbeddedPersonalize) -> PersonalizeClient:
    return personalize.client("personalize")


class CampaignInUpdate:
    """A client that describes a campaign which stays ACTIVE, and an update of it that ends as it is told to."""

    def __init__(self, *statuses: str) -> None:
        self._statuses = list(statuses)

    def describe_campaign(self, *, campaignArn: str) -> dict[str, object]:  # noqa: N803 # the API's name
        update = {"status": self._statuses.pop(0), "failureReason": "no capacity"}
        return {"campaign": {"campaignArn": campaignArn, "status": "ACTIVE", "latestCampaignUpdate": update}}

    def left(self) -> list[str]:
        return self._statuses


def test_it_returns_when_describe_says_active(control: PersonalizeClient) -> None:
    group = control.create_dataset_group(name="shop")["datasetGroupArn"]

    await_active(control, group)

    assert control.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"] == "ACTIVE"


def test_a_failure_is_told_in_personalizes_words(personalize: EmbeddedPersonalize, control: PersonalizeClient) -> None:
    personalize.put_object(LOCATION, events().replace("USER_ID", "WHO", 1))
    job = import_into(control, group_of(control))

    with pytest.raises(NotActive, match=r"import-job/load is CREATE FAILED: Input CSV is missing .* \[USER_ID\]"):
        await_active(control, job)


def test_a_wait_that_is_too_long_says_where_the_resource_stands(control: PersonalizeClient) -> None:
    group = control.create_dataset_group(name="shop")["datasetGroupArn"]

    with pytest.raises(TimeoutError, match="dataset-group/shop is still CREATE PENDING after 0 seconds"):
        await_active(control, group, seconds=0)


def test_a_campaign_is_waited_for_by_its_latest_update() -> None:
    campaigns: PersonalizeClient
    client = CampaignInUpdate("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
    campaigns = client  # type: ignore[assignment] # has what is called

    await_active(campaigns, f"{ARN}:campaign/live")

    assert client.left() == []


def test_an_update_that_fails_is_a_failure_of_an_active_campaign() -> None:
    campaigns: PersonalizeClient
    campaigns = CampaignInUpdate("CREATE FAILED")  # type: ignore[assignment] # has what is called

    with pytest.raises(NotActive, match="campaign/live is CREATE FAILED: no capacity"):
        await_active(campaigns, f"{ARN}:campaign/live")


@pytest.mark.parametrize("arn", [f"{ARN}:schema/events", "arn:aws:s3:::bucket", "shop"])
def test_what_never_has_a_status_is_refused(control: PersonalizeClient, arn: str) -> None:
    with pytest.raises(ValueError, match="names nothing that becomes ACTIVE"):
        await_active(control, arn)
