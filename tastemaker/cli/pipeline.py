"""Start a run of the state machine and follow it to its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tastemaker.cli.timeline import Timeline

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# a laptop's jobs take seconds, where AWS's take minutes
POLL_SECONDS: Final = 1
_LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Run:
    """A run that has ended; `output` is empty where it failed, and `error` and `cause` say why."""

    status: str
    timeline: Timeline
    output: Mapping[str, Any]
    error: str | None
    cause: str | None

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCEEDED"


def run_pipeline(states: SFNClient, state_machine_arn: str, *, watch: Callable[[Timeline], None]) -> Run:
    """Start the state machine and wait for its end; `watch` is shown the timeline several times a second."""
    execution = states.start_execution(
        stateMachineArn=state_machine_arn, input=json.dumps({"pollSeconds": POLL_SECONDS})
    )["executionArn"]
    pause = threading.Event()
    while True:
        described = states.describe_execution(executionArn=execution)
        timeline = Timeline.of(_history(states, execution))
        watch(timeline)
        if described["status"] != "RUNNING":
            return Run(
                status=described["status"],
                timeline=timeline,
                output=json.loads(described.get("output", "{}")),
                error=described.get("error"),
                cause=described.get("cause"),
            )
        pause.wait(_LOOK_SECONDS)


def _history(states: SFNClient, execution: str) -> list[Mapping[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]
