"""Leaves out of training the users and items of extraordinarily few or many interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

_USERS, _ITEMS = "user_history_length", "item_interaction_count"


@dataclass(frozen=True)
class Percentiles:
    """The lowest and the highest share, from 0 to 1, of users by length of history, and of items by interactions.

    Who lies on a bound takes part; an item or user without any interaction is not counted. Both bounds are found on
    the interactions as they are given.
    """

    users: tuple[float, float] = (0.0, 1.0)
    items: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def of(cls, hyperparameters: Mapping[str, str], default: Percentiles) -> Percentiles:
        """By Personalize's names (`min_user_history_length_percentile`, …). Raises ValueError for what is no number."""
        return cls(
            users=_bounds(hyperparameters, _USERS, default.users),
            items=_bounds(hyperparameters, _ITEMS, default.items),
        )

    def apply(self, interactions: Interactions) -> Interactions:
        """The interactions of those within. Both catalogues stay whole."""
        users = _within(np.diff(interactions.starts), self.users)
        items = _within(np.bincount(interactions.item, minlength=len(interactions.item_ids)), self.items)
        chosen = users[interactions.user] & items[interactions.item]
        return interactions if chosen.all() else interactions.of_events(chosen)


EVERYONE = Percentiles()


def _bounds(hyperparameters: Mapping[str, str], of: str, default: tuple[float, float]) -> tuple[float, float]:
    low, high = (
        float(hyperparameters.get(f"{end}_{of}_percentile", known))
        for end, known in zip(("min", "max"), default, strict=True)
    )
    if low > high:
        raise ValueError(f"min_{of}_percentile {low} is above max_{of}_percentile {high}")
    return low, high


def _within(counts: NDArray[np.int64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    present = counts[counts > 0]
    if not len(present):
        return np.ones(len(counts), dtype=np.bool_)
    low, high = np.quantile(present, bounds)
    return np.asarray((counts >= low) & (counts <= high), dtype=np.bool_)
