"""What a hyperparameter optimisation may vary, and the candidates that it tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

MOST_TRAININGS: Final = 10
"""As many trainings a search has here at most: Personalize's 40 take a laptop too long."""


@dataclass(frozen=True)
class Tuning:
    """The ranges to search, by the name of the hyperparameter, both ends included, in at most `jobs` trainings."""

    jobs: int = MOST_TRAININGS
    integers: Mapping[str, Sequence[int]] = field(default_factory=dict)
    numbers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return sorted([*self.integers, *self.numbers, *self.choices])

    def holds(self, name: str, value: str) -> bool:
        """Whether `value` is within the range of the hyperparameter `name`."""
        if name in self.choices:
            return value.lower() in {choice.lower() for choice in self.choices[name]}
        low, high = self.integers[name] if name in self.integers else self.numbers[name]
        return low <= float(value) <= high

    def candidates(self, defaults: Mapping[str, str], seed: int) -> Iterator[dict[str, str]]:
        """`jobs` sets of values, drawn by `seed`: first the defaults, as far as the ranges have them.

        An integer range is drawn from evenly, and so are numbers and choices.
        """
        draw = np.random.default_rng(seed)
        for number in range(min(self.jobs, MOST_TRAININGS)):
            drawn = {name: self._drawn(name, draw) for name in self.names}
            if number == 0:
                drawn |= {name: defaults[name] for name in drawn if self.holds(name, defaults[name])}
            yield drawn

    def _drawn(self, name: str, draw: np.random.Generator) -> str:
        if name in self.integers:
            low, high = self.integers[name]
            return str(int(draw.integers(low, high, endpoint=True)))
        if name in self.numbers:
            least, most = self.numbers[name]
            return str(round(float(draw.uniform(least, most)), 6))
        return str(draw.choice(list(self.choices[name])))
