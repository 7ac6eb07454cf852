"""The hyperparameters of recipes: defaults, ranges, and the check of what a caller sets. All values are strings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from tastemaker.personalize.errors import InvalidInput


@dataclass(frozen=True)
class Integers:
    low: int
    high: int

    def holds(self, value: str) -> bool:
        return re.fullmatch("-?[0-9]{1,9}", value) is not None and self.low <= int(value) <= self.high

    def __str__(self) -> str:
        return f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True)
class Numbers:
    low: float
    high: float = math.inf

    def holds(self, value: str) -> bool:
        try:
            return self.low <= float(value) <= self.high and math.isfinite(float(value))
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"a number from {self.low}" + (f" to {self.high}" if math.isfinite(self.high) else "")


@dataclass(frozen=True)
class Choices:
    values: tuple[str, ...]

    def holds(self, value: str) -> bool:
        return value.lower() in {choice.lower() for choice in self.values}

    def __str__(self) -> str:
        return f"one of {', '.join(self.values)}"


Range: TypeAlias = Integers | Numbers | Choices


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter. `settable` False: only hyperparameter optimisation may vary it."""

    name: str
    default: str
    range: Range
    tunable: bool = False
    settable: bool = True


BOOLEAN: Final = Choices(("true", "false"))
SHARE: Final = Numbers(0.0, 1.0)


def check_parameters(given: Mapping[str, str], known: Iterable[Parameter], *, where: str, recipe: str) -> None:
    """Refuse a parameter that `recipe` does not have, or a value out of its range, naming both."""
    settable = {parameter.name: parameter for parameter in known if parameter.settable}
    for name, value in given.items():
        parameter = settable.get(name)
        if parameter is None:
            names = ", ".join(settable) or "none"
            raise InvalidInput(f"{where}: {recipe} has no hyperparameter {name} that can be set; it has {names}.")
        if not parameter.range.holds(value):
            raise InvalidInput(f"{where}.{name}: '{value}' is not {parameter.range}.")
