"""How sure a figure is that was measured over several draws: Student's t, alone and as a ratio on the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tastemaker.evaluation import intervals


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval; `low` and `high` are None where there is only one draw."""

    value: float
    low: float | None
    high: float | None

    @property
    def half(self) -> float | None:
        """Half of the width."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def over_draws(values: Sequence[float]) -> Interval:
    """The mean of one value a draw, with the interval of `tastemaker.evaluation.intervals`, where there is one.

    Raises ValueError without values.
    """
    if not len(values):
        raise ValueError("an interval needs the value of one draw at least")
    found = intervals.over_draws(values)
    if found is None:
        return Interval(float(values[0]), None, None)
    return Interval(found.mean, found.low, found.high)


def ratio_over_draws(ours: Sequence[float], theirs: Sequence[float]) -> Interval | None:
    """How many times as good, paired: exp of `over_draws` of ln(ours / theirs), so a geometric mean of the ratios.

    Logarithms, because twice and half as good are then equally far from equal. None where a value is 0 or less, which
    has no ratio. Raises ValueError where the draws are not the same.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} draws and {len(theirs)} draws are not the same draws")
    if min(*ours, *theirs) <= 0:
        return None
    logarithms = over_draws([float(value) for value in np.log(np.divide(ours, theirs))])
    low, high = (None if each is None else float(np.exp(each)) for each in (logarithms.low, logarithms.high))
    return Interval(float(np.exp(logarithms.value)), low, high)
