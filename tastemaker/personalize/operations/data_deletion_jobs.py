"""Data deletion jobs: users whose records leave all datasets and models of a dataset group."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.deletion_files import keys_of, users_in
from tastemaker.personalize.errors import InvalidInput, LimitExceeded, already_exists
from tastemaker.personalize.forgotten_users import forget_users
from tastemaker.personalize.jobs import JobFailure
from tastemaker.personalize.kinds import (
    DATA_DELETION_JOB,
    DATASET,
    DATASET_GROUP,
    IMPORT_JOB,
    RECOMMENDER,
    SOLUTION_VERSION,
)
from tastemaker.personalize.objects import Location, LocationError
from tastemaker.personalize.operations.automatic_update import stop_update
from tastemaker.personalize.operations.recommender_training import begin_training, stop_training
from tastemaker.personalize.operations.registry import STARTS, operation, register_describe, register_list, resumes
from tastemaker.personalize.operations.states import need_active
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateDataDeletionJobRequestTypeDef

_WITH_USERS: Final = ("INTERACTIONS", "USERS", "ACTION_INTERACTIONS")
_TRAINED: Final = (SOLUTION_VERSION, RECOMMENDER)
_PAUSE_SECONDS: Final = 0.02


@operation("CreateDataDeletionJob", locked=False)
def create_data_deletion_job(here: AccountRegion, given: CreateDataDeletionJobRequestTypeDef) -> Members:
    text = given["dataSource"].get("dataLocation")
    if text is None:
        raise InvalidInput("dataSource.dataLocation is required.")
    with here.resources.changing():
        _check(here, given)
    # asks S3, which takes its time: nobody else may wait for it
    try:
        keys_of(here.objects, Location.parse(text), given["roleArn"])
    except LocationError as error:
        raise InvalidInput(str(error)) from error
    with here.resources.changing():
        _check(here, given)
        job = _add(here, given)
        start_deleting(here, job)
    return {"dataDeletionJobArn": job.arn}


@resumes(DATA_DELETION_JOB)
def start_deleting(here: AccountRegion, job: Resource) -> None:
    """Begin the work of `job`, at its creation or after a restart: what is deleted already is passed over."""
    location, role_arn = Location.parse(job.members["dataSource"]["dataLocation"]), job.members["roleArn"]

    def delete(go_on: Callable[[], bool]) -> None:
        users = users_in(here.objects, location, role_arn, go_on)
        # an import that began before would bring back whom it has read already
        while go_on() and _imports_before(here, job):
            time.sleep(_PAUSE_SECONDS)
        for dataset_arn in _datasets(here, job.members["datasetGroupArn"]):
            if not go_on():
                return
            _note(here, job, here.records.forget_users(dataset_arn, users))
        # after the datasets: a training that begins in between knows nothing of the users any more
        _forget_trained(here, job.members["datasetGroupArn"], users)

    here.jobs.start_task(job.arn, delete, lambda outcome: _ended(here, job, outcome))


def _check(here: AccountRegion, given: CreateDataDeletionJobRequestTypeDef) -> None:
    arn = here.arn(DATA_DELETION_JOB, given["jobName"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    need_active(group)
    most = here.quotas.data_deletion_jobs
    jobs = here.resources.newest(DATA_DELETION_JOB, datasetGroupArn=group.arn)
    if most is not None and sum(job.status == "PENDING" for job in jobs) >= most:
        raise LimitExceeded(f"More than {most} resources with PENDING status.")


def _add(here: AccountRegion, given: CreateDataDeletionJobRequestTypeDef) -> Resource:
    members = {name: given.get(name) for name in ("jobName", "datasetGroupArn", "dataSource", "roleArn")}
    arn = here.arn(DATA_DELETION_JOB, given["jobName"])
    job = here.resources.add_at_once(DATA_DELETION_JOB, arn, members, tags=tags_of(given.get("tags")))
    lifecycle.begin(job, lifecycle.DELETE_DATA, now=here.clock.now(), worked=False)
    return job


def _datasets(here: AccountRegion, group_arn: str) -> list[str]:
    with here.resources.changing():
        datasets = here.resources.newest(DATASET, datasetGroupArn=group_arn)
        return [dataset.arn for dataset in datasets if dataset.members["datasetType"] in _WITH_USERS]


def _imports_before(here: AccountRegion, job: Resource) -> bool:
    """Whether an import into the group's datasets is at work that is older than `job`."""
    with here.resources.changing():
        datasets = _datasets(here, job.members["datasetGroupArn"])
        return any(
            other.kind is IMPORT_JOB and other.number < job.number and other.members["datasetArn"] in datasets
            for other in here.resources.unfinished()
        )


def _note(here: AccountRegion, job: Resource, deleted: int) -> None:
    """Count what is deleted as it goes, so that a restart does not lose it."""
    with here.resources.changing():
        job.hidden["numDeleted"] = job.hidden.get("numDeleted", 0) + deleted


def _forget_trained(here: AccountRegion, group_arn: str, users: frozenset[str]) -> None:
    """Take the users out of the models of a group. What is being trained begins again, on what is left."""
    with here.resources.changing():
        trained = [r for kind in _TRAINED for r in here.resources.newest(kind, datasetGroupArn=group_arn)]
        for resource in trained:
            _train_again(here, resource)
        paths = [path for resource in trained for path in _model_paths(resource)]
    for path in paths:
        forget_users(path, users)
        here.recommender.forget(path)


def _train_again(here: AccountRegion, resource: Resource) -> None:
    is_awaited = resource.passage is not None and not resource.passage.worked
    if resource.kind is RECOMMENDER:
        if "training" in resource.hidden:
            stop_training(here, resource)
            begin_training(here, resource)
    elif is_awaited:
        here.jobs.cancel(resource.arn)
        STARTS[resource.kind](here, resource)
    else:
        stop_update(here, resource)


def _model_paths(resource: Resource) -> list[Path]:
    """The models that are served, those that are to be next, and those that were before and may still be read."""
    holders = (resource.hidden.get(name, {}) for name in ("next", "replaced"))
    found = [resource.hidden.get("modelPath"), *(holder.get("modelPath") or holder.get("path") for holder in holders)]
    return [Path(path) for path in found if path is not None]


def _ended(here: AccountRegion, job: Resource, outcome: JobFailure | None) -> None:
    with here.resources.changing():
        if isinstance(outcome, JobFailure):
            lifecycle.work_ended(job, reason=outcome.reason)
        else:
            lifecycle.work_ended(job, gains={"numDeleted": job.hidden.get("numDeleted", 0)})


register_describe(DATA_DELETION_JOB)
register_list(DATA_DELETION_JOB, within=DATASET_GROUP)
