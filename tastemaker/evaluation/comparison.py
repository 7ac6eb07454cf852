"""Recipes on the same draws: their figures with intervals, and their differences to popularity, pair by pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.intervals import Interval, over_draws, over_users
from tastemaker.evaluation.judged import Judged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tastemaker.evaluation.evaluate import Evaluation
    from tastemaker.recommenders import Chosen

View = Callable[["Evaluation"], Judged]
"""One of the two judgements of an evaluation."""


def as_imported(evaluation: Evaluation) -> Judged:
    """On the events as they are."""
    return evaluation.requests


def repeats_removed(evaluation: Evaluation) -> Judged:
    """Of what is new to the user alone."""
    return evaluation.requests_new_items


@dataclass(frozen=True)
class Figure:
    """A metric over draws: mean, standard deviation of the sample (n − 1; 0 of one draw), interval of 95 %.

    `over_baseline`: by how much it is above that of the baseline on the same requests; None for the baseline itself.
    Intervals are None where there is one draw only and the metric is no mean over requests, as coverage is none.
    """

    mean: float
    sd: float
    interval: Interval | None
    over_baseline: Difference | None


@dataclass(frozen=True)
class Difference:
    mean: float
    interval: Interval | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """`draws`: of each seed every recipe's evaluation, by name, all on the same split. `baseline`: the name of one.

    `over_seeds`: whether intervals are over draws, `over_draws`; else they are over users, `over_users`. Seeds that
    ask everyone, or a single one, tell nothing of what other users would have made of the figures.
    """

    draws: tuple[Mapping[str, Evaluation], ...]
    baseline: str
    over_seeds: bool

    @property
    def names(self) -> list[str]:
        return list(self.draws[0])

    def judged(self, name: str, view: View) -> list[Judged]:
        """What a recipe's answers came to, draw by draw."""
        return [view(draw[name]) for draw in self.draws]

    def fit_seconds(self, name: str) -> float:
        """Mean wall time of training."""
        return float(np.mean([draw[name].fit_seconds for draw in self.draws]))

    def choices(self, name: str) -> list[Chosen]:
        """What each training of a recipe has chosen, draw by draw; empty where there was nothing to choose."""
        return [choice for draw in self.draws if (choice := draw[name].choice) is not None]

    def users(self, view: View) -> NDArray[np.int64]:
        """Whose the requests of all draws are, one after another: (n,) numbers from 0 on."""
        ids = [user_id for judged in self.judged(self.baseline, view) for user_id in judged.user_ids]
        number = {user_id: place for place, user_id in enumerate(dict.fromkeys(ids))}
        return np.array([number[user_id] for user_id in ids], dtype=np.int64)

    def figures(self, view: View) -> dict[str, dict[str, Figure]]:
        """By name of recipe and key of metric."""
        users = self.users(view)
        reference = self.judged(self.baseline, view)
        found: dict[str, dict[str, Figure]] = {}
        for name in self.names:
            own = self.judged(name, view)
            metrics = [judged.metrics for judged in own]
            found[name] = {
                key: Figure(
                    mean=float(np.mean([of_draw[key] for of_draw in metrics])),
                    sd=float(np.std([of_draw[key] for of_draw in metrics], ddof=1)) if len(metrics) > 1 else 0.0,
                    interval=self._interval(own, key, users),
                    over_baseline=None if name == self.baseline else self._difference(own, reference, key, users),
                )
                for key in metrics[0]
            }
        return found

    def _interval(self, own: Sequence[Judged], key: str, users: NDArray[np.int64]) -> Interval | None:
        if self.over_seeds:
            return over_draws([judged.metrics[key] for judged in own])
        if key == own[0].coverage_key:
            return None
        return over_users(np.concatenate([judged.values[key] for judged in own]), users)

    def _difference(
        self, own: Sequence[Judged], reference: Sequence[Judged], key: str, users: NDArray[np.int64]
    ) -> Difference:
        pairs = list(zip(own, reference, strict=True))
        of_draws = [one.metrics[key] - other.metrics[key] for one, other in pairs]
        interval = None
        if self.over_seeds:
            interval = over_draws(of_draws)
        elif key != own[0].coverage_key:
            interval = over_users(np.concatenate([one.values[key] - other.values[key] for one, other in pairs]), users)
        return Difference(float(np.mean(of_draws)), interval)
