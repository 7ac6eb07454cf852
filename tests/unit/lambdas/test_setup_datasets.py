import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from lambdas.common.errors import FailedError, InvalidError, RetryableError
from lambdas.setup_datasets.datasets import DatasetSetup
from tests.unit.lambdas.conftest import ACCOUNT

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

Personalize = tuple["PersonalizeClient", Stubber]
ROLE = "arn:aws:iam::123456789012:role/personalize"
GROUP = ACCOUNT.personalize_arn("dataset-group/shop")
DATASET = ACCOUNT.personalize_arn("dataset/shop/INTERACTIONS")
SCHEMA = {"type": "record", "name": "Interactions", "fields": []}
SCHEMA_NAME = f"shop-interactions-{hashlib.sha256(json.dumps(SCHEMA).encode()).hexdigest()[:8]}"
SCHEMA_ARN = ACCOUNT.personalize_arn(f"schema/{SCHEMA_NAME}")
JOB = ACCOUNT.personalize_arn("dataset-import-job/shop-interactions-run-1")


def setup(personalize: Personalize) -> DatasetSetup:
    return DatasetSetup(personalize[0], account=ACCOUNT, role_arn=ROLE)


def not_found(script: Stubber, operation: str) -> None:
    script.add_client_error(operation, "ResourceNotFoundException", "does not exist")


def test_a_dataset_group_that_is_missing_is_created(personalize: Personalize) -> None:
    not_found(personalize[1], "describe_dataset_group")
    personalize[1].add_response("create_dataset_group", {"datasetGroupArn": GROUP}, {"name": "shop"})
    assert setup(personalize).dataset_group("shop") == GROUP


def test_a_dataset_group_that_exists_is_left_alone(personalize: Personalize) -> None:
    personalize[1].add_response(
        "describe_dataset_group", {"datasetGroup": {"status": "ACTIVE"}}, {"datasetGroupArn": GROUP}
    )
    assert setup(personalize).dataset_group("shop") == GROUP


def test_a_dataset_group_that_an_earlier_try_created_meanwhile_is_no_error(personalize: Personalize) -> None:
    not_found(personalize[1], "describe_dataset_group")
    personalize[1].add_client_error("create_dataset_group", "ResourceAlreadyExistsException", "exists")
    assert setup(personalize).dataset_group("shop") == GROUP


def test_throttling_while_describing_is_left_to_the_state_machine_to_retry(personalize: Personalize) -> None:
    personalize[1].add_client_error("describe_dataset_group", "ThrottlingException", "slow down")
    with pytest.raises(RetryableError, match=GROUP):
        setup(personalize).dataset_group("shop")


def test_schema_and_dataset_are_created_with_a_name_that_tells_schemas_apart(
    personalize: Personalize,
) -> None:
    not_found(personalize[1], "describe_schema")
    personalize[1].add_response("create_schema", {}, {"name": SCHEMA_NAME, "schema": json.dumps(SCHEMA)})
    not_found(personalize[1], "describe_dataset")
    personalize[1].add_response(
        "create_dataset",
        {"datasetArn": DATASET},
        {
            "name": "shop-interactions",
            "schemaArn": SCHEMA_ARN,
            "datasetGroupArn": GROUP,
            "datasetType": "INTERACTIONS",
        },
    )
    made = setup(personalize).dataset(
        group_arn=GROUP, dataset_type="INTERACTIONS", name="shop-interactions", schema=SCHEMA
    )
    assert made == {"datasetArn": DATASET, "awaiting": "create"}


ITEMS = ACCOUNT.personalize_arn("dataset/shop/ITEMS")
ITEMS_SCHEMA_ARN = SCHEMA_ARN.replace("interactions", "items")


def items_with_another_schema(personalize: Personalize, **update: str) -> None:
    dataset = {"schemaArn": "old-schema", **({"latestDatasetUpdate": update} if update else {})}
    personalize[1].add_response("describe_schema", {"schema": {}}, {"schemaArn": ITEMS_SCHEMA_ARN})
    personalize[1].add_response("describe_dataset", {"dataset": dataset}, {"datasetArn": ITEMS})


def set_up_items(personalize: Personalize) -> dict[str, str]:
    return setup(personalize).dataset(group_arn=GROUP, dataset_type="ITEMS", name="shop-items", schema=SCHEMA)


def test_items_get_another_schema_and_the_update_is_awaited(personalize: Personalize) -> None:
    items_with_another_schema(personalize)
    personalize[1].add_response(
        "update_dataset", {"datasetArn": ITEMS}, {"datasetArn": ITEMS, "schemaArn": ITEMS_SCHEMA_ARN}
    )
    assert set_up_items(personalize) == {"datasetArn": ITEMS, "awaiting": "update"}


def test_a_repeated_step_awaits_the_update_of_the_dataset_that_it_started(personalize: Personalize) -> None:
    items_with_another_schema(personalize, schemaArn=ITEMS_SCHEMA_ARN, status="CREATE IN_PROGRESS")
    assert set_up_items(personalize) == {"datasetArn": ITEMS, "awaiting": "update"}


def test_an_update_that_personalize_refuses_is_told_with_the_remedy(personalize: Personalize) -> None:
    items_with_another_schema(personalize)
    personalize[1].add_client_error("update_dataset", "InvalidInputException", "PRICE is missing")
    with pytest.raises(InvalidError, match=r"PRICE is missing.*new fields have to be optional"):
        set_up_items(personalize)


def test_interactions_with_another_schema_are_refused_with_both_named(personalize: Personalize) -> None:
    personalize[1].add_response("describe_schema", {"schema": {}}, {"schemaArn": SCHEMA_ARN})
    personalize[1].add_response("describe_dataset", {"dataset": {"schemaArn": "old-schema"}}, {"datasetArn": DATASET})
    with pytest.raises(InvalidError, match=f"old-schema.*{SCHEMA_ARN}.*another project name"):
        setup(personalize).dataset(
            group_arn=GROUP, dataset_type="INTERACTIONS", name="shop-interactions", schema=SCHEMA
        )


def test_the_import_job_is_named_by_the_run_and_replaces_the_bulk_data(personalize: Personalize) -> None:
    not_found(personalize[1], "describe_dataset_import_job")
    personalize[1].add_response(
        "create_dataset_import_job",
        {"datasetImportJobArn": JOB},
        {
            "jobName": "shop-interactions-run-1",
            "datasetArn": DATASET,
            "dataSource": {"dataLocation": "s3://b/exports/run-1/interactions/"},
            "roleArn": ROLE,
            "importMode": "FULL",
        },
    )
    arn = setup(personalize).import_job(
        dataset_arn=DATASET,
        name="shop-interactions",
        run_id="run-1",
        location="s3://b/exports/run-1/interactions/",
    )
    assert arn == JOB


def test_a_repeated_step_finds_its_own_import_job(personalize: Personalize) -> None:
    personalize[1].add_response("describe_dataset_import_job", {"datasetImportJob": {}}, {"datasetImportJobArn": JOB})
    arn = setup(personalize).import_job(
        dataset_arn=DATASET, name="shop-interactions", run_id="run-1", location="s3://b/x/"
    )
    assert arn == JOB


TRACKER = ACCOUNT.personalize_arn("event-tracker/d2e7ccdc")


def trackers(personalize: Personalize, *arns: str) -> None:
    listed = [{"eventTrackerArn": arn} for arn in arns]
    personalize[1].add_response("list_event_trackers", {"eventTrackers": listed}, {"datasetGroupArn": GROUP})


def tracker_described(personalize: Personalize) -> None:
    personalize[1].add_response(
        "describe_event_tracker", {"eventTracker": {"trackingId": "track-1"}}, {"eventTrackerArn": TRACKER}
    )


def test_the_event_tracker_of_the_group_is_created_where_there_is_none(personalize: Personalize) -> None:
    trackers(personalize)
    personalize[1].add_response("create_event_tracker", {}, {"name": "shop", "datasetGroupArn": GROUP})
    trackers(personalize, TRACKER)
    tracker_described(personalize)
    assert setup(personalize).event_tracker(group_arn=GROUP, name="shop") == {
        "eventTrackerArn": TRACKER,
        "trackingId": "track-1",
    }


def test_an_event_tracker_that_exists_is_left_alone(personalize: Personalize) -> None:
    trackers(personalize, TRACKER)
    tracker_described(personalize)
    assert setup(personalize).event_tracker(group_arn=GROUP, name="shop")["trackingId"] == "track-1"


def test_an_event_tracker_that_is_not_listed_yet_is_asked_for_again(personalize: Personalize) -> None:
    trackers(personalize)
    personalize[1].add_client_error("create_event_tracker", "ResourceAlreadyExistsException", "exists")
    trackers(personalize)
    with pytest.raises(RetryableError, match="does not list the event tracker"):
        setup(personalize).event_tracker(group_arn=GROUP, name="shop")


IMPORTED = ["INTERACTIONS", "ITEMS"]
CHEAP: dict[str, Any] = {
    "name": "cheap",
    "resource": "shop-cheap",
    "expression": "INCLUDE ItemID WHERE Items.PRICE < 5",
    "datasets": ["ITEMS"],
}
CHEAP_ARN = ACCOUNT.personalize_arn(f"filter/shop-cheap-{hashlib.sha256(CHEAP['expression'].encode()).hexdigest()[:8]}")


def filter_described(personalize: Personalize, **filter_: str) -> None:
    personalize[1].add_response("describe_filter", {"filter": filter_}, {"filterArn": CHEAP_ARN})


def test_a_filter_is_named_by_its_expression_which_cannot_be_edited(personalize: Personalize) -> None:
    not_found(personalize[1], "describe_filter")
    personalize[1].add_response(
        "create_filter",
        {},
        {"name": CHEAP_ARN.rpartition("/")[2], "datasetGroupArn": GROUP, "filterExpression": CHEAP["expression"]},
    )
    filter_described(personalize, status="CREATE PENDING")
    assert setup(personalize).filters(group_arn=GROUP, wanted=[CHEAP], imported=IMPORTED) == {
        "filters": [{"name": "cheap", "filterArn": CHEAP_ARN}],
        "pending": ["cheap"],
        "leftOut": [],
    }


def test_a_filter_of_a_dataset_that_was_left_out_is_left_out_too(personalize: Personalize) -> None:
    not_found(personalize[1], "describe_filter")
    assert setup(personalize).filters(group_arn=GROUP, wanted=[CHEAP], imported=["INTERACTIONS"]) == {
        "filters": [],
        "pending": [],
        "leftOut": ["cheap"],
    }


def test_a_filter_that_is_live_stays_so_where_its_dataset_is_left_out_later(personalize: Personalize) -> None:
    filter_described(personalize, status="ACTIVE")
    filter_described(personalize, status="ACTIVE")
    assert setup(personalize).filters(group_arn=GROUP, wanted=[CHEAP], imported=["INTERACTIONS"]) == {
        "filters": [{"name": "cheap", "filterArn": CHEAP_ARN}],
        "pending": [],
        "leftOut": [],
    }


@pytest.mark.parametrize(("status", "pending"), [("CREATE IN_PROGRESS", ["cheap"]), ("ACTIVE", [])])
def test_filters_are_pending_until_they_are_active(personalize: Personalize, status: str, pending: list[str]) -> None:
    filter_described(personalize, status=status)
    assert setup(personalize).filters(group_arn=GROUP, wanted=[CHEAP], imported=IMPORTED)["pending"] == pending


def test_a_filter_that_failed_is_told_with_the_reason(personalize: Personalize) -> None:
    filter_described(personalize, status="CREATE FAILED", failureReason="PRICE is textual")
    with pytest.raises(FailedError, match=f"{CHEAP_ARN} failed: PRICE is textual"):
        setup(personalize).filters(group_arn=GROUP, wanted=[CHEAP], imported=IMPORTED)


def test_the_longest_names_make_a_filter_of_63_characters(personalize: Personalize) -> None:
    not_found(personalize[1], "describe_filter")
    personalize[1].add_response("create_filter", {})
    personalize[1].add_response("describe_filter", {"filter": {"status": "ACTIVE"}})
    longest = {**CHEAP, "resource": f"{'p' * 30}-{'f' * 30}"}
    (made,) = setup(personalize).filters(group_arn=GROUP, wanted=[longest], imported=IMPORTED)["filters"]
    name = made["filterArn"].rpartition("/")[2]
    assert name.startswith("p" * 30 + "-")
    assert len(name) == 63
