"""Checks a solution's eventsConfig: which types of events it learns from, from which value on, and how much."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.schemas import Schema

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import EventsConfigOutputTypeDef, EventsConfigTypeDef

_WEIGHTED: Final = frozenset({"aws-user-personalization-v2", "aws-personalized-ranking-v2"})


def check_events(
    config: EventsConfigTypeDef | EventsConfigOutputTypeDef, recipe: Recipe, interactions: Schema | None, *, where: str
) -> None:
    """Refuse what `recipe` cannot weigh, or what no record of `interactions` could match. Raises InvalidInput."""
    place = f"{where}.eventsConfig"
    if recipe.name not in _WEIGHTED:
        raise InvalidInput(f"{place} is only for {' and '.join(sorted(_WEIGHTED))}, not {recipe.name}.")
    given: Any = config.get("eventParametersList")
    if not given:
        raise InvalidInput(f"{place}.eventParametersList names no event type: name from 1 to 10, or leave it out.")
    if interactions is None or interactions.field("EVENT_TYPE") is None:
        raise InvalidInput(f"{place} needs a field EVENT_TYPE in the schema of the Interactions dataset.")
    names = [entry.get("eventType") for entry in given]
    for entry, name in zip(given, names, strict=True):
        if not name:
            raise InvalidInput(f"{place}: an entry of eventParametersList has no eventType.")
        if sum(other is not None and other.lower() == name.lower() for other in names) > 1:
            raise InvalidInput(f"{place}: the event type {name} is there more than once.")
        _check_threshold(entry.get("eventValueThreshold"), name, interactions, place)
    if not any(entry.get("weight", 1.0) for entry in given):
        raise InvalidInput(f"{place}: no event type has a weight above 0, so there is nothing to learn from.")


def _check_threshold(threshold: float | None, name: str, interactions: Schema, place: str) -> None:
    if threshold is None:
        return
    if not math.isfinite(threshold):
        raise InvalidInput(f"{place}: the eventValueThreshold of {name} is no number.")
    if interactions.field("EVENT_VALUE") is None:
        raise InvalidInput(
            f"{place}: the eventValueThreshold of {name} needs a field EVENT_VALUE in the schema of the Interactions "
            "dataset."
        )
