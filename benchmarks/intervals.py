"""How sure a figure is that was measured over several draws: Student's t, alone and as a ratio on the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

_TWO_SIDED: Final = 0.975


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
    """The mean of one value a draw, and mean ± t s/√n, with t of n − 1 degrees of freedom.

    The draws share most of their training users, so the interval tells of the luck of drawing those who are asked, not
    of other data. Raises ValueError without values.
    """
    if not len(values):
        raise ValueError("an interval needs the value of one draw at least")
    mean, n = float(np.mean(values)), len(values)
    if n == 1:
        return Interval(mean, None, None)
    half = float(stdtrit(n - 1, _TWO_SIDED) * np.std(values, ddof=1) / np.sqrt(n))
    return Interval(mean, mean - half, mean + half)


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
