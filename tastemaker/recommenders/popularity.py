"""Popularity: the items that most people have consumed, the same list for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.interactions import locate
from tastemaker.recommenders.model import best_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions


def distinct_users(interactions: Interactions) -> NDArray[np.int64]:
    """(n_items,): how many different users have consumed each item."""
    n_items = len(interactions.item_ids)
    # sorting is thirty times as fast here as np.unique, which hashes
    pairs = np.sort(interactions.user.astype(np.int64) * n_items + interactions.item)
    first = np.ones(len(pairs), dtype=np.bool_)
    first[1:] = pairs[1:] != pairs[:-1]
    return np.bincount(pairs[first] % n_items, minlength=n_items) if n_items else np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Popularity:
    """Items by their number of distinct users, as Personalize's Popularity-Count."""

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,  # noqa: ARG002 - counted is what people did
        users: Attributes | None = None,  # noqa: ARG002 - counted is what people did
        seed: int = 0,  # noqa: ARG002 - part of every recipe's signature; nothing here is drawn
        progress: Callable[[float], None] | None = None,
    ) -> PopularityModel:
        counted = distinct_users(interactions)
        if progress is not None:
            progress(1.0)
        return PopularityModel(item_ids=interactions.item_ids, users=counted)


@dataclass(frozen=True, eq=False)
class PopularityModel:
    """`users` (n_items,): distinct users of each item. An item's probability is (users + 1) / Σ (users + 1)."""

    item_ids: NDArray[np.str_]
    users: NDArray[np.int64]

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:  # noqa: ARG002 - the same for everyone
        smoothed = self.users + 1.0
        return (smoothed / max(1.0, float(smoothed.sum()))).astype(np.float32)

    def recommend(
        self,
        history: NDArray[np.int32],
        k: int,
        candidates: NDArray[np.bool_] | None = None,
        *,
        surely: Sequence[int] = (),
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """`surely`: positions that are among the answer, in place of its last, whatever their scores."""
        scores = self.scores(history)
        items = best_with(surely, scores, k, candidates)
        return items, scores[items]

    def with_items(self, ids: Iterable[str]) -> PopularityModel:
        """The same in a catalogue that has these items as well; nobody has consumed the new ones."""
        catalogue = np.unique(np.concatenate([self.item_ids, np.asarray(list(ids), dtype=np.str_)]))
        users = np.zeros(len(catalogue), dtype=np.int64)
        users[locate(catalogue, self.item_ids)] = self.users
        return PopularityModel(catalogue, users)

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, kind=np.array("popularity"), item_ids=self.item_ids, users=self.users)

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> PopularityModel:
        """The model of what `save` wrote."""
        return cls(item_ids=arrays["item_ids"].astype(np.str_), users=arrays["users"].astype(np.int64))
