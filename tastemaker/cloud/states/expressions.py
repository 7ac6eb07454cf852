"""JSONata expressions, evaluated with the state's data and variables bound to them, never pasted into their text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata
from jsonata.jexception import JException
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)

from tastemaker.cloud.states import functions
from tastemaker.cloud.states.failures import evaluation_failed
from tastemaker.cloud.states.patching import replace
from tastemaker.cloud.states.settings import current
from tastemaker.cloud.states.values import NotJson, from_jsonata, to_jsonata

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

_NAME = re.compile(r"\$(\w+)")


class Undefined(Exception):
    """An expression that yields nothing, which JSON cannot say."""


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The JSON value of `expression`, given `variables` by name without the dollar sign.

    Raises Undefined where it yields nothing, NotJson where it yields a function or the like, and whatever the
    evaluation itself raises.
    """
    bound = functions.bindings(current().clock)
    bound.update((name, to_jsonata(variables[name])) for name in _names(expression) if name in variables)
    compiled = Jsonata(expression)
    compiled.set_output_convert_nulls(False)
    result = compiled.evaluate(None, bound)
    if result is None:
        raise Undefined
    return from_jsonata(result)


@lru_cache(maxsize=4096)
def _names(expression: str) -> Iterable[str]:
    return frozenset(_NAME.findall(expression))


def bind_instead_of_paste() -> None:
    """Let states evaluate their expressions here: moto pastes variables into the text and expects a JVM."""
    replace(StringJSONata, "_eval_body", _evaluate_string)
    replace(StringVariableSample, "_eval_body", _evaluate_variable)


def _evaluate_string(self: StringJSONata, env: Environment) -> None:
    env.stack.append(_evaluate_in(env, self.expression))


def _evaluate_variable(self: StringVariableSample, env: Environment) -> None:
    env.stack.append(_evaluate_in(env, self.expression))


def _evaluate_in(env: Environment, expression: str) -> Any:
    try:
        return evaluate(expression, _Scope(env))
    except Undefined:
        problem = "returned nothing (undefined)."
    except NotJson:
        problem = "returned an unsupported result type."
    except JException as error:
        problem = f"threw an error during evaluation. {error.error}: {error}"
    except Exception as error:  # noqa: BLE001 - the library and the functions raise as they like; all of it is the expression's failure
        problem = f"threw an error during evaluation. {error}"
    raise evaluation_failed(env, f"The JSONata expression '{expression}' {problem}")


class _Scope(Mapping[str, Any]):
    """The names that an expression in `env` can use: its variables, and `states`."""

    def __init__(self, env: Environment) -> None:
        self._states = env.states._states_data
        self._store = env.variable_store

    def __getitem__(self, name: str) -> Any:
        if name == "states":
            return self._states
        for scope in (self._store._inner_scope, self._store._outer_scope):
            if name in scope:
                return scope[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({"states", *self._store._inner_scope, *self._store._outer_scope})

    def __len__(self) -> int:
        return len(set(self))
