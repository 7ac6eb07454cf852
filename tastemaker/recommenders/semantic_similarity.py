"""Semantic similarity: items whose title and description mean similar things, popular or new ones first if wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np

from tastemaker.recommenders.item_relations import strongest
from tastemaker.recommenders.model import best, known
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.similar_items import SimilarItemsModel
from tastemaker.recommenders.texts import text_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

POPULARITY, FRESHNESS = "POPULARITY", "FRESHNESS"
NO_INFLUENCE: Mapping[str, float] = MappingProxyType({})

_AT_ONCE = 4_000_000
_DECIMALS = 5


@dataclass(frozen=True)
class SemanticSimilarity:
    """The cosine of `text_vectors` of all texts of an item, such as title and description, in `dimensions`.

    `kept`: of each item's neighbours, the nearest. An item without a text has none. Interactions only say what is
    popular.
    """

    dimensions: int = 100
    kept: int = 200

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        users: Attributes | None = None,  # noqa: ARG002 - beside an item, it is asked of no user
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> SemanticSimilarityModel:
        """Train; `seed` draws the start of an iteration. Without texts, everybody gets what is popular."""
        tell = progress or (lambda _: None)
        ids = interactions.item_ids
        known_of = items.of(ids) if items is not None else None
        texts: Sequence[str] = known_of.texts if known_of is not None and known_of.texts else [""] * len(ids)
        vectors = text_vectors(texts, self.dimensions, seed=seed)
        tell(0.5)
        model = SemanticSimilarityModel(
            similar=SimilarItemsModel.of(ids, distinct_users(interactions), nearest(vectors, self.kept)),
            popular=_popular(interactions),
            fresh=_fresh(None if known_of is None else known_of.created, len(ids)),
        )
        tell(1.0)
        return model


@dataclass(frozen=True, eq=False)
class SemanticSimilarityModel:
    """`similar`: of each item the nearest by their texts, with the cosines.

    `popular` (n_items,): interactions at training ÷ the most of any item; `fresh` (n_items,): 1 − age ÷ the greatest
    age, where age is reckoned from the newest item at training; 0 where it is not known.
    """

    similar: SimilarItemsModel
    popular: NDArray[np.float32]
    fresh: NDArray[np.float32]

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.similar.item_ids

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        return self.similar.scores(history)

    def recommend(
        self,
        history: NDArray[np.int32],
        k: int,
        candidates: NDArray[np.bool_] | None = None,
        influence: Mapping[str, float] = NO_INFLUENCE,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k best neighbours of the item of the history (or the sum over several), by

            cosine ÷ the largest  +  POPULARITY · popular  +  FRESHNESS · fresh

        with the weights, from 0 to 1, of `influence`; they reorder neighbours and add none. The scores add up to 1 over
        all neighbours. Raises ValueError for another weight. Items without neighbours get what is popular.
        """
        weights = _weights(influence)
        asked = known(history, len(self.item_ids))
        strengths = self.similar.strengths(asked)
        if not strengths.any():
            return self.similar.recommend(history, k, candidates)
        near = strengths > 0
        worth = strengths / strengths.max() + weights[POPULARITY] * self.popular + weights[FRESHNESS] * self.fresh
        worth = np.where(near, worth, 0).astype(np.float32)
        items = best(worth, k, near if candidates is None else near & candidates)
        return items, (worth[items] / worth.sum()).astype(np.float32)

    def save(self, path: Path) -> None:
        own = {"kind": np.array("semantic-similarity"), "popular": self.popular, "fresh": self.fresh}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **self.similar.arrays() | own)

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> SemanticSimilarityModel:
        """The model of what `save` wrote."""
        return cls(
            similar=SimilarItemsModel.from_arrays(arrays),
            popular=arrays["popular"].astype(np.float32),
            fresh=arrays["fresh"].astype(np.float32),
        )


def nearest(vectors: NDArray[np.float32], kept: int) -> csr_array:
    """(n, n): of each row's vector the `kept` others with the largest positive cosines, to five places.

    The vectors have length 1 or 0. Time grows with the square of their number.
    """
    from scipy.sparse import csr_array, vstack

    n = len(vectors)
    chunk = max(1, _AT_ONCE // max(1, n))
    found = []
    for start in range(0, n, chunk):
        # what differs in rounding only is equal, so that the order of the catalogue decides
        near = (vectors[start : start + chunk] @ vectors.T).round(_DECIMALS)
        near[np.arange(len(near)), np.arange(start, start + len(near))] = 0
        if kept < n:
            least = np.partition(near, n - kept, axis=1)[:, n - kept, None]
            near[near < least] = 0
        row, column = np.nonzero(near > 0)
        found.append(strongest(csr_array((near[row, column], (row, column)), shape=near.shape), kept))
    if not found:
        return csr_array(np.zeros((0, 0), dtype=np.float32))
    return cast("csr_array", vstack(found, format="csr"))


def _weights(influence: Mapping[str, float]) -> dict[str, float]:
    weights = {POPULARITY: 0.0, FRESHNESS: 0.0}
    for name, weight in influence.items():
        if name not in weights or not 0 <= weight <= 1:
            raise ValueError(f"an influence is {POPULARITY} or {FRESHNESS}, from 0 to 1, and not {name} = {weight}")
        weights[name] = weight
    return weights


def _popular(interactions: Interactions) -> NDArray[np.float32]:
    counts = np.bincount(interactions.item, minlength=len(interactions.item_ids))
    return np.asarray(counts / max(1, counts.max(initial=0)), dtype=np.float32)


def _fresh(created: NDArray[np.float64] | None, n_items: int) -> NDArray[np.float32]:
    if created is None or np.isnan(created).all():
        return np.zeros(n_items, dtype=np.float32)
    age = np.nanmax(created) - created
    oldest = max(1.0, float(np.nanmax(age)))
    return np.asarray(np.nan_to_num(1 - age / oldest, nan=0.0), dtype=np.float32)
