"""Dataset import jobs: bulk data from S3 into a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.datasets import ImportSpec
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.jobs import ImportOutcome, JobFailure
from tastemaker.personalize.kinds import DATASET, IMPORT_JOB
from tastemaker.personalize.objects import LocationError
from tastemaker.personalize.operations.attribution import check_report, watch_import
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.registry import operation, register_describe, register_list, resumes
from tastemaker.personalize.operations.states import need_active, need_room
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateDatasetImportJobRequestTypeDef


@operation("CreateDatasetImportJob", locked=False)
def create_dataset_import_job(here: AccountRegion, given: CreateDatasetImportJobRequestTypeDef) -> Members:
    location, role_arn = given["dataSource"].get("dataLocation"), given.get("roleArn")
    if location is None:
        raise InvalidInput("dataSource.dataLocation is required.")
    if role_arn is None:
        raise InvalidInput("roleArn is required: it is the role that reads the data in S3.")
    with here.resources.changing():
        group_arn = _check(here, given).members["datasetGroupArn"]
    # asks S3, which takes its time: nobody else may wait for it
    try:
        here.jobs.check_location(location, role_arn)
        if given.get("publishAttributionMetricsToS3"):
            check_report(here, group_arn).check()
    except LocationError as error:
        raise InvalidInput(str(error)) from error
    with here.resources.changing():
        dataset = _check(here, given)
        job = _add(here, given, dataset)
        start_import(here, job)
    return {"datasetImportJobArn": job.arn}


@resumes(IMPORT_JOB)
def start_import(here: AccountRegion, job: Resource) -> None:
    """Begin the work of `job`, at its creation or after a restart."""
    puts = here.puts.mark(job.members["datasetArn"])
    dataset = here.resources.get(DATASET, job.members["datasetArn"])
    spec = ImportSpec(
        dataset_arn=dataset.arn,
        schema=schema_of(here, dataset),
        location=job.members["dataSource"]["dataLocation"],
        role_arn=job.members["roleArn"],
        mode=job.members["importMode"],
        puts_before=0 if puts is None else puts.position,
        imported=watch_import(here, job, dataset),
    )
    here.jobs.start_import(job.arn, spec, lambda outcome: _ended(here, job, outcome))


def _check(here: AccountRegion, given: CreateDatasetImportJobRequestTypeDef) -> Resource:
    arn = here.arn(IMPORT_JOB, given["jobName"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    dataset = here.resources.get(DATASET, given["datasetArn"])
    need_active(dataset)
    need_room(here, IMPORT_JOB, most=here.quotas.import_jobs)
    for job in here.resources.newest(IMPORT_JOB, datasetArn=dataset.arn):
        if state := lifecycle.under_way(job):
            raise in_use(dataset.arn, f"{job.arn} is in {state}.")
    if given.get("importMode") == "INCREMENTAL" and not here.jobs.datasets.holds(dataset.arn):
        raise InvalidInput(f"{dataset.arn} has no bulk data yet: its first import has to have importMode FULL.")
    return dataset


def _add(here: AccountRegion, given: CreateDatasetImportJobRequestTypeDef, dataset: Resource) -> Resource:
    members = {
        "jobName": given["jobName"],
        "datasetArn": dataset.arn,
        "dataSource": given["dataSource"],
        "roleArn": given.get("roleArn"),
        "importMode": given.get("importMode", "FULL"),
        "publishAttributionMetricsToS3": given.get("publishAttributionMetricsToS3", False),
    }
    arn = here.arn(IMPORT_JOB, given["jobName"])
    return here.resources.add(IMPORT_JOB, arn, members, tags=tags_of(given.get("tags")), worked=False)


def _ended(here: AccountRegion, job: Resource, outcome: ImportOutcome | JobFailure) -> None:
    with here.resources.changing():
        if isinstance(outcome, JobFailure):
            lifecycle.work_ended(job, reason=outcome.reason)
            return
        job.hidden["bytes"] = outcome.bytes_read
        lifecycle.work_ended(job)


register_describe(IMPORT_JOB)
register_list(IMPORT_JOB, within=DATASET)
