"""Which errors Retry and Catch match, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName

from tastemaker.cloud.states.patching import replace

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

# These end an execution whatever its Retry and Catch say, unless they are named there.
_TERMINAL = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def match_errors_as_aws_does() -> None:
    """Let wildcards match what they do on AWS, and States.* errors pass through Parallel and Map under their names."""
    replace(ErrorEqualsDecl, "_eval_body", _evaluate_error_equals)
    replace(CustomErrorName, "__init__", ErrorName.__init__)


def matches(error: str | None, patterns: list[str | None]) -> bool:
    """Whether an ErrorEquals list holds `error`, by name or by wildcard."""
    if error in patterns:
        return True
    if error in _TERMINAL:
        return False
    return "States.ALL" in patterns or ("States.TaskFailed" in patterns and error != "States.Timeout")


def _evaluate_error_equals(self: ErrorEqualsDecl, env: Environment) -> None:
    error = env.stack.pop()
    env.stack.append(matches(error.error_name if error else None, [pattern.error_name for pattern in self.error_names]))
