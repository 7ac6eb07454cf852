"""How far a mean may be off by chance: intervals of 95 % over draws, or over users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds of its interval of 95 %, which lie equally far from it."""

    mean: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether 0 lies outside: a difference that chance would rarely make."""
        return self.low > 0 or self.high < 0


def over_draws(values: Sequence[float]) -> Interval | None:
    """Mean ± t · sd / √n of the figures of n draws, by Student's t of n − 1 degrees; None of a single draw.

    Source: Student, "The Probable Error of a Mean", 1908. Draws are taken for independent of each other. Those of one
    data set share most of their training events: the interval tells where the mean of more draws of these events
    would lie, and not what other events would give.
    """
    if len(values) < 2:
        return None
    sample = np.asarray(values, dtype=np.float64)
    return _around(float(sample.mean()), float(sample.var(ddof=1) / len(sample)), len(sample) - 1)


def over_users(values: NDArray[np.float64], users: NDArray[np.int64]) -> Interval | None:
    """The mean of n values of U users, and how far it may be off had other users been asked; None of a single user.

    `values` (n,): NaN is left out; `users` (n,): whose each value is, numbers from 0 on. The values of one user, from
    several draws or of several items, are not independent, so that the variance of the mean m is taken over users:

        U / (U − 1) · Σ_u (Σ_{i of u} (v_i − m))² / n²

    and the interval is m ± t times its root, t of U − 1 degrees. Of a value a user it is Student's. Source: Liang and
    Zeger, "Longitudinal data analysis using generalized linear models", 1986, of the mean alone. Of few users, or
    where nearly all values are alike, it is too narrow.
    """
    there = ~np.isnan(values)
    values, users = values[there], users[there]
    n_users = len(np.unique(users))
    if n_users < 2:
        return None
    mean = float(values.mean())
    apart = np.bincount(users, weights=values - mean)
    variance = n_users / (n_users - 1) * float((apart**2).sum()) / len(values) ** 2
    return _around(mean, variance, n_users - 1)


def _around(mean: float, variance: float, degrees: int) -> Interval:
    from scipy.special import stdtrit

    half = float(stdtrit(degrees, (1 + _LEVEL) / 2)) * variance**0.5
    return Interval(mean, mean - half, mean + half)
