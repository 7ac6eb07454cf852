"""A sequence ridge under circumstances, which make it expect more of some items and less of others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.model import best_with, known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.choice import Choice
    from tastemaker.recommenders.sequence_ridge_model import SequenceRidgeModel


@dataclass(frozen=True, eq=False)
class TiltedModel:
    """What is expected of item i, where that is above 0, times Π_c lift_ic^s over the categories c that hold.

    `held`: those categories, as positions in the model's circumstances. An empty history gets popularity times the same
    product, with the strength s that is for such.
    """

    model: SequenceRidgeModel
    held: tuple[int, ...]

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.model.item_ids

    @property
    def choice(self) -> Choice:
        """What the model was trained with."""
        return self.model.choice

    def factors(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_items,): what circumstances multiply what is expected after such a history by."""
        return self._with_history if len(known(history, len(self.item_ids))) else self._without_history

    def expected(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_items,): as `SequenceRidgeModel.expected`, of a history that is not empty."""
        expected = self.model.expected(history)
        return np.where(expected > 0, expected * self._with_history, expected)

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """As `SequenceRidgeModel.scores`."""
        history = known(history, len(self.item_ids))
        return self.model.shares(self.expected(history)) if len(history) else self._popularity

    def recommend(
        self,
        history: NDArray[np.int32],
        k: int,
        candidates: NDArray[np.bool_] | None = None,
        *,
        surely: Sequence[int] = (),
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """As `SequenceRidgeModel.recommend`."""
        history = known(history, len(self.item_ids))
        if not len(history):
            items = best_with(surely, self._popularity, k, candidates)
            return items, self._popularity[items]
        expected = self.expected(history)
        items = best_with(surely, expected, k, candidates)
        return items, self.model.shares(expected, items)

    def save(self, path: Path) -> None:
        """Write the model, which keeps no circumstances of a moment."""
        self.model.save(path)

    @cached_property
    def _popularity(self) -> NDArray[np.float32]:
        tilted = self.model.popularity.scores(np.empty(0, dtype=np.int32)) * self._without_history
        return np.asarray(tilted / max(float(tilted.sum()), 1e-30), dtype=np.float32)

    @cached_property
    def _with_history(self) -> NDArray[np.float32]:
        circumstances = self.model.circumstances
        return circumstances.factors(self.held, strength=circumstances.strengths[0])

    @cached_property
    def _without_history(self) -> NDArray[np.float32]:
        circumstances = self.model.circumstances
        return circumstances.factors(self.held, strength=circumstances.strengths[1])
