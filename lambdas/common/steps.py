"""How the state machine calls a pipeline function: an event names its step, the rest are its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambdas.common.errors import InvalidError
from lambdas.common.logs import logger

Event = Mapping[str, Any]
Step = Callable[[Event], dict[str, Any]]


def run_step(steps: Mapping[str, Step], event: Event) -> dict[str, Any]:
    """Run the step that `event` names; an unknown step or a missing argument is invalid."""
    name = str(event.get("step"))
    if name not in steps:
        raise InvalidError(f"unknown step {name!r}: one of {', '.join(sorted(steps))} is expected")
    if run_id := event.get("runId"):
        logger.set_correlation_id(str(run_id))
    try:
        outcome = steps[name](event)
    except KeyError as error:
        raise InvalidError(f"step {name!r} needs the argument {error}") from error
    # counts and ARNs are for the person on call; a cursor holds a table key, and that a user's id
    logger.info("step done", extra={"step": name, **{k: v for k, v in outcome.items() if k != "cursor"}})
    return outcome
