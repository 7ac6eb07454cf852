"""Trending: the items whose interactions grow most, the same list for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.popularity import PopularityModel, distinct_users

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

WINDOWS = {
    "30 minutes": 30 * 60,
    "1 hour": 60 * 60,
    "2 hours": 2 * 60 * 60,
    "3 hours": 3 * 60 * 60,
    "1 day": 24 * 60 * 60,
}
"""Seconds by the values of Personalize's `trend_discovery_frequency`."""


def growth(interactions: Interactions, *, window: int, until: int) -> NDArray[np.int64]:
    """(n_items,): interactions in the `window` seconds up to `until` (included), less those in the window before."""
    age = (until - interactions.timestamp) // window
    n_items = len(interactions.item_ids)
    now, before = (np.bincount(interactions.item[age == back], minlength=n_items) for back in (0, 1))
    return np.asarray(now - before, dtype=np.int64)


@dataclass(frozen=True)
class Trending:
    """Items by the increase of their interactions between the two last windows, as Personalize's Trending-Now.

    The last window ends with the newest interaction, so that data which end in the past have a trend as well; `window`
    is in seconds. What does not grow comes after, by popularity; of equal growth, the more popular first.
    """

    window: int = WINDOWS["2 hours"]

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,  # noqa: ARG002 - counted is what people did
        users: Attributes | None = None,  # noqa: ARG002 - counted is what people did
        seed: int = 0,  # noqa: ARG002 - part of every recipe's signature; nothing here is drawn
        progress: Callable[[float], None] | None = None,
    ) -> TrendingModel:
        newest = int(interactions.timestamp.max()) if len(interactions) else 0
        grown = growth(interactions, window=self.window, until=newest)
        model = TrendingModel(
            popularity=PopularityModel(interactions.item_ids, distinct_users(interactions)), growth=np.maximum(grown, 0)
        )
        if progress is not None:
            progress(1.0)
        return model


@dataclass(frozen=True, eq=False)
class TrendingModel:
    """`growth` (n_items,): by how many interactions each item has grown, 0 where it has not.

    An item's score is its share of growth · (most users of an item + 1) + users + 1: any growth outweighs popularity.
    """

    popularity: PopularityModel
    growth: NDArray[np.int64]

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.popularity.item_ids

    @cached_property
    def _worth(self) -> NDArray[np.float64]:
        users = self.popularity.users
        return np.asarray(self.growth * (users.max(initial=0) + 1.0) + users + 1.0, dtype=np.float64)

    @cached_property
    def _order(self) -> NDArray[np.int32]:
        """All items, best first; in full precision, which scores do not have."""
        return np.argsort(-self._worth, kind="stable").astype(np.int32)

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:  # noqa: ARG002 - the same for everyone
        return (self._worth / max(1.0, float(self._worth.sum()))).astype(np.float32)

    def recommend(
        self, history: NDArray[np.int32], k: int, candidates: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        allowed = self._order if candidates is None else self._order[candidates[self._order]]
        items = allowed[: max(0, k)]
        return items, self.scores(history)[items]

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(
                file,
                kind=np.array("trending"),
                item_ids=self.item_ids,
                users=self.popularity.users,
                growth=self.growth,
            )

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> TrendingModel:
        """The model of what `save` wrote."""
        return cls(popularity=PopularityModel.from_arrays(arrays), growth=arrays["growth"].astype(np.int64))
