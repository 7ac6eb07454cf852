"""The report of an import's metrics, as Personalize writes it to S3."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from tastemaker.personalize.attribution.counting import Counts
from tastemaker.personalize.csv_output import csv_files
from tastemaker.personalize.schemas import Field, Schema

_COLUMNS: Final = ("METRIC_NAME", "EVENT_TYPE", "VALUE", "MATH_FUNCTION", "EVENT_ATTRIBUTION_SOURCE", "TIMESTAMP")
_SCHEMA: Final = Schema("REPORT", tuple(Field(name, "string") for name in _COLUMNS))


def report_of(counts: Counts) -> bytes:
    """CSV: a row for each metric, source and quarter of an hour, the newest first."""
    rows = sorted(counts.items(), key=lambda entry: (-entry[0].bucket, entry[0]))
    columns = {
        "METRIC_NAME": [cell.metric for cell, _ in rows],
        "EVENT_TYPE": [cell.event_type for cell, _ in rows],
        "VALUE": [repr(float(value)) for _, value in rows],
        "MATH_FUNCTION": [cell.function for cell, _ in rows],
        "EVENT_ATTRIBUTION_SOURCE": [cell.source for cell, _ in rows],
        "TIMESTAMP": [str(cell.bucket) for cell, _ in rows],
    }
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return b"".join(csv_files(table, _SCHEMA, rows_in_file=max(1, len(rows))))


def report_name(*, import_mode: str, created: float) -> str:
    """`created`: when the import job was, in epoch seconds, so that one that is done again has the same report."""
    return f"AggregatedAttributionMetrics - {import_mode} - {round(created * 1000)}.csv"
