"""Variables: assigned when a state ends, so that its Output still sees the old ones, and written as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.state_pass.state_pass import StatePass
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import _DateTimeEncoder, to_json_str

from tastemaker.cloud.states.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from moto.stepfunctions.parser.api import StateExitedEventDetails
    from moto.stepfunctions.parser.asl.eval.environment import Environment

_PENDING = "tastemaker.pending"


def assign_at_the_end_of_a_state() -> None:
    """Evaluate Assign with the old variables, as AWS does beside Output, and set the new ones on leaving."""
    exited_details = CommonStateField._get_state_exited_event_details

    def stage(self: AssignDecl, env: Environment) -> None:
        staged: dict[str, Any] = {}
        for binding in self.declaration_bindings:
            binding.eval(env=env)
            staged.update(env.stack.pop())
        vars(env.variable_store)[_PENDING] = staged

    def commit(self: CommonStateField, env: Environment) -> StateExitedEventDetails:
        for name, value in vars(env.variable_store).pop(_PENDING, {}).items():
            env.variable_store.set(variable_identifier=name, variable_value=value)
        return exited_details(self, env)

    replace(AssignDecl, "_eval_body", stage)
    replace(CommonStateField, "_get_state_exited_event_details", commit)


def write_variables_as_json() -> None:
    """Encode the history's assigned variables: moto puts quotes around strings and leaves those within alone."""

    def assigned(self: VariableStore) -> dict[str, str]:
        return {name: to_json_str(self.get(name), separators=(",", ":")) for name in self._declaration_tracing}

    replace(VariableStore, "get_assigned_variables", assigned)


def keep_characters() -> None:
    """Encode emoji as themselves, here and in every module that imports the encoder."""
    initialise = _DateTimeEncoder.__init__

    def with_characters(self: _DateTimeEncoder, **options: Any) -> None:
        initialise(self, **{**options, "ensure_ascii": False})

    replace(_DateTimeEncoder, "__init__", with_characters)


def leave_results_undefined() -> None:
    """Let $states.result and $states.errorOutput be undefined until there is one: moto says null, as a task may."""

    def reset(self: States, input_value: Any) -> None:
        self._states_data["input"] = self._extract(None, input_value)
        self._states_data.pop("result", None)
        self._states_data.pop("errorOutput", None)

    replace(States, "reset", reset)
    replace(StatePass, "_eval_state", _without_result(StatePass._eval_state))


def _without_result(evaluate: Callable[[StatePass, Environment], None]) -> Callable[[StatePass, Environment], None]:
    """Pass in JSONata: it has an input and an output, but no result, which moto sets to the input."""

    def evaluate_state(self: StatePass, env: Environment) -> None:
        if self._is_language_query_jsonpath():
            evaluate(self, env)
        elif self.assign_decl:
            self.assign_decl.eval(env=env)

    return evaluate_state
