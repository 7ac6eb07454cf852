"""What the set-up does in Personalize: dataset group, schema, dataset, import job, event tracker, filter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdas.common.errors import FailedError, InvalidError, RetryableError, translated
from lambdas.common.names import Account, job_name, versioned_name
from lambdas.common.resources import UNDER_WAY, created, describe_or_create, found

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import DatasetTypeDef


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
        """The dataset of `dataset_type` in the group, with `schema`: `{"datasetArn", "awaiting"}`.

        `awaiting` is `create` (judge by the dataset's status) or `update` (judge by its `latestDatasetUpdate`): items
        and users may get new optional fields. Personalize says no to any other change, and to every change of
        interactions; that is an `InvalidError`.
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
        if existing is None or existing["dataset"]["schemaArn"] == schema_arn:
            return {"datasetArn": arn, "awaiting": "create"}
        self._update(arn, existing["dataset"], schema_arn, dataset_type)
        return {"datasetArn": arn, "awaiting": "update"}

    def _update(self, arn: str, dataset: DatasetTypeDef, schema_arn: str, dataset_type: str) -> None:
        remedy = "take the changed fields back, delete the dataset, or use another project name"
        if dataset_type == "INTERACTIONS":
            raise InvalidError(
                f"{arn} was made with {dataset['schemaArn']}, the configuration now gives {schema_arn}: {remedy}"
            )
        update = dataset.get("latestDatasetUpdate", {})
        if update.get("schemaArn") == schema_arn and update.get("status") in UNDER_WAY:
            return
        try:
            with translated(f"giving {arn} the schema {schema_arn}"):
                self._personalize.update_dataset(datasetArn=arn, schemaArn=schema_arn)
        except InvalidError as error:
            raise InvalidError(
                f"{error}; new fields have to be optional, old ones stay as they are: {remedy}"
            ) from error

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

    def event_tracker(self, *, group_arn: str, name: str) -> dict[str, str]:
        """The event tracker of the group, which has one at most: `{"eventTrackerArn", "trackingId"}`."""
        arn = self._tracker_of(group_arn)
        if arn is None:
            # without an ARN to describe: a tracker's ends in an id of Personalize's own
            created(
                lambda: self._personalize.create_event_tracker(name=name, datasetGroupArn=group_arn),
                arn=f"the event tracker of {group_arn}",
            )
            arn = self._tracker_of(group_arn)
        if arn is None:
            raise RetryableError(f"Personalize does not list the event tracker of {group_arn} yet")
        with translated(f"describing {arn}"):
            tracker = self._personalize.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]
        return {"eventTrackerArn": arn, "trackingId": tracker["trackingId"]}

    def filters(
        self, *, group_arn: str, wanted: Sequence[Mapping[str, Any]], imported: Sequence[str]
    ) -> dict[str, Any]:
        """The filters of the group, each from `{"name", "resource", "expression", "datasets"}`.

        Those of a dataset that is not among the types `imported`, since its table has no rows, are left out; but one
        that is live already stays so, since the dataset holds what an earlier run imported.
        `{"filters": [{"name", "filterArn"}], "pending": names that are not ACTIVE yet, "leftOut": names}`; a filter
        that failed is a `FailedError` with Personalize's reason.
        """
        possible = [each for each in wanted if set(each["datasets"]) <= set(imported) or self._is_live(each)]
        made = [(each["name"], *self._filter(group_arn, each["resource"], each["expression"])) for each in possible]
        return {
            "filters": [{"name": name, "filterArn": arn} for name, arn, _ in made],
            "pending": [name for name, _, status in made if status != "ACTIVE"],
            "leftOut": [each["name"] for each in wanted if each not in possible],
        }

    def _is_live(self, wanted: Mapping[str, Any]) -> bool:
        arn = self._filter_arn(wanted["resource"], wanted["expression"])
        answer = found(lambda: self._personalize.describe_filter(filterArn=arn), arn=arn)
        return answer is not None and answer["filter"]["status"] == "ACTIVE"

    def _filter_arn(self, prefix: str, expression: str) -> str:
        return self._account.personalize_arn(f"filter/{versioned_name(prefix, expression)}")

    def _filter(self, group_arn: str, prefix: str, expression: str) -> tuple[str, str]:
        arn = self._filter_arn(prefix, expression)
        name = arn.rpartition("/")[2]
        existing = describe_or_create(
            lambda: self._personalize.describe_filter(filterArn=arn),
            lambda: self._personalize.create_filter(name=name, datasetGroupArn=group_arn, filterExpression=expression),
            arn=arn,
        )
        if existing is None:
            with translated(f"describing {arn}"):
                existing = self._personalize.describe_filter(filterArn=arn)
        status = existing["filter"]["status"]
        if status == "CREATE FAILED":
            reason = existing["filter"].get("failureReason", "no reason is given")
            raise FailedError(f"the filter {arn} failed: {reason}; change its expression, then run again")
        return arn, status

    def _tracker_of(self, group_arn: str) -> str | None:
        with translated(f"listing the event trackers of {group_arn}"):
            listed = self._personalize.list_event_trackers(datasetGroupArn=group_arn)["eventTrackers"]
        return listed[0]["eventTrackerArn"] if listed else None

    def _schema(self, prefix: str, schema: str) -> str:
        name = versioned_name(prefix, schema)
        arn = self._account.personalize_arn(f"schema/{name}")
        describe_or_create(
            lambda: self._personalize.describe_schema(schemaArn=arn),
            lambda: self._personalize.create_schema(name=name, schema=schema),
            arn=arn,
        )
        return arn
