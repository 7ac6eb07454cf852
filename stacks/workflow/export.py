"""The part of the workflow that exports the tables: a Distributed Map over scan segments, then the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stacks.workflow.language import FAILURE, RUN_ID, Arns, States, expression

if TYPE_CHECKING:
    from lambdas.common.config import Config, Dataset

START: Final = "Export segments"
# each call goes on for up to a quarter of an hour: a day for a segment
MAX_CALLS: Final = 96
_SIDE_BY_SIDE: Final = 40
_COUNTS: Final = ("dataset", "segment", "rows", "rejected", "reasons", "mended", "files")


def export_states(arns: Arns, config: Config, *, then: str, failed: str) -> States:
    """The states that end with the variable `export`, which is the manifest's contents."""
    any_failed = "$states.input[$exists(failure)]"
    return {
        START: {
            "Type": "Map",
            "Items": [segment for name, source in config.datasets.items() for segment in _segments(name, source)],
            "MaxConcurrency": _SIDE_BY_SIDE,
            "Label": "Segments",
            "ItemSelector": {
                "call": expression(f"$merge([$states.context.Map.Item.Value, {_call(config)}])"),
                "calls": 0,
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Export segment",
                "States": _segment_states(arns),
            },
            "Next": "Judge export",
        },
        "Judge export": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"$exists({any_failed})"),
                    "Output": {
                        "error": expression(f"{any_failed}[0].failure.error"),
                        "cause": expression(f"$join($distinct([{any_failed}.failure.cause]), '; ')"),
                    },
                    "Next": failed,
                }
            ],
            "Default": "Write manifest",
        },
        "Write manifest": arns.invoke(
            arns.export_data,
            {"step": "manifest", "runId": expression(RUN_ID), "segments": expression("$states.input")},
            Assign={"export": expression("$states.result.Payload")},
            Next=then,
        ),
    }


def _segments(dataset: str, source: Dataset) -> list[dict[str, Any]]:
    fields = [
        {
            "attribute": attribute,
            "name": mapping.field,
            "type": "categories" if mapping.categorical else "text" if mapping.textual else mapping.type,
            "required": not mapping.optional,
        }
        for attribute, mapping in source.fields.items()
    ]
    return [
        {
            "dataset": dataset,
            "table": source.table,
            "segment": segment,
            "totalSegments": source.scan_segments,
            "fields": fields,
        }
        for segment in range(source.scan_segments)
    ]


def _call(config: Config) -> str:
    since, days = "null", config.interactions.look_back_days
    if days is not None:
        started = "$floor($toMillis($states.context.Execution.StartTime) / 1000)"
        events = "$states.context.Map.Item.Value.dataset = 'INTERACTIONS'"
        since = f"({events} ? {started} - {days * 24 * 3600} : null)"
    return f"{{'step': 'segment', 'runId': {RUN_ID}, 'since': {since}, 'cursor': null}}"


def _segment_states(arns: Arns) -> States:
    """Call until the segment is done.

    A child that failed would leave its parent with nothing but "the tolerated failure threshold was exceeded", so a
    failure is a result here.
    """
    return {
        "Export segment": arns.invoke(
            arns.export_data,
            expression("$states.input.call"),
            Output={
                "call": expression("$merge([$states.input.call, {'cursor': $states.result.Payload.cursor}])"),
                "calls": expression("$states.input.calls + 1"),
                "done": expression("$states.result.Payload.done"),
                "segment": {name: expression(f"$states.result.Payload.{name}") for name in _COUNTS},
            },
            Catch=[{"ErrorEquals": ["States.ALL"], "Output": FAILURE, "Next": "Segment failed"}],
            Next="Judge segment",
        ),
        "Judge segment": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$states.input.done"),
                    "Output": expression("$states.input.segment"),
                    "Next": "Segment exported",
                },
                {
                    "Condition": expression(f"$states.input.calls >= {MAX_CALLS}"),
                    "Output": {
                        "error": "FailedError",
                        "cause": (
                            f"a scan segment is not exported after {MAX_CALLS} calls: "
                            "set more scan_segments in the configuration"
                        ),
                    },
                    "Next": "Segment failed",
                },
            ],
            "Default": "Export segment",
        },
        "Segment exported": {"Type": "Succeed"},
        "Segment failed": {"Type": "Succeed", "Output": {"failure": expression("$states.input")}},
    }
