"""Dataset export jobs: the records of a dataset as CSV files in S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.csv_files import arrow_type
from tastemaker.personalize.csv_output import csv_files
from tastemaker.personalize.engine import Refused
from tastemaker.personalize.errors import InvalidInput, ResourceNotFound, already_exists
from tastemaker.personalize.jobs import JobFailure
from tastemaker.personalize.kinds import DATASET, EXPORT_JOB
from tastemaker.personalize.objects import LocationError
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.registry import operation, register_describe, register_list, resumes
from tastemaker.personalize.operations.states import need_active
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.output_folders import OutputFolder
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateDatasetExportJobRequestTypeDef

ROWS_IN_FILE: Final = 1_000_000


@operation("CreateDatasetExportJob", locked=False)
def create_dataset_export_job(here: AccountRegion, given: CreateDatasetExportJobRequestTypeDef) -> Members:
    with here.resources.changing():
        _check(here, given)
    # asks S3, which takes its time: nobody else may wait for it
    try:
        OutputFolder.of(here.objects, given["jobOutput"]["s3DataDestination"]["path"], given["roleArn"]).check()
    except LocationError as error:
        raise InvalidInput(str(error)) from error
    with here.resources.changing():
        _check(here, given)
        members = {
            "jobName": given["jobName"],
            "datasetArn": given["datasetArn"],
            "ingestionMode": given.get("ingestionMode", "PUT"),
            "roleArn": given["roleArn"],
            "jobOutput": given["jobOutput"],
        }
        arn = here.arn(EXPORT_JOB, given["jobName"])
        job = here.resources.add(EXPORT_JOB, arn, members, tags=tags_of(given.get("tags")), worked=False)
        start_export(here, job)
    return {"datasetExportJobArn": job.arn}


@resumes(EXPORT_JOB)
def start_export(here: AccountRegion, job: Resource) -> None:
    """Begin the work of `job`, at its creation or after a restart: it writes all its files (again)."""
    members = dict(job.members)

    def export(go_on: Callable[[], bool]) -> None:
        dataset, schema = _dataset(here, members["datasetArn"])
        records = here.records.records_of(dataset, members["ingestionMode"])
        if records is None:
            records = pa.schema({field.name: arrow_type(field, schema) for field in schema.fields}).empty_table()
        folder = OutputFolder.of(here.objects, members["jobOutput"]["s3DataDestination"]["path"], members["roleArn"])
        try:
            _write(folder, members["jobName"], records, schema, go_on)
        except LocationError as error:
            raise Refused(str(error)) from error

    here.jobs.start_task(job.arn, export, lambda outcome: _ended(here, job, outcome))


def _write(folder: OutputFolder, job_name: str, records: pa.Table, schema: Schema, go_on: Callable[[], bool]) -> None:
    for number, content in enumerate(csv_files(records, schema, rows_in_file=ROWS_IN_FILE)):
        if not go_on():
            return
        folder.write(f"{job_name}-{number:05}.csv", content)


def _dataset(here: AccountRegion, arn: str) -> tuple[Resource, Schema]:
    try:
        with here.resources.changing():
            dataset = here.resources.get(DATASET, arn)
            return dataset, schema_of(here, dataset)
    except ResourceNotFound as gone:  # it may be deleted while an export of it waits
        raise Refused(gone.message) from gone


def _check(here: AccountRegion, given: CreateDatasetExportJobRequestTypeDef) -> None:
    arn = here.arn(EXPORT_JOB, given["jobName"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    need_active(here.resources.get(DATASET, given["datasetArn"]))


def _ended(here: AccountRegion, job: Resource, outcome: JobFailure | None) -> None:
    with here.resources.changing():
        lifecycle.work_ended(job, reason=outcome.reason if isinstance(outcome, JobFailure) else None)


register_describe(EXPORT_JOB)
register_list(EXPORT_JOB, within=DATASET)
