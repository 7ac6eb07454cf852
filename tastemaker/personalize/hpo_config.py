"""Checks a solution's hpoConfig against what its recipe can tune, and turns it into what a training searches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.hyperparameters import Choices, Integers, Numbers, Parameter
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.tuning import MOST_TRAININGS, Tuning

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import HPOConfigOutputTypeDef, HPOConfigTypeDef

_PLACE: Final = "solutionConfig.hpoConfig"
_RANGES: Final = f"{_PLACE}.algorithmHyperParameterRanges"
_LISTS: Final = ("integerHyperParameterRanges", "continuousHyperParameterRanges", "categoricalHyperParameterRanges")
_MOST: Final = {"maxNumberOfTrainingJobs": 40, "maxParallelTrainingJobs": 10}


_Kind = TypeVar("_Kind", Integers, Numbers, Choices)


def tuning_of(config: HPOConfigTypeDef | HPOConfigOutputTypeDef | None, recipe: Recipe) -> Tuning:
    """What a training of `recipe` is to search; without ranges in `config`, all that the recipe has.

    Raises InvalidInput for what cannot be tuned, or not so far.
    """
    tunable = {parameter.name: parameter for parameter in recipe.parameters if parameter.tunable}
    if not tunable:
        raise InvalidInput(f"performHPO: {recipe.name} has no hyperparameter that can be tuned; set it to false.")
    given: Any = config or {}
    if given.get("hpoObjective"):
        raise InvalidInput(f"{_PLACE}.hpoObjective cannot be configured: leave it out.")
    jobs = min(_jobs(given.get("hpoResourceConfig", {})), MOST_TRAININGS)
    if "algorithmHyperParameterRanges" not in given:
        return _everything(tunable.values(), jobs)
    ranges = given["algorithmHyperParameterRanges"]
    for name in _LISTS:
        if name not in ranges:
            raise InvalidInput(f"{_RANGES}.{name} is required; it may be an empty list.")
    _check_names([entry.get("name") for name in _LISTS for entry in ranges[name]])
    whole, broken, named = (ranges[name] for name in _LISTS)
    tuning = Tuning(
        jobs=jobs,
        integers={e["name"]: _bounds(e, _range(e["name"], tunable, recipe, Integers)) for e in whole},
        numbers={e["name"]: _bounds(e, _range(e["name"], tunable, recipe, Numbers)) for e in broken},
        choices={e["name"]: _values(e, _range(e["name"], tunable, recipe, Choices)) for e in named},
    )
    return tuning if tuning.names else _everything(tunable.values(), jobs)


def _jobs(resources: Any) -> int:
    """The greatest number of trainings; both numbers come as strings."""
    for name, most in _MOST.items():
        text = resources.get(name)
        if text is not None and not Integers(1, most).holds(text):
            raise InvalidInput(f"{_PLACE}.hpoResourceConfig.{name}: '{text}' is not {Integers(1, most)}.")
    return int(resources.get("maxNumberOfTrainingJobs", MOST_TRAININGS))


def _everything(parameters: Iterable[Parameter], jobs: int) -> Tuning:
    ranges = {parameter.name: parameter.range for parameter in parameters}
    return Tuning(
        jobs=jobs,
        integers={name: (r.low, r.high) for name, r in ranges.items() if isinstance(r, Integers)},
        numbers={name: (r.low, r.high) for name, r in ranges.items() if isinstance(r, Numbers)},
        choices={name: r.values for name, r in ranges.items() if isinstance(r, Choices)},
    )


def _check_names(names: list[str | None]) -> None:
    for name in names:
        if name is None:
            raise InvalidInput(f"{_RANGES}: a range has no name: name its hyperparameter.")
        if names.count(name) > 1:
            raise InvalidInput(f"{_RANGES}: {name} has more than one range.")


def _range(name: str, tunable: dict[str, Parameter], recipe: Recipe, kind: type[_Kind]) -> _Kind:
    """The range of the hyperparameter `name`, which has to be of `kind`."""
    parameter = tunable.get(name)
    if parameter is None:
        raise InvalidInput(f"{_RANGES}: {recipe.name} cannot tune {name}; it can tune {', '.join(tunable)}.")
    if not isinstance(parameter.range, kind):
        raise InvalidInput(f"{_RANGES}: the range of {name} is in the wrong list: {name} is {parameter.range}.")
    return parameter.range


def _bounds(entry: Any, allowed: Integers | Numbers) -> tuple[Any, Any]:
    low, high = entry.get("minValue", allowed.low), entry.get("maxValue", allowed.high)
    if not allowed.low <= low <= high <= allowed.high:
        raise InvalidInput(f"{_RANGES}.{entry['name']}: from {low} to {high} is not within {allowed}.")
    return (low, high)


def _values(entry: Any, allowed: Choices) -> list[str]:
    values: list[str] = entry.get("values", [])
    if not values or not all(allowed.holds(value) for value in values):
        raise InvalidInput(f"{_RANGES}.{entry['name']}: {', '.join(values) or 'no value'} is not {allowed}.")
    return values
