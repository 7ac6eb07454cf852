"""The life of an execution: its name, its start, its end by itself, by time-out or by StopExecution."""

from __future__ import annotations

import json
import threading
import uuid
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.exceptions import InvalidExecutionInput
from moto.stepfunctions.parser.api import (
    ExecutionFailedEventDetails,
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from tastemaker.cloud.states.patching import replace
from tastemaker.cloud.states.waiting import await_work, deadline_in

if TYPE_CHECKING:
    from datetime import datetime

    from moto.stepfunctions.parser.asl.eval.environment import Environment

# How long a program that has timed out may take, in real time, to notice it and write its last event.
_LAST_EVENT_SECONDS = 5.0


def name_executions() -> None:
    """Give an unnamed execution a UUID, and let two callers with one name start one execution."""
    start = StepFunctionsParserBackend.start_execution
    one_at_a_time = threading.Lock()

    def start_execution(
        self: StepFunctionsParserBackend,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Execution:
        if name:
            self._validate_name(name)
        _refuse_what_is_no_json(execution_input)
        with one_at_a_time:
            return start(self, state_machine_arn, name or str(uuid.uuid4()), execution_input or "{}", trace_header)

    replace(StepFunctionsParserBackend, "start_execution", start_execution)


def _refuse_what_is_no_json(text: str | None) -> None:
    try:
        json.loads(text or "{}")
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error


def end_executions() -> None:
    """Start in a state that StopExecution can end, time out on the clock, and never die in a thread."""
    replace(ExecutionWorker, "start", _start)
    replace(ExecutionWorker, "_execution_logic", _run_here)
    replace(Program, "eval", _evaluate_program)
    replace(Execution, "stop", _stop)
    reflect = BaseExecutionWorkerCommunication._reflect_execution_status

    def reflect_once(self: BaseExecutionWorkerCommunication) -> None:
        if self.execution.exec_status != ExecutionStatus.ABORTED:
            reflect(self)

    replace(BaseExecutionWorkerCommunication, "_reflect_execution_status", reflect_once)


def _start(self: ExecutionWorker) -> None:
    program = _prepare(self)
    arn = self._evaluation_details.execution_details.arn
    threading.Thread(target=_run, args=(self, program), name=arn, daemon=True).start()


def _run_here(self: ExecutionWorker) -> None:
    _run(self, _prepare(self))


def _prepare(worker: ExecutionWorker) -> Program:
    """Parse and write the first event before the thread starts: whoever started the execution may ask at once."""
    program = worker._get_evaluation_entrypoint()
    worker.env = worker._get_evaluation_environment()
    worker.env.next_state_name = program.start_at.start_at_name
    details = worker._evaluation_details
    worker.env.event_manager.add_event(
        context=worker.env.event_history_context,
        event_type=HistoryEventType.ExecutionStarted,
        event_details=EventDetails(
            executionStartedEventDetails=ExecutionStartedEventDetails(
                input=to_json_str(details.execution_details.inpt),
                inputDetails=HistoryEventExecutionDataDetails(truncated=False),
                roleArn=details.aws_execution_details.role_arn,
            )
        ),
        update_source_event_id=False,
    )
    return program


def _run(worker: ExecutionWorker, program: Program) -> None:
    try:
        program.eval(worker.env)
    except Exception as error:  # noqa: BLE001 - an error of the interpreter ends the execution, not only its thread
        worker.env.set_error(ExecutionFailedEventDetails(error="States.Runtime", cause=str(error)))
    worker._execution_communication.terminated()


def _evaluate_program(self: Program, env: Environment) -> None:
    if not _begin(env, self.start_at.start_at_name):
        return
    if self.timeout_seconds is None:
        EvalComponent.eval(self, env)
        return
    done = threading.Event()
    deadline = deadline_in(self.timeout_seconds.timeout_seconds)

    def run() -> None:
        try:
            EvalComponent.eval(self, env)
        finally:
            done.set()

    threading.Thread(target=run, name="program", daemon=True).start()
    if not await_work(done, deadline=deadline, env=env):
        if env.is_running():
            env.set_timed_out()
        done.wait(_LAST_EVENT_SECONDS)


def _begin(env: Environment, first_state: str) -> bool:
    """Set the first state; not where the parent has ended between opening this frame and now."""
    try:
        env.next_state_name = first_state
    except RuntimeError:
        return False
    return bool(env.is_running())


def _stop(self: Execution, stop_date: datetime, error: str | None, cause: str | None) -> None:
    if self.exec_status != ExecutionStatus.RUNNING:
        return
    env: Any = self.exec_worker.env
    env.set_stop(stop_date=stop_date, error=error, cause=cause)
    if isinstance(env.program_state(), ProgramStopped):
        self.stop_date = stop_date
        self.error = error
        self.cause = cause
        self.exec_status = ExecutionStatus.ABORTED
