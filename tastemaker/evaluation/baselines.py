"""What any model must beat without learning: repeating what the user has just consumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import Popularity, PopularityModel
from tastemaker.recommenders.model import best, known

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders import Attributes, Interactions


@dataclass(frozen=True)
class RepeatLast:
    """The user's own items, the last one first, then the popular ones."""

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        users: Attributes | None = None,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> RepeatLastModel:
        return RepeatLastModel(Popularity().fit(interactions, items=items, users=users, seed=seed, progress=progress))


@dataclass(frozen=True, eq=False)
class RepeatLastModel:
    popular: PopularityModel

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.popular.item_ids

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """Halving weights 1/2, 1/4, … for the user's distinct items, newest first; popularity shares what is left."""
        return self._shares(self.popular.scores(history), self._ranking(history))

    def recommend(
        self, history: NDArray[np.int32], k: int, candidates: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        popular, ranked = self.popular.scores(history), self._ranking(history)
        order = popular.copy()
        order[ranked] = np.arange(len(ranked), 0, -1) + 1.0
        items = best(order, k, candidates)
        return items, self._shares(popular, ranked)[items]

    def save(self, path: Path) -> None:
        """Write the popularity that it falls back to: there is nothing else to keep."""
        self.popular.save(path)

    @staticmethod
    def _shares(popular: NDArray[np.float32], ranked: NDArray[np.int32]) -> NDArray[np.float32]:
        weights = np.exp2(-np.arange(1.0, len(ranked) + 1))
        shares = popular * np.float32(1 - weights.sum())
        shares[ranked] += weights
        return shares

    def _ranking(self, history: NDArray[np.int32]) -> NDArray[np.int32]:
        newest_first = known(history, len(self.item_ids))[::-1]
        _, first = np.unique(newest_first, return_index=True)
        ranking: NDArray[np.int32] = newest_first[np.sort(first)]
        return ranking
