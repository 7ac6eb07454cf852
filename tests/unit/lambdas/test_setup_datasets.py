import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from lambdas.common.errors import InvalidError, RetryableError
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
    assert made == {"datasetArn": DATASET, "schemaArn": SCHEMA_ARN}


def test_a_dataset_with_another_schema_is_refused_with_both_named(personalize: Personalize) -> None:
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
