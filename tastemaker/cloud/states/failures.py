"""Failures as the interpreter raises them, and evaluation errors where the history lacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import (
    EvaluationFailedEventDetails,
    ExecutionFailedEventDetails,
    HistoryEventType,
    TaskFailedEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from tastemaker.cloud.states.patching import replace

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
    from moto.stepfunctions.parser.asl.eval.environment import Environment

_QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"


def evaluation_failed(env: Environment, cause: str) -> Exception:
    """The States.QueryEvaluationError that ends an expression."""
    return _failure(
        env,
        StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError),
        HistoryEventType.EvaluationFailed,
        EventDetails(
            evaluationFailedEventDetails=EvaluationFailedEventDetails(error=_QUERY_EVALUATION_ERROR, cause=cause)
        ),
    )


def execution_failed(env: Environment, kind: StatesErrorNameType, cause: str) -> Exception:
    """A States.* error of the state itself."""
    return _failure(
        env,
        StatesErrorName(typ=kind),
        HistoryEventType.ExecutionFailed,
        EventDetails(executionFailedEventDetails=ExecutionFailedEventDetails(error=kind.to_name(), cause=cause)),
    )


def task_failed(task: StateTask, env: Environment, error: str, cause: str) -> FailureEvent:
    """The failure of a service integration under the name that Retry and Catch see."""
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(
            taskFailedEventDetails=TaskFailedEventDetails(
                error=error,
                cause=cause,
                resource=task._get_sfn_resource(),
                resourceType=task._get_sfn_resource_type(),
            )
        ),
    )


def _failure(env: Environment, name: Any, event_type: HistoryEventType, details: EventDetails) -> Exception:
    exception: Exception = FailureEventException(
        failure_event=FailureEvent(env=env, error_name=name, event_type=event_type, event_details=details)
    )
    return exception


def record_evaluation_failures() -> None:
    """Write EvaluationFailed where moto does not: in Pass, Choice, Wait and Fail, and in Output of the others.

    Arguments and Assign of Task, Map and Parallel are recorded by moto, which also retries and catches there.
    """
    evaluate_state = CommonStateField._eval_body
    evaluate_output = ExecutionState._eval_state_output

    def evaluate_and_record(self: CommonStateField, env: Environment) -> None:
        if isinstance(self, ExecutionState):
            evaluate_state(self, env)
            return
        try:
            evaluate_state(self, env)
        except FailureEventException as failure:
            _record(env, failure)
            raise

    def output_and_record(self: ExecutionState, env: Environment) -> None:
        try:
            evaluate_output(self, env)
        except FailureEventException as failure:
            _record(env, failure)
            raise

    replace(CommonStateField, "_eval_body", evaluate_and_record)
    replace(ExecutionState, "_eval_state_output", output_and_record)


def _record(env: Environment, failure: FailureEventException) -> None:
    if failure.failure_event.event_type == HistoryEventType.EvaluationFailed:
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(evaluationFailedEventDetails=failure.get_evaluation_failed_event_details()),
        )


def log_nothing_twice() -> None:
    """Spare the text of a whole definition that moto composes for its log at each level a failure passes."""

    def nothing(self: EvalComponent, *args: Any, **kwargs: Any) -> None:
        del self, args, kwargs

    replace(EvalComponent, "_log_failure_event_exception", nothing)
    replace(EvalComponent, "_log_exception", nothing)
