"""Step Functions: moto's interpreter, adapted to behave as AWS does. `install` is all that others need."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from moto.core.config import default_user_config

from tastemaker.cloud.states.clients import ClientPool, Credentials
from tastemaker.cloud.states.settings import Settings, use

if TYPE_CHECKING:
    from collections.abc import Callable

    from tastemaker.personalize.clock import Clock

__all__ = ["Credentials", "install"]

_installed: set[str] = set()


def install(clock: Clock, endpoint_url: Callable[[], str | None], credentials: Callable[[str], Credentials]) -> None:
    """Let moto run state machines: by `clock`, calling `endpoint_url()` with the credentials of a role's ARN.

    The patches are applied once; a later call changes the clock and the clients of what starts then. An
    endpoint of None is AWS's own, which `mock_aws` answers.
    """
    use(Settings(clock=clock, clients=ClientPool(endpoint_url, credentials)))
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    if not _installed:
        _installed.add("patches")
        _patch()


def _patch() -> None:
    # The interpreter's grammar takes two seconds to import: only who installs it pays.
    from tastemaker.cloud.states import (
        choices,
        definitions,
        error_names,
        executions,
        expressions,
        failures,
        instants,
        integrations,
        map_runs,
        resources,
        responses,
        variables,
        waiting,
    )

    # Every failure is in the execution's history, error and cause; moto logs each again at every level it passes.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)

    definitions.parse_once()
    definitions.read_each_definition_afresh()
    definitions.read_strings_as_json()
    definitions.read_tolerances()
    expressions.bind_instead_of_paste()
    variables.assign_at_the_end_of_a_state()
    variables.write_variables_as_json()
    variables.keep_characters()
    variables.leave_results_undefined()
    choices.choose_as_aws_does()
    error_names.match_errors_as_aws_does()
    failures.record_evaluation_failures()
    failures.log_nothing_twice()
    instants.stamp_by_the_clock()
    waiting.wait_on_the_clock()
    waiting.keep_whole_results()
    integrations.call_as_the_role()
    integrations.call_the_sdk_as_aws_does()
    integrations.name_errors_of_optimised_integrations()
    integrations.invoke_functions_as_aws_does()
    integrations.refuse_unsupported_parameters()
    map_runs.run_children_as_executions()
    executions.name_executions()
    executions.end_executions()
    responses.answer_as_aws_does()
    responses.name_errors()
    resources.make_state_machines_that_run()
