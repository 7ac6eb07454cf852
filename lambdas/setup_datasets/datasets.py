"""What the set-up does in Personalize: dataset group, schema, dataset, import job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import InvalidError
from lambdas.common.names import Account, job_name
from lambdas.common.resources import describe_or_create

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient


class DatasetSetup:
    """Makes the data side of a dataset group exist; each method may be called again and changes nothing then."""

    def __init__(self, personalize: PersonalizeClient, *, account: Account, role_arn: str) -> None:
        self._personalize = personalize
        self._account = account
        self._role_arn = role_arn

    def dataset_group(self, name: str) -> str:
        """The ARN of the dataset group `name`."""
        arn = self._account.personalize_arn(f"dataset-group/{name}")
        describe_or_create(
            lambda: self._personalize.describe_dataset_group(datasetGroupArn=arn),
            lambda: self._personalize.create_dataset_group(name=name),
            arn=arn,
        )
        return arn

    def dataset(self, *, group_arn: str, dataset_type: str, name: str, schema: Mapping[str, Any]) -> dict[str, str]:
        """The dataset of `dataset_type` in the group, with `schema`: `{"datasetArn", "schemaArn"}`.

        A dataset that exists with another schema is an `InvalidError`: Personalize cannot change it in place.
        """
        schema_arn = self._schema(name, json.dumps(schema))
        group = group_arn.rpartition("/")[2]
        arn = self._account.personalize_arn(f"dataset/{group}/{dataset_type}")
        existing = describe_or_create(
            lambda: self._personalize.describe_dataset(datasetArn=arn),
            lambda: self._personalize.create_dataset(
                name=name, schemaArn=schema_arn, datasetGroupArn=group_arn, datasetType=dataset_type
            ),
            arn=arn,
        )
        if existing and existing["dataset"]["schemaArn"] != schema_arn:
            raise InvalidError(
                f"{arn} was made with {existing['dataset']['schemaArn']}, the configuration now gives "
                f"{schema_arn}: take the changed fields back, delete the dataset, or use another project name"
            )
        return {"datasetArn": arn, "schemaArn": schema_arn}

    def import_job(self, *, dataset_arn: str, name: str, run_id: str, location: str) -> str:
        """The ARN of the import job by which run `run_id` replaces the dataset's bulk data with `location`."""
        job = job_name(name, run_id)
        arn = self._account.personalize_arn(f"dataset-import-job/{job}")
        describe_or_create(
            lambda: self._personalize.describe_dataset_import_job(datasetImportJobArn=arn),
            lambda: self._personalize.create_dataset_import_job(
                jobName=job,
                datasetArn=dataset_arn,
                dataSource={"dataLocation": location},
                roleArn=self._role_arn,
                importMode="FULL",
            ),
            arn=arn,
        )
        return arn

    def _schema(self, prefix: str, schema: str) -> str:
        # schemas cannot be edited, so the name carries a hash of the contents
        name = f"{prefix}-{hashlib.sha256(schema.encode()).hexdigest()[:8]}"
        arn = self._account.personalize_arn(f"schema/{name}")
        describe_or_create(
            lambda: self._personalize.describe_schema(schemaArn=arn),
            lambda: self._personalize.create_schema(name=name, schema=schema),
            arn=arn,
        )
        return arn
