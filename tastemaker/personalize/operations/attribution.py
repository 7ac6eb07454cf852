"""What events and imports add to the metrics of their dataset group, and when it is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.attribution.counting import (
    UNDEFINED_SOURCE,
    Cell,
    Counts,
    ItemNumber,
    Metric,
    count_event,
    count_records,
)
from tastemaker.personalize.attribution.journal import REPORTED_SECONDS
from tastemaker.personalize.attribution.report import report_name, report_of
from tastemaker.personalize.attribution.sink import Datum, MetricsRefused
from tastemaker.personalize.csv_files import ImportRefused
from tastemaker.personalize.due import falls_due
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.jobs import JobFailure
from tastemaker.personalize.kinds import METRIC_ATTRIBUTION
from tastemaker.personalize.objects import LocationError
from tastemaker.personalize.operations.filtering import attributes_of
from tastemaker.personalize.operations.metric_attributions import NAMESPACE
from tastemaker.personalize.output_folders import OutputFolder
from tastemaker.personalize.store import Resource
from tastemaker.personalize.stream_log import StreamedEvent

if TYPE_CHECKING:
    import pyarrow as pa

    from tastemaker.personalize.event_fields import Event

_LOGGER = logging.getLogger(__name__)
_RETRY_SECONDS = 60.0


def attribution_of(here: AccountRegion, group_arn: str) -> Resource | None:
    """The metric attribution that computes the metrics of a dataset group; None where there is none (yet)."""
    for attribution in here.resources.peek_where(METRIC_ATTRIBUTION, datasetGroupArn=group_arn):
        if attribution.passage is not None:
            with here.resources.changing():
                here.resources.find(attribution.arn)
        if attribution.status == "ACTIVE" or attribution.status.startswith("UPDATE"):
            return attribution
    return None


def count_events(
    here: AccountRegion, group_arn: str, sender: str, given: Sequence[Event], events: Sequence[StreamedEvent]
) -> None:
    """Count the events that PutEvents has brought, before it answers; those that came before are passed over.

    `sender` is the user or session; of it, no more than a hash beside the event's is kept.
    """
    attribution = attribution_of(here, group_arn)
    if attribution is None:
        return
    metrics, item_number = _metrics(attribution), _item_numbers(here, group_arn)
    counted = []
    for request, event in zip(given, events, strict=True):
        source = _source(here, request)
        counted.append((_keys(sender, event), count_event(metrics, event, source, item_number)))
    here.attributions.of(attribution.arn).add(counted)


def check_report(here: AccountRegion, group_arn: str) -> OutputFolder:
    """Where the report of an import is to be written. Raises InvalidInput where that is nowhere."""
    attribution = attribution_of(here, group_arn)
    if attribution is None:
        raise InvalidInput(
            f"publishAttributionMetricsToS3 needs a metric attribution that is ACTIVE, and {group_arn} has none."
        )
    folder = _folder(here, attribution)
    if folder is None:
        raise InvalidInput(f"publishAttributionMetricsToS3 needs an s3DataDestination: {attribution.arn} has none.")
    return folder


def watch_import(here: AccountRegion, job: Resource, dataset: Resource) -> Callable[[pa.Table], None] | None:
    """What is to be done with the records of an import when they have come; None where nobody measures them."""
    group_arn, members = dataset.members["datasetGroupArn"], dict(job.members)
    attribution = attribution_of(here, group_arn)
    if attribution is None or dataset.members["datasetType"] != "INTERACTIONS":
        return None

    def count(records: pa.Table) -> None:
        counts = count_records(
            _metrics(attribution), records, here.recommendations.source_of, _item_numbers(here, group_arn)
        )
        if members["importMode"] == "INCREMENTAL":
            here.attributions.of(attribution.arn).add([([job.arn], counts)])
        folder = _folder(here, attribution)
        if members["publishAttributionMetricsToS3"] and folder is not None:
            name = report_name(import_mode=members["importMode"], created=members["creationDateTime"])
            try:
                folder.write(name, report_of(counts))
            except LocationError as error:
                raise ImportRefused(str(error)) from error

    return count


@falls_due
def send_due(here: AccountRegion) -> None:
    """Send the metrics of all quarters of an hour that have passed."""
    now = here.clock.now()
    for attribution in here.resources.newest(METRIC_ATTRIBUTION):
        journal = here.attributions.of(attribution.arn)
        counts = journal.due(now)
        if counts and not journal.is_sending and now >= journal.retry_at:
            journal.is_sending = True
            _start_sending(here, attribution, counts, now)


def _start_sending(here: AccountRegion, attribution: Resource, counts: Counts, now: float) -> None:
    journal = here.attributions.of(attribution.arn)
    role_arn = attribution.members["metricsOutputConfig"]["roleArn"]
    group_arn = attribution.members["datasetGroupArn"]
    data = [_datum(cell, value, group_arn) for cell, value in counts.items() if cell.bucket > now - REPORTED_SECONDS]

    def send(_: Callable[[], bool]) -> None:
        try:
            if data:
                here.metrics.put(NAMESPACE, data, role_arn=role_arn, region=here.region)
            journal.sent(counts)
        except MetricsRefused as refused:
            _LOGGER.warning("the metrics of %s are kept until they can be sent: %s", attribution.arn, refused)
            journal.retry_at = now + _RETRY_SECONDS

    def ended(outcome: JobFailure | None) -> None:
        if isinstance(outcome, JobFailure):
            journal.retry_at = now + _RETRY_SECONDS
        journal.is_sending = False

    here.jobs.start_task(f"{attribution.arn} metrics", send, ended)


def _datum(cell: Cell, value: float, group_arn: str) -> Datum:
    dimensions = {
        "DatasetGroupArn": group_arn,
        "EventType": cell.event_type,
        "EventAttributionSource": cell.source,
    }
    return Datum(
        cell.metric, value, float(cell.bucket), dimensions, "Count" if cell.function == "samplecount" else "None"
    )


def _metrics(attribution: Resource) -> list[Metric]:
    given: list[Mapping[str, str]] = attribution.members["metrics"]
    return [Metric.of(each) for each in given]


def _folder(here: AccountRegion, attribution: Resource) -> OutputFolder | None:
    output: Mapping[str, Any] = attribution.members["metricsOutputConfig"]
    destination = output.get("s3DataDestination")
    return None if destination is None else OutputFolder.of(here.objects, destination["path"], output["roleArn"])


def _source(here: AccountRegion, event: Event) -> str:
    given = event.get("metricAttribution")
    if given is not None:
        return given["eventAttributionSource"]
    recommendation_id = event.get("recommendationId")
    source = None if recommendation_id is None else here.recommendations.source_of(recommendation_id)
    return source or UNDEFINED_SOURCE


def _item_numbers(here: AccountRegion, group_arn: str) -> ItemNumber:
    """What the Items dataset says now; asked for when the first metric needs it."""
    kept: list[Any] = []

    def number(item_id: str, column: str) -> float | None:
        if not kept:
            kept.append(attributes_of(here, group_arn, "ITEMS"))
        (attributes,) = kept
        if attributes is None:
            return None
        values = attributes.column(column).at(attributes.row(item_id))
        return float(values[0]) if len(values) else None

    return number


def _keys(sender: str, event: StreamedEvent) -> list[str]:
    """What tells that an event has been counted: its id, and all else that it says."""
    properties = sorted(event.properties.items())
    content = (sender, event.item_id, event.event_type, event.timestamp, event.fraction, properties)
    return [_digest(event.event_id), _digest(repr(content))]


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()
