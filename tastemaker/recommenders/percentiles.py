"""Leaves out of training the users and items of extraordinarily few or many interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

_USERS, _ITEMS = "user_history_length", "item_interaction_count"


@dataclass(frozen=True)
class Percentiles:
    """The lowest and the highest share, from 0 to 1, of users by length of history, and of items by interactions.

    The quantiles of users are of users. Those of items are of interactions, each of which has as many as its item: at
    most a tenth of the interactions is of items above 0.9, whatever their number. (Quantiles of items, at SIMS' default
    of 0.9, would leave out six tenths of the small MovieLens file, and SIMS would find no more there than the popular
    list does; the real service finds much more.)

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
        lengths = np.diff(interactions.starts)
        counts = np.bincount(interactions.item, minlength=len(interactions.item_ids))
        users = _within(lengths, lengths[lengths > 0], self.users, "linear")
        items = _within(counts, counts[interactions.item], self.items, "inverted_cdf")
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


def _within(
    counts: NDArray[np.int64],
    of: NDArray[np.int64],
    bounds: tuple[float, float],
    method: Literal["linear", "inverted_cdf"],
) -> NDArray[np.bool_]:
    """Which counts lie between two quantiles of some."""
    if not len(of):
        return np.ones(len(counts), dtype=np.bool_)
    low, high = np.quantile(of, bounds, method=method)
    return np.asarray((counts >= low) & (counts <= high), dtype=np.bool_)
