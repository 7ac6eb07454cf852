"""Metric attributions: which metrics of a dataset group are computed, and where they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.attribution.measures import MeasureError, check_measure, parse_measure
from tastemaker.personalize.attribution.sink import Datum, MetricsRefused
from tastemaker.personalize.engine import Refused
from tastemaker.personalize.errors import InvalidInput, ResourceAlreadyExists, already_exists
from tastemaker.personalize.jobs import JobFailure
from tastemaker.personalize.kinds import DATASET, DATASET_GROUP, METRIC_ATTRIBUTION
from tastemaker.personalize.objects import LocationError
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.registry import listing, operation, register_describe, register_list, resumes
from tastemaker.personalize.operations.states import need_active, start_deletion
from tastemaker.personalize.output_folders import OutputFolder
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateMetricAttributionRequestTypeDef,
        DeleteMetricAttributionRequestTypeDef,
        MetricAttributeTypeDef,
        UpdateMetricAttributionRequestTypeDef,
    )

MOST_METRICS: Final = 10
NAMESPACE: Final = "AWS/Personalize"
VALIDATION_METRIC: Final = "MetricAttributionValidation"
_LONGEST_NAME: Final = 255


@operation("CreateMetricAttribution", locked=False)
def create_metric_attribution(here: AccountRegion, given: CreateMetricAttributionRequestTypeDef) -> Members:
    with here.resources.changing():
        _check_create(here, given)
    _check_output(here, given["metricsOutputConfig"])
    with here.resources.changing():
        group = _check_create(here, given)
        members = {
            "name": given["name"],
            "datasetGroupArn": group.arn,
            "metricsOutputConfig": given["metricsOutputConfig"],
            "metrics": _numbered(given["metrics"], after=0),
        }
        arn = here.arn(METRIC_ATTRIBUTION, given["name"])
        attribution = here.resources.add(METRIC_ATTRIBUTION, arn, members, worked=False)
        here.attributions.delete(arn)  # what an earlier one of this name left
        start_validation(here, attribution)
    return {"metricAttributionArn": arn}


@resumes(METRIC_ATTRIBUTION)
def start_validation(here: AccountRegion, attribution: Resource) -> None:
    """Find out whether the role may send metrics, by sending one."""
    role_arn = attribution.members["metricsOutputConfig"]["roleArn"]
    dimensions = {"DatasetGroupArn": attribution.members["datasetGroupArn"]}
    datum = Datum(VALIDATION_METRIC, 0.0, here.clock.now(), dimensions)

    def validate(_: Callable[[], bool]) -> None:
        try:
            here.metrics.put(NAMESPACE, [datum], role_arn=role_arn, region=here.region)
        except MetricsRefused as refused:
            raise Refused(str(refused)) from refused

    here.jobs.start_task(attribution.arn, validate, lambda outcome: _validated(here, attribution, outcome))


@operation("UpdateMetricAttribution", locked=False)
def update_metric_attribution(here: AccountRegion, given: UpdateMetricAttributionRequestTypeDef) -> Members:
    arn = given.get("metricAttributionArn")
    if arn is None:
        raise InvalidInput("metricAttributionArn is required: it says which metric attribution to update.")
    with here.resources.changing():
        _changed(here, arn, given)
    if "metricsOutputConfig" in given:
        _check_output(here, given["metricsOutputConfig"])
    with here.resources.changing():
        gains = _changed(here, arn, given)
        attribution = here.resources.get(METRIC_ATTRIBUTION, arn)
        lifecycle.begin(attribution, lifecycle.UPDATE_METRICS, now=here.clock.now(), gains=gains)
    return {"metricAttributionArn": arn}


@operation("DeleteMetricAttribution")
def delete_metric_attribution(here: AccountRegion, given: DeleteMetricAttributionRequestTypeDef) -> None:
    """What has been counted and not been sent yet goes too."""
    attribution = here.resources.get(METRIC_ATTRIBUTION, given["metricAttributionArn"])
    start_deletion(here, attribution)
    here.attributions.delete(attribution.arn)


@operation("ListMetricAttributionMetrics")
def list_metric_attribution_metrics(here: AccountRegion, given: Members) -> Members:
    """The metrics of one attribution, or of all."""
    arn = given.get("metricAttributionArn")
    filters = {} if arn is None else {METRIC_ATTRIBUTION.arn_member: arn}
    entries = [
        (attribution.number << 32 | metric["number"], metric)
        for attribution in reversed(list(here.resources.newest(METRIC_ATTRIBUTION, **filters)))
        for metric in attribution.members["metrics"]
    ]
    return listing("metrics", entries, scope=f"{here.account} {here.region} metrics {arn}", given=given)


def _check_create(here: AccountRegion, given: CreateMetricAttributionRequestTypeDef) -> Resource:
    arn = here.arn(METRIC_ATTRIBUTION, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    need_active(group)
    if other := next(here.resources.newest(METRIC_ATTRIBUTION, datasetGroupArn=group.arn), None):
        raise already_exists(other.arn)
    names = [metric["metricName"] for metric in given["metrics"]]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidInput(f"There are several metrics of the name {twice}: give each one of its own.")
    _check_metrics(here, group, given["metrics"])
    return group


def _changed(here: AccountRegion, arn: str, given: UpdateMetricAttributionRequestTypeDef) -> Members:
    """The members that an update changes, once it is through. Raises what refuses it."""
    attribution = here.resources.get(METRIC_ATTRIBUTION, arn)
    need_active(attribution)
    adds, removes = given.get("addMetrics", []), set(given.get("removeMetrics", []))
    old: list[dict[str, Any]] = attribution.members["metrics"]
    if unknown := sorted(removes - {metric["metricName"] for metric in old}):
        raise InvalidInput(f"{arn} has no metric {unknown[0]} to remove.")
    kept = [metric for metric in old if metric["metricName"] not in removes]
    names = {metric["metricName"] for metric in kept}
    for metric in adds:
        if metric["metricName"] in names:
            raise ResourceAlreadyExists(f"{arn} already has a metric {metric['metricName']}: remove it or rename this.")
        names.add(metric["metricName"])
    if len(names) > MOST_METRICS:
        raise InvalidInput(f"{arn} would have {len(names)} metrics, and {MOST_METRICS} is the most: remove some.")
    _check_metrics(here, here.resources.get(DATASET_GROUP, attribution.members["datasetGroupArn"]), adds)
    metrics = kept + _numbered(adds, after=max((metric["number"] for metric in old), default=0))
    output = given.get("metricsOutputConfig", attribution.members["metricsOutputConfig"])
    return {"metrics": metrics, "metricsOutputConfig": output}


def _numbered(metrics: Iterable[MetricAttributeTypeDef], *, after: int) -> list[dict[str, Any]]:
    """The metrics with numbers that keep their meaning from page to page of a list."""
    return [{**metric, "number": number} for number, metric in enumerate(metrics, start=after + 1)]


def _check_metrics(here: AccountRegion, group: Resource, metrics: Iterable[MetricAttributeTypeDef]) -> None:
    schemas = _schemas(here, group)
    interactions = schemas.get("INTERACTIONS")
    if interactions is None or interactions.field("EVENT_TYPE") is None:
        raise InvalidInput(f"{group.arn} needs an INTERACTIONS dataset whose schema has the field EVENT_TYPE.")
    for metric in metrics:
        if not metric["eventType"] or not 1 <= len(metric["metricName"]) <= _LONGEST_NAME:
            raise InvalidInput(f"A metric needs an eventType, and a metricName of 1 to {_LONGEST_NAME} characters.")
        try:
            measure = parse_measure(metric["expression"])
            check_measure(measure, schemas.get(measure.dataset_type))
        except MeasureError as error:
            raise InvalidInput(f"The metric {metric['metricName']}: {error}") from error


def _schemas(here: AccountRegion, group: Resource) -> dict[str, Schema]:
    """The schemas of the datasets that can be summed, by their types: items have to have been imported first."""
    datasets = here.resources.newest(DATASET, datasetGroupArn=group.arn)
    return {
        dataset.members["datasetType"]: schema_of(here, dataset)
        for dataset in datasets
        if dataset.members["datasetType"] != "ITEMS" or here.records.records_of(dataset, "ALL") is not None
    }


def _check_output(here: AccountRegion, output: Mapping[str, Any]) -> None:
    """Ask S3, which takes its time: not to be called with the lock."""
    destination = output.get("s3DataDestination")
    if destination is None:
        return
    try:
        OutputFolder.of(here.objects, destination["path"], output["roleArn"]).check()
    except LocationError as error:
        raise InvalidInput(str(error)) from error


def _validated(here: AccountRegion, attribution: Resource, outcome: JobFailure | None) -> None:
    with here.resources.changing():
        lifecycle.work_ended(attribution, reason=outcome.reason if isinstance(outcome, JobFailure) else None)


register_describe(METRIC_ATTRIBUTION)
register_list(METRIC_ATTRIBUTION, within=DATASET_GROUP)
