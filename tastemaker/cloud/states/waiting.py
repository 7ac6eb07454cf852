"""Everything that takes time: Wait, Retry, time-outs and heartbeats, on the injected clock, and ended by a stop."""

from __future__ import annotations

import copy
import threading
from datetime import UTC
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.path.result_path import ResultPath
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint, HeartbeatEndpoint
from moto.stepfunctions.parser.asl.eval.environment import Environment

from tastemaker.cloud.states.patching import replace
from tastemaker.cloud.states.settings import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcome

_REAL_SLICE_SECONDS = 0.02


def wait_on_the_clock() -> None:
    """Take every wait of the interpreter to the clock."""
    for change in ("set_ended", "set_error", "set_timed_out", "set_stop"):
        _keep_set(change)
    replace(WaitFunction, "_wait_interval", _wait)
    replace(Timestamp, "_get_wait_seconds", _seconds_until_timestamp)
    replace(RetrierDecl, "_eval_body", _retry)
    replace(ExecutionState, "_evaluate_with_timeout", _evaluate_with_timeout)
    replace(HeartbeatEndpoint, "clear_and_wait", _await_heartbeat)
    replace(CallbackEndpoint, "wait", _await_callback)


def deadline_in(seconds: float | None) -> float | None:
    """The moment on the clock that is `seconds` from now. Take it before the work begins that it limits."""
    return None if seconds is None else current().clock.now() + seconds


def await_work(done: threading.Event, *, deadline: float | None = None, env: Environment | None = None) -> bool:
    """Block until `done`, until the clock shows `deadline`, or until `env` has ended; whether it is done.

    Work takes the real time that it takes, so no clock may jump over it; time only runs out here by what passes
    on the clock meanwhile.
    """
    while not done.wait(_REAL_SLICE_SECONDS):
        if env is not None and not env.is_running():
            break
        if deadline is not None and current().clock.now() >= deadline:
            break
    return done.is_set()


def _keep_set(change: str) -> None:
    """Leave the event that ends waits set once a program has ended: moto sets and clears it in one breath."""
    original = getattr(Environment, change)

    def changed(self: Environment, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if not self.is_running():
            self.program_state_event.set()

    replace(Environment, change, changed)


def _sleep(env: Environment, seconds: float) -> None:
    if seconds > 0 and env.is_running():
        current().clock.wait(env.program_state_event, seconds)


def _wait(self: WaitFunction, env: Environment, wait_seconds: float) -> None:  # noqa: ARG001 - the signature is moto's
    _sleep(env, wait_seconds)


def _seconds_until_timestamp(self: Timestamp, env: Environment) -> float:
    self.string.eval(env=env)
    text = env.stack.pop()
    moment = self._from_timestamp_string(timestamp=text)
    if moment is None:
        raise FailureEventException(self._create_failure_event(env, text))
    return float(moment.replace(tzinfo=UTC).timestamp() - current().clock.now())


def _retry(self: RetrierDecl, env: Environment) -> None:
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for step in (self.interval_seconds, self.backoff_rate, self.max_delay_seconds, self.jitter_strategy):
        step.eval(env=env)
    _sleep(env, env.stack.pop())
    env.stack.append(RetrierOutcome.Executed)


def _evaluate_with_timeout(self: ExecutionState, env: Environment) -> None:
    self.timeout.eval(env=env)
    seconds = env.stack.pop()
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copy.deepcopy(env.stack)
    done = threading.Event()
    deadline = deadline_in(None if self.timeout.is_default_value() else seconds)
    outputs, errors = _in_background(lambda: self._eval_execution(frame), frame, done)

    finished = await_work(done, deadline=deadline, env=env)
    frame.set_ended()
    env.close_frame(frame)
    if not env.is_running():
        return
    if not finished:
        raise EvalTimeoutError
    if errors:
        raise errors[0]
    _take_output(self, env, outputs.pop())


def _in_background(
    work: Callable[[], None], frame: Environment, done: threading.Event
) -> tuple[list[Any], list[Exception]]:
    """Run `work` in a thread; the lists hold what it left on the frame's stack, or its exception, once `done`."""
    outputs: list[Any] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            work()
            outputs.extend(frame.stack)
        except Exception as error:  # noqa: BLE001 - whatever fails a state is for its Retry and Catch
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="state", daemon=True).start()
    return outputs, errors


def _take_output(self: ExecutionState, env: Environment, output: Any) -> None:
    env.stack.append(output)
    if not self._is_language_query_jsonpath():
        env.states.set_result(output)
    if self.assign_decl:
        self.assign_decl.eval(env=env)
    if self.result_selector:
        self.result_selector.eval(env=env)
    self.result_path.eval(env)


def _await_heartbeat(self: HeartbeatEndpoint) -> bool:
    beaten = await_work(self._next_heartbeat_event, deadline=deadline_in(self._heartbeat_seconds))
    self._next_heartbeat_event.clear()
    return beaten


def _await_callback(self: CallbackEndpoint, timeout: float | None = None) -> CallbackOutcome | None:
    await_work(self._notify_event, deadline=deadline_in(timeout))
    return self._outcome


def keep_whole_results() -> None:
    """Skip the parser of paths where the path is the whole: every state of a JSONata workflow would pay for it."""
    by_path = ResultPath._eval_body

    def evaluate(self: ResultPath, env: Environment) -> None:
        if self.result_path_src != "$":
            by_path(self, env)

    replace(ResultPath, "_eval_body", evaluate)
