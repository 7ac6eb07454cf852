"""The API's answers about executions: every status with its times, outputs as JSON, histories by pages."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import AWSError, InvalidToken
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.responses import StepFunctionResponse

from tastemaker.cloud.states.instants import Instant
from tastemaker.cloud.states.patching import replace

if TYPE_CHECKING:
    from moto.stepfunctions.parser.backend.execution import Execution

_DEFAULT_PAGE = 100
_BIGGEST_PAGE = 1000


def answer_as_aws_does() -> None:
    """Complete what moto leaves out of DescribeExecution, StopExecution and GetExecutionHistory."""
    replace(StepFunctionResponse, "describe_execution", _describe_execution)
    replace(StepFunctionResponse, "stop_execution", _stop_execution)
    replace(StepFunctionResponse, "get_execution_history", _get_execution_history)


def name_errors() -> None:
    """Let the parser's errors carry their codes: as moto has them, a client sees none."""
    for error in vars(api).values():
        if isinstance(error, type) and issubclass(error, AWSError) and isinstance(vars(error).get("code"), str):
            replace(error, "TYPE", vars(error)["code"])
            replace(error, "__init__", _with_default_message)


def _with_default_message(self: AWSError, message: str | None = None) -> None:
    AWSError.__init__(self, message or self.TYPE)


def _describe_execution(self: StepFunctionResponse) -> ActionResult:
    execution: Execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    status = execution.exec_status
    answer: dict[str, Any] = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status.value,
        "startDate": execution.start_date,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
    }
    if status != ExecutionStatus.RUNNING:
        answer["stopDate"] = execution.stop_date
    if status == ExecutionStatus.SUCCEEDED:
        answer["output"] = to_json_str(execution.output, separators=(",", ":"))
        answer["outputDetails"] = {"included": True}
    for name, value in (("error", execution.error), ("cause", execution.cause)):
        if value is not None:
            answer[name] = value
    return ActionResult(answer)


def _stop_execution(self: StepFunctionResponse) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    execution.stop(stop_date=Instant.now(), error=self._get_param("error"), cause=self._get_param("cause"))
    return ActionResult({"stopDate": execution.stop_date})


def _get_execution_history(self: StepFunctionResponse) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    limit = min(self._get_param("maxResults") or _DEFAULT_PAGE, _BIGGEST_PAGE)
    start = _offset(self._get_param("nextToken"))
    # moto hands out a deep copy of the whole list, which a caller that polls would pay for each time
    events = execution.exec_worker.env.event_manager._history_event_list
    total = len(events)
    order = range(total - 1, -1, -1) if self._get_param("reverseOrder") else range(total)
    page = [_event(events[index]) for index in order[start : start + limit]]
    answer: dict[str, Any] = {"events": page}
    if start + limit < total:
        answer["nextToken"] = base64.b64encode(str(start + limit).encode()).decode()
    return ActionResult(answer)


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "timestamp": datetime.fromisoformat(event["timestamp"])}


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidToken(token) from error
