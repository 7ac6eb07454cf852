"""Counts events into cells: a metric's value in a quarter of an hour, by the source that they are attributed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.attribution.measures import Measure, parse_measure

if TYPE_CHECKING:
    from tastemaker.personalize.stream_log import StreamedEvent

BUCKET_SECONDS: Final = 15 * 60
UNDEFINED_SOURCE: Final = "SOURCE_NAME_UNDEFINED"

ItemNumber: TypeAlias = Callable[[str, str], "float | None"]
"""From the id of an item and a column to the number there; None where there is none."""
SourceOf: TypeAlias = Callable[[str], "str | None"]
"""From a recommendation id to the ARN of what recommended; None where that is not known."""


class Cell(NamedTuple):
    """What a value is of. `bucket`: the epoch second at which the quarter of an hour begins."""

    metric: str
    event_type: str
    function: str
    source: str
    bucket: int


Counts: TypeAlias = dict[Cell, float]


@dataclass(frozen=True)
class Metric:
    """A metric of an attribution, with its expression understood."""

    name: str
    event_type: str
    measure: Measure

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Metric:
        """From the API's members. Raises MeasureError."""
        return cls(given["metricName"], given["eventType"], parse_measure(given["expression"]))


def count_event(metrics: Iterable[Metric], event: StreamedEvent, source: str, item_number: ItemNumber) -> Counts:
    """What a streamed event adds. An event without the number that a metric sums adds nothing to it."""
    counts: Counts = {}
    bucket = event.timestamp - event.timestamp % BUCKET_SECONDS
    for metric in metrics:
        if metric.event_type == event.event_type:
            value = _value(metric.measure, event, item_number)
            if value is not None:
                counts[Cell(metric.name, metric.event_type, metric.measure.function, source, bucket)] = value
    return counts


def count_records(metrics: Iterable[Metric], records: pa.Table, source_of: SourceOf, item_number: ItemNumber) -> Counts:
    """What imported interactions add."""
    counts: Counts = {}
    for metric in metrics:
        chosen = records.filter(pc.equal(_texts(records, "EVENT_TYPE"), metric.event_type))
        values = _values(metric.measure, chosen, item_number)
        keyed = pa.table(
            {"source": _sources(chosen, source_of), "bucket": _buckets(chosen["TIMESTAMP"]), "value": values}
        ).filter(pc.is_valid(values))
        for row in keyed.group_by(["source", "bucket"]).aggregate([("value", "sum")]).to_pylist():
            cell = Cell(metric.name, metric.event_type, metric.measure.function, row["source"], row["bucket"])
            counts[cell] = float(row["value_sum"])
    return counts


def added(counts: Iterable[Counts]) -> Counts:
    """The sum, cell by cell."""
    total: defaultdict[Cell, float] = defaultdict(float)
    for each in counts:
        for cell, value in each.items():
            total[cell] += value
    return dict(total)


def _value(measure: Measure, event: StreamedEvent, item_number: ItemNumber) -> float | None:
    if measure.column is None:
        return 1.0
    if measure.dataset_type == "ITEMS":
        return None if event.item_id is None else item_number(event.item_id, measure.column)
    if measure.column == "TIMESTAMP":
        return float(event.timestamp)
    text = event.properties.get(measure.column)
    return None if text is None else float(text)


def _values(measure: Measure, records: pa.Table, item_number: ItemNumber) -> pa.ChunkedArray:
    column = measure.column
    if column is None:
        return pa.chunked_array([pa.array(np.ones(records.num_rows))])
    if measure.dataset_type == "ITEMS":
        return _mapped(records["ITEM_ID"], lambda item_id: item_number(item_id, column), pa.float64())
    if column not in records.column_names:
        return pa.chunked_array([pa.nulls(records.num_rows, pa.float64())])
    return pc.cast(records[column], pa.float64(), safe=False)


def _buckets(timestamps: pa.ChunkedArray) -> pa.ChunkedArray:
    seconds = timestamps.to_numpy()
    return pa.chunked_array([pa.array(seconds - seconds % BUCKET_SECONDS)])


def _sources(records: pa.Table, source_of: SourceOf) -> pa.ChunkedArray:
    """The source that is given, or else that of the recommendation."""
    given = _texts(records, "EVENT_ATTRIBUTION_SOURCE")
    derived = _mapped(_texts(records, "RECOMMENDATION_ID"), source_of, pa.string())
    return pc.fill_null(pc.coalesce(given, derived), UNDEFINED_SOURCE)


def _texts(records: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in records.column_names:
        return pa.chunked_array([pa.nulls(records.num_rows, pa.string())])
    return _plain(records[name])


def _mapped(column: pa.ChunkedArray, of: Callable[[str], object], kind: pa.DataType) -> pa.ChunkedArray:
    """`of` each value, asked once for all that are the same; null for null."""
    encoded = _plain(column).combine_chunks().dictionary_encode()
    array = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    values: Sequence[object] = [of(value) for value in array.dictionary.to_pylist()]
    return pa.chunked_array([pc.take(pa.array(values, kind), array.indices)])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
