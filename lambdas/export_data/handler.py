"""The Lambda function of the export: a scan segment, or the manifest of all, a call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import boto3

from lambdas.common.steps import Event, run_step
from lambdas.export_data.columns import Column
from lambdas.export_data.manifest import write_manifest
from lambdas.export_data.segment import Progress, SegmentExport

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# what is left of the function's time must do for one more page, the last part and the answer
RESERVE_MILLISECONDS: Final = 30_000

dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    bucket = os.environ["EXPORT_BUCKET"]

    def segment(e: Event) -> dict[str, Any]:
        progress = Progress.of(e["cursor"])
        export = SegmentExport(
            dynamodb,
            s3,
            bucket=bucket,
            table=e["table"],
            run_id=e["runId"],
            dataset=e["dataset"],
            columns=[Column.of(field, progress.mended) for field in e["fields"]],
            since=e["since"],
            segment=e["segment"],
            total_segments=e["totalSegments"],
        )
        return export.run(
            progress,
            out_of_time=lambda: context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS,
        )

    return run_step(
        {
            "segment": segment,
            "manifest": lambda e: write_manifest(s3, bucket=bucket, run_id=e["runId"], segments=e["segments"]),
        },
        event,
    )
