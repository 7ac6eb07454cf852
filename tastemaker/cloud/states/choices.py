"""Choice: conditions that are no booleans, rules of which none applies, and a default that only counts as one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.choice.choice_rule import ChoiceRule
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison import ConditionStringJSONata
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice

from tastemaker.cloud.states.failures import evaluation_failed, execution_failed
from tastemaker.cloud.states.patching import replace

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

_TYPES = {str: "string", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}
_DEFAULT_TAKEN = "tastemaker.default-taken"


def choose_as_aws_does() -> None:
    """Refuse conditions that are no booleans; name a missing choice; keep a rule apart from the default."""
    replace(ConditionStringJSONata, "_eval_body", _evaluate_condition)
    replace(ChoiceRule, "_eval_body", _evaluate_rule)
    replace(StateChoice, "_eval_state", _evaluate_choice)
    replace(StateChoice, "_eval_state_output", _evaluate_output)


def _evaluate_condition(self: ConditionStringJSONata, env: Environment) -> None:
    self.string_jsonata.eval(env=env)


def _evaluate_rule(self: ChoiceRule, env: Environment) -> None:
    self.comparison.eval(env)
    holds = env.stack[-1]
    if not isinstance(holds, bool):
        shown = json.dumps(holds, ensure_ascii=False)
        raise evaluation_failed(
            env,
            "The JSONata expression specified for the field 'Condition' returned an unexpected result type. "
            f"Expected 'boolean', but was '{_TYPES[type(holds)]}' for value: {shown}",
        )
    if not holds:
        return
    if self.assign:
        self.assign.eval(env=env)
    if self.output:
        self.output.eval(env=env)


def _evaluate_choice(self: StateChoice, env: Environment) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop():
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise execution_failed(
            env,
            StatesErrorNameType.StatesNoChoiceMatched,
            f"No rule of the Choice state '{self.name}' applies, and it has no Default.",
        )
    env.heap[_DEFAULT_TAKEN] = True
    env.stack.append(self.default_state.state_name)


def _evaluate_output(self: StateChoice, env: Environment) -> None:
    next_state = env.stack.pop()
    if env.heap.pop(_DEFAULT_TAKEN, False):
        if self.assign_decl:
            self.assign_decl.eval(env=env)
        if self.output:
            self.output.eval(env=env)
    if self._is_language_query_jsonpath():
        self.output_path.eval(env=env)
    env.next_state_name = next_state
