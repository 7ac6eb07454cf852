"""Distributed Map: children that are executions of their own, and a state that fails when too many of them do."""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map import tolerated_failure
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramStopped
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore

from tastemaker.cloud.states.patching import replace
from tastemaker.cloud.states.waiting import await_work

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.component.state.state_props import StateProps
    from moto.stepfunctions.parser.asl.eval.environment import Environment

# AWS runs up to 10,000 children at once where MaxConcurrency is 0; here they share one machine.
_MOST_AT_ONCE = 40
_TOLERANCE = "tastemaker.tolerance"

_log = logging.getLogger("tastemaker.states")


def run_children_as_executions() -> None:
    """Replace moto's map run, whose failed children count as successes with the result null."""
    build = StateMap.from_state_props

    def from_state_props(self: StateMap, state_props: StateProps) -> None:
        build(self, state_props)
        vars(self.iteration_component)[_TOLERANCE] = (
            state_props.get(tolerated_failure.ToleratedFailureCountDecl) is not None,
            state_props.get(tolerated_failure.ToleratedFailurePercentageDecl) is not None,
        )

    def map_run(self: DistributedIterationComponent, env: Environment, eval_input: Any) -> None:
        items = env.stack.pop()
        tolerance = _Tolerance.of(vars(self)[_TOLERANCE], eval_input, total=len(items))
        run = _MapRun(env, self._get_iteration_program(), eval_input, items, tolerance)
        env.stack.append(run.results())

    replace(StateMap, "from_state_props", from_state_props)
    replace(DistributedIterationComponent, "_map_run", map_run)


@dataclass(frozen=True)
class _Tolerance:
    """How many failed children are too many: more than the count, or more than the percentage, where given."""

    count: int | None
    percentage: float | None
    total: int

    @classmethod
    def of(cls, given: tuple[bool, bool], eval_input: Any, *, total: int) -> _Tolerance:
        count, percentage = given
        return cls(
            count=int(eval_input.tolerated_failure_count) if count or not percentage else None,
            percentage=float(eval_input.tolerated_failure_percentage) if percentage else None,
            total=total,
        )

    def exceeded_by(self, failures: int) -> bool:
        if self.count is not None and failures > self.count:
            return True
        return self.percentage is not None and failures * 100 > self.percentage * self.total


class _MapRun:
    """The children of one Distributed Map: a few workers take the items in order."""

    def __init__(
        self, env: Environment, program: Any, eval_input: Any, items: list[Any], tolerance: _Tolerance
    ) -> None:
        self._env = env
        self._program = program
        self._selector = eval_input.item_selector or eval_input.parameters
        self._record = eval_input.map_run_record
        self._limit = eval_input.max_concurrency or _MOST_AT_ONCE
        self._map_input = env.stack[-1] if env.stack else env.states.get_input()
        self._items = items
        self._tolerance = tolerance
        self._lock = threading.Lock()
        self._next = 0
        self._open = len(items)
        self._failures = 0
        self._outputs: dict[int, Any] = {}
        self._children: dict[int, Environment] = {}
        self._unexpected: Exception | None = None
        self._over = threading.Event()

    def results(self) -> list[Any]:
        """The outputs of the children that succeeded, in the order of the items; raises when too many failed."""
        for counter in (self._record.item_counter, self._record.execution_counter):
            counter.total.count(len(self._items))
            counter.pending.count(len(self._items))
        if self._items:
            for _ in range(min(len(self._items), self._limit, _MOST_AT_ONCE)):
                threading.Thread(target=self._work, name="map-run", daemon=True).start()
            await_work(self._over, env=self._env)
        if self._unexpected is not None:
            raise self._unexpected
        if self._tolerance.exceeded_by(self._failures):
            raise _threshold_exceeded(self._env)
        return [self._outputs[index] for index in sorted(self._outputs)]

    def _work(self) -> None:
        while (index := self._take()) is not None:
            try:
                self._run(index)
            except Exception as error:  # noqa: BLE001 - an ItemSelector that fails ends the run with its own error
                self._unexpected = error
                self._over.set()
                return

    def _take(self) -> int | None:
        with self._lock:
            if self._over.is_set() or not self._env.is_running() or self._next == len(self._items):
                return None
            self._next += 1
            self._count("pending", -1)
            self._count("running", 1)
            return self._next - 1

    def _run(self, index: int) -> None:
        child = self._env.open_inner_frame()
        with self._lock:
            self._children[index] = child
            if self._over.is_set():
                child.set_stop(stop_date=None, cause=None, error=None)
        child.event_manager = EventManager()
        _become_an_execution(child, self._env, self._child_input(child, index), self._record)
        self._program.eval(child)
        state = child.program_state()
        self._env.delete_frame(child)
        with self._lock:
            self._close(index, child, state)

    def _child_input(self, child: Environment, index: int) -> Any:
        item = self._items[index]
        if self._selector is None:
            return item
        child.states.context_object.context_object_data["Map"] = MapData(Item=ItemData(Index=index, Value=item))
        child.states.reset(input_value=self._map_input)
        child.stack.append(self._map_input)
        self._selector.eval(child)
        return child.stack.pop()

    def _close(self, index: int, child: Environment, state: Any) -> None:
        del self._children[index]
        self._open -= 1
        self._count("running", -1)
        if isinstance(state, ProgramEnded):
            self._outputs[index] = child.states.get_input()
            self._count("succeeded", 1)
            self._count("results_written", 1)
        elif isinstance(state, ProgramStopped):
            self._count("aborted", 1)
        else:
            self._failures += 1
            self._count("failed", 1)
            # the state's own error says no more than that too many children failed
            error = getattr(state, "error", None) or {}
            _log.warning("child %d of a map run failed: %s: %s", index, error.get("error"), error.get("cause"))
        if self._tolerance.exceeded_by(self._failures) and not self._over.is_set():
            self._over.set()
            for other in self._children.values():
                other.set_stop(stop_date=None, cause=None, error=None)
        if self._open == 0:
            self._over.set()

    def _count(self, counter: str, change: int) -> None:
        getattr(self._record.item_counter, counter).count(change)
        getattr(self._record.execution_counter, counter).count(change)


def _become_an_execution(child: Environment, parent: Environment, given: Any, record: Any) -> None:
    """Give a child its own name, input and variables; it sees neither its parent's nor the item's place."""
    context = child.states.context_object.context_object_data
    context.pop("Map", None)
    name = str(uuid.uuid4())
    arn = record.map_state_machine_arn.replace(":stateMachine:", ":execution:")
    context["Execution"] = {
        **parent.states.context_object.context_object_data["Execution"],
        "Id": f"{arn}:{name}",
        "Name": name,
        "Input": given,
    }
    child.stack.clear()
    child.heap.clear()
    child.variable_store = VariableStore()
    child.states.reset(input_value=given)


def _threshold_exceeded(env: Environment) -> Exception:
    kind = StatesErrorNameType.StatesExceedToleratedFailureThreshold
    exception: Exception = FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.MapRunFailed,
            event_details=EventDetails(
                mapRunFailedEventDetails=MapRunFailedEventDetails(
                    error=kind.to_name(), cause="The specified tolerated failure threshold was exceeded"
                )
            ),
        )
    )
    return exception
