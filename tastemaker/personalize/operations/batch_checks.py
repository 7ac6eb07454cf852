"""What batch inference and batch segment jobs check alike before they are created, and how they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.batch.orders import BatchReport
from tastemaker.personalize.batch.work import BatchSpec, do_batch
from tastemaker.personalize.errors import InvalidInput, already_exists
from tastemaker.personalize.jobs import JobFailure
from tastemaker.personalize.kinds import FILTER, SOLUTION_VERSION, Kind
from tastemaker.personalize.objects import (
    AccessDenied,
    Location,
    LocationError,
    NoSuchBucket,
    ObjectStoreError,
    access_refused,
)
from tastemaker.personalize.operations.filters import checked_expression
from tastemaker.personalize.operations.states import need_active, need_room
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateBatchInferenceJobRequestTypeDef,
        CreateBatchSegmentJobRequestTypeDef,
    )

    Given: TypeAlias = CreateBatchInferenceJobRequestTypeDef | CreateBatchSegmentJobRequestTypeDef

DEFAULT_RESULTS: Final = 25
MOST_FILES: Final = 1000
MARKER: Final = "_CHECK"
"""The object that a job puts into its output folder first: by it one sees whether the role may write there."""


def check_job(here: AccountRegion, given: Given, kind: Kind, *, most_under_way: int | None) -> tuple[Resource, Recipe]:
    """The version that is asked and its recipe; refuses a name that has been and what is not ACTIVE."""
    arn = here.arn(kind, given["jobName"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    version = here.resources.get(SOLUTION_VERSION, given["solutionVersionArn"])
    need_active(version)
    need_room(here, kind, most=most_under_way)
    return version, BY_ARN[version.members["recipeArn"]]


def check_filter(here: AccountRegion, arn: str, version: Resource, *, target: str) -> None:
    """Refuse a filter that is not ACTIVE, of another dataset group, or not about `target` (ItemID, UserID)."""
    filter_ = here.resources.get(FILTER, arn)
    need_active(filter_)
    group_arn = version.members["datasetGroupArn"]
    if filter_.members["datasetGroupArn"] != group_arn:
        raise InvalidInput(
            f"{arn} is a filter of {filter_.members['datasetGroupArn']}, and the solution version is of {group_arn}: "
            "use a filter of the same dataset group."
        )
    expression = checked_expression(here, filter_)
    found = expression.clauses[0].target
    if found != target:
        raise InvalidInput(f"{arn} is about {found}, and the results of this job are filtered by {target}.")
    if target == "UserID" and expression.mentions("CurrentUser"):
        raise InvalidInput(f"{arn} uses CurrentUser, and nobody is the current user of a segment: use Users instead.")


def check_results(given: Given, *, most: int) -> int:
    """How many results a line gets."""
    results = given.get("numResults", DEFAULT_RESULTS)
    if not 1 <= results <= most:
        raise InvalidInput(f"numResults is {results}, and has to be from 1 to {most:,}.")
    return results


def check_paths(here: AccountRegion, given: Given) -> None:
    """Refuse paths that the role cannot read and write. Asks S3, and leaves the marker in the output folder."""
    source = _location(given["jobInput"]["s3DataSource"]["path"], "input")
    target = _location(given["jobOutput"]["s3DataDestination"]["path"], "output")
    if not target.is_folder:
        raise InvalidInput("Invalid S3 output path: it has to be a folder, with a slash at its end.")
    if source == target:
        raise InvalidInput("Invalid S3 output path: it has to be another folder than that of the input.")
    role_arn = given["roleArn"]
    try:
        keys = source.keys(here.objects, role_arn=role_arn)
        here.objects.open(source.bucket, keys[0], role_arn=role_arn).close()
    except AccessDenied as error:
        raise InvalidInput(access_refused(source.bucket)) from error
    except (LocationError, ObjectStoreError) as error:
        raise InvalidInput(_without_input(given["jobInput"]["s3DataSource"]["path"], error)) from error
    if len(keys) > MOST_FILES:
        raise InvalidInput(f"Invalid S3 input path: there are {len(keys):,} files, and {MOST_FILES:,} is the most.")
    try:
        here.objects.put(target.bucket, target.key + MARKER, b"", role_arn=role_arn)
    except AccessDenied as error:
        raise InvalidInput(access_refused(target.bucket)) from error
    except NoSuchBucket as error:
        raise InvalidInput(f"Invalid S3 output path: there is no bucket {target.bucket}.") from error


def add_job(here: AccountRegion, given: Given, kind: Kind, version: Resource, members: Members) -> Resource:
    """The new job, with what both kinds of jobs show and `members`."""
    shown: Members = {
        "jobName": given["jobName"],
        "solutionVersionArn": version.arn,
        "filterArn": given.get("filterArn"),
        "jobInput": given["jobInput"],
        "jobOutput": given["jobOutput"],
        "roleArn": given["roleArn"],
    }
    arn = here.arn(kind, given["jobName"])
    return here.resources.add(kind, arn, shown | members, tags=tags_of(given.get("tags")), worked=False)


def start_job(here: AccountRegion, job: Resource, *, most_lines: int) -> None:
    """Begin the work of a job in the background."""
    version = here.resources.get(SOLUTION_VERSION, job.members["solutionVersionArn"])
    spec = BatchSpec(
        version=version,
        source=Location.parse(job.members["jobInput"]["s3DataSource"]["path"]),
        target=Location.parse(job.members["jobOutput"]["s3DataDestination"]["path"]),
        role_arn=job.members["roleArn"],
        filter_arn=job.members["filterArn"],
        results=job.members["numResults"],
        most_lines=most_lines,
        streams_count=_is_newest(here, version),
        config=job.members.get("batchInferenceJobConfig") or {},
    )

    def work(go_on: Callable[[], bool]) -> BatchReport:
        return do_batch(here, spec, go_on=go_on)

    here.jobs.start_task(job.arn, work, lambda outcome: _ended(here, job, outcome))


def _is_newest(here: AccountRegion, version: Resource) -> bool:
    """Whether `version` is the latest of its solution's that has been trained whole."""
    versions = here.resources.newest(SOLUTION_VERSION, solutionArn=version.members["solutionArn"], trainingMode="FULL")
    return next((each.arn for each in versions if each.status == "ACTIVE"), None) == version.arn


def _ended(here: AccountRegion, job: Resource, outcome: BatchReport | JobFailure) -> None:
    with here.resources.changing():
        if isinstance(outcome, JobFailure):
            lifecycle.work_ended(job, reason=outcome.reason)
            return
        job.hidden["results"] = outcome.results
        lifecycle.work_ended(job)


def _location(path: str, which: str) -> Location:
    try:
        return Location.parse(path)
    except LocationError as error:
        raise InvalidInput(f"Invalid S3 {which} path: {path} is no s3://bucket/… path.") from error


def _without_input(path: str, error: Exception) -> str:
    if isinstance(error, LocationError) and str(error).startswith("Insufficient"):
        return str(error)
    return f"Invalid S3 input path: there is no file at {path}; a folder is written with a slash at its end."
