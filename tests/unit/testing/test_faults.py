"""Personalize on a bad day, as a test orders it: refusals, slow answers, failing work, durations and quotas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tastemaker.testing import (
    AWS_DURATIONS,
    AWS_RATES,
    Durations,
    EagerClock,
    EmbeddedPersonalize,
    ManualClock,
    NotActive,
    Quotas,
    await_active,
    embedded_aws,
    embedded_personalize,
)
from tests.unit.personalize.scene import refused
from tests.unit.testing.shop import LOCATION, campaign_of, events, group_of, import_into, kinds_recommended


@pytest.fixture
def personalize() -> Iterator[EmbeddedPersonalize]:
    with embedded_personalize() as personalize:
        personalize.put_object(LOCATION, events())
        yield personalize


def test_a_throttled_call_is_tried_again_by_the_client_until_it_passes(personalize: EmbeddedPersonalize) -> None:
    personalize.faults.throttle("ListDatasetGroups", times=2)

    answer = personalize.client("personalize").list_dataset_groups()

    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_more_throttling_than_the_client_retries_reaches_the_caller(personalize: EmbeddedPersonalize) -> None:
    personalize.faults.throttle("ListDatasetGroups", times=5)

    with refused("ThrottlingException", "Rate exceeded"):
        personalize.client("personalize").list_dataset_groups()
    personalize.client("personalize").list_dataset_groups()


def test_a_limit_is_exceeded_as_often_as_it_was_ordered(personalize: EmbeddedPersonalize) -> None:
    control = personalize.client("personalize")
    personalize.faults.exceed_limit("CreateDatasetGroup", times=4)

    with refused("LimitExceededException"):
        control.create_dataset_group(name="shop")

    assert control.create_dataset_group(name="shop")["datasetGroupArn"]


def test_other_operations_go_on(personalize: EmbeddedPersonalize) -> None:
    personalize.faults.refuse("DescribeCampaign", "ResourceNotFoundException", "gone")

    personalize.client("personalize").list_campaigns()

    with refused("ResourceNotFoundException", "gone"):
        personalize.client("personalize").describe_campaign(campaignArn="arn:aws:personalize:us-east-1:1:campaign/c")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (lambda faults: faults.throttle("PutEvent"), "did you mean PutEvents"),
        (lambda faults: faults.refuse("PutEvents", "ResourceInUseException"), "InvalidInputException"),
        (lambda faults: faults.fail("DeleteCampaign", "no"), "name a Create or an Update"),
        (lambda faults: faults.throttle("PutEvents", times=0), "once or more"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_words(personalize: EmbeddedPersonalize, order: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        order(personalize.faults)


def test_faults_that_did_not_happen_can_be_cleared(personalize: EmbeddedPersonalize) -> None:
    personalize.faults.throttle("ListSchemas", times=9)

    personalize.faults.clear()

    assert personalize.client("personalize").list_schemas()["ResponseMetadata"]["RetryAttempts"] == 0


def test_an_import_that_is_to_fail_changes_no_data(personalize: EmbeddedPersonalize) -> None:
    control = personalize.client("personalize")
    personalize.faults.fail("CreateDatasetImportJob", "Insufficient privileges for accessing data in S3.")

    job = import_into(control, group_of(control))
    with pytest.raises(NotActive, match="CREATE FAILED: Insufficient privileges"):
        await_active(control, job)

    dataset = control.list_datasets()["datasets"][0]["datasetArn"]
    with refused("InvalidInputException", "its first import has to have importMode FULL"):
        control.create_dataset_import_job(
            jobName="again",
            datasetArn=dataset,
            dataSource={"dataLocation": LOCATION},
            roleArn="arn:aws:iam::123456789012:role/reader",
            importMode="INCREMENTAL",
        )


def test_a_training_fails_once_and_the_next_succeeds(personalize: EmbeddedPersonalize) -> None:
    control = personalize.client("personalize")
    personalize.faults.fail("CreateSolutionVersion", "Out of luck.")

    with pytest.raises(NotActive, match="Out of luck"):
        campaign_of(control)

    solution = control.list_solutions()["solutions"][0]["solutionArn"]
    await_active(control, control.create_solution_version(solutionArn=solution)["solutionVersionArn"])


def test_a_failed_update_leaves_the_campaign_serving_what_it_had(personalize: EmbeddedPersonalize) -> None:
    control = personalize.client("personalize")
    campaign = campaign_of(control)
    personalize.faults.fail("UpdateCampaign", "The update failed.")

    control.update_campaign(campaignArn=campaign, minProvisionedTPS=2)
    with pytest.raises(NotActive, match="The update failed"):
        await_active(control, campaign)

    described = control.describe_campaign(campaignArn=campaign)["campaign"]
    assert (described["status"], described["minProvisionedTPS"]) == ("ACTIVE", 1)
    assert kinds_recommended(personalize.client("personalize-runtime"), campaign, "cat-lover-1") == {"cat"}


def test_a_slow_call_takes_its_time_on_the_clock() -> None:
    clock = EagerClock()
    with embedded_personalize(clock=clock) as personalize:
        personalize.faults.delay("ListRecipes", 1.5)
        before = clock.now()

        personalize.client("personalize").list_recipes()
        personalize.client("personalize").list_recipes()

        assert clock.now() - before == 1.5


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf])
def test_a_delay_that_is_no_time_is_refused(personalize: EmbeddedPersonalize, seconds: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        personalize.faults.delay("ListRecipes", seconds)


def test_what_has_a_duration_ends_when_the_clock_says_so() -> None:
    clock = ManualClock()
    with embedded_personalize(clock=clock, durations=Durations({"DatasetGroup": 60})) as personalize:
        control = personalize.client("personalize")
        group = control.create_dataset_group(name="shop")["datasetGroupArn"]

        def status() -> str:
            return control.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"]

        assert [status() for _ in range(4)] == ["CREATE PENDING", *["CREATE IN_PROGRESS"] * 3]
        clock.advance(59)
        assert status() == "CREATE IN_PROGRESS"
        clock.advance(1)
        assert status() == "ACTIVE"


def test_nobody_has_to_look_for_a_duration_to_end() -> None:
    clock = ManualClock()
    with embedded_personalize(clock=clock, durations=AWS_DURATIONS) as personalize:
        control = personalize.client("personalize")
        control.create_dataset_group(name="shop")

        clock.advance(29)
        assert control.list_dataset_groups()["datasetGroups"][0]["status"] == "CREATE IN_PROGRESS"
        clock.advance(1)
        assert control.list_dataset_groups()["datasetGroups"][0]["status"] == "ACTIVE"


def test_a_kind_that_does_not_exist_has_no_duration() -> None:
    with pytest.raises(ValueError, match="Campain is no kind of resource: Campaign is"):
        Durations({"Campain": 1})


def test_a_quota_can_be_raised_and_switched_off() -> None:
    with embedded_personalize(quotas=Quotas(dataset_groups=1)) as personalize:
        personalize.client("personalize").create_dataset_group(name="a")
        with refused("LimitExceededException", "More than 1 resources"):
            personalize.client("personalize").create_dataset_group(name="b")
    with embedded_personalize(quotas=Quotas(dataset_groups=None)) as personalize:
        for number in range(7):
            personalize.client("personalize").create_dataset_group(name=f"shop{number}")


def test_awss_rates_throttle_a_client_that_is_too_fast() -> None:
    assert AWS_RATES.events_per_second == 1000
    clock = ManualClock()
    with embedded_personalize(clock=clock, quotas=Quotas(events_per_second=2)) as personalize:
        control = personalize.client("personalize")
        group = group_of_events(control)
        tracker = control.create_event_tracker(name="web", datasetGroupArn=group)
        await_active(control, tracker["eventTrackerArn"])
        once: Any = personalize.client("personalize-events")
        once.meta.config.merge(Config(retries={"total_max_attempts": 1}))

        def put(event_id: str) -> int:
            event = {"eventType": "view", "itemId": "i", "sentAt": 1, "eventId": event_id}
            try:
                once.put_events(trackingId=tracker["trackingId"], sessionId="s", eventList=[event])
            except ClientError as error:
                return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
            return 200

        assert [put("a"), put("b"), put("c")] == [200, 200, 429]
        clock.advance(0.5)
        assert [put("c"), put("d")] == [200, 429]


def group_of_events(control: Any) -> str:
    """An ACTIVE group with an ACTIVE Interactions dataset."""
    from tests.unit.testing.shop import SCHEMA

    group = group_of(control)
    schema = control.create_schema(name="events", schema=SCHEMA)["schemaArn"]
    dataset = control.create_dataset(name="e", datasetGroupArn=group, schemaArn=schema, datasetType="Interactions")
    await_active(control, dataset["datasetArn"])
    return group


def test_accounts_and_regions_see_nothing_of_each_other(personalize: EmbeddedPersonalize) -> None:
    personalize.client("personalize").create_dataset_group(name="shop")

    elsewhere = personalize.client("personalize", region="eu-west-1").create_dataset_group(name="shop")
    other = personalize.client("personalize", account="000000000042")

    assert elsewhere["datasetGroupArn"] == "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop"
    assert other.list_dataset_groups()["datasetGroups"] == []


def test_over_http_a_key_of_twelve_digits_is_an_account_and_faults_are_ordered_alike() -> None:
    import boto3

    with embedded_aws(quotas=Quotas(dataset_groups=1)) as aws:
        mine: Any = boto3.client("personalize", aws_access_key_id="000000000042", aws_secret_access_key="local")
        arn = mine.create_dataset_group(name="shop")["datasetGroupArn"]

        assert arn == "arn:aws:personalize:us-east-1:000000000042:dataset-group/shop"
        assert boto3.client("personalize").list_dataset_groups()["datasetGroups"] == []
        aws.faults.refuse("ListSchemas", "AccessDeniedException")
        with refused("AccessDeniedException"):
            mine.list_schemas()


def test_on_a_clock_that_runs_ahead_a_duration_takes_no_real_time() -> None:
    clock = EagerClock()
    with embedded_personalize(clock=clock, durations=Durations({"DatasetGroup": 3600})) as personalize:
        control = personalize.client("personalize")
        before = clock.now()
        group = control.create_dataset_group(name="shop")["datasetGroupArn"]

        def status() -> str:
            return control.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"]

        assert [status() for _ in range(3)] == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
        assert clock.now() - before == 3600
