"""Items beside an item: consumed by the same people, one after the other, or alike by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.item_relations import alike, cooccurrence, csr_sum, strongest, transitions
from tastemaker.recommenders.model import best, known
from tastemaker.recommenders.popularity import PopularityModel, distinct_users

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

Blend = tuple[float, float, float]
"""Weights of co-occurrence, transitions and attributes."""

_BLENDS: tuple[Blend, ...] = (
    (1.0, 1.0, 0.0),
    (0.5, 1.0, 0.0),
    (0.25, 1.0, 0.1),
    (0.5, 1.0, 0.25),
    (1.0, 1.0, 0.5),
)
_WITHOUT_ATTRIBUTES: Blend = (1.0, 1.0, 0.0)
_HELD_OUT = 0.1
_MOST_EVENTS = 50_000
_MOST_QUESTIONS = 2_000
_JUDGED_AT = 10


@dataclass(frozen=True)
class SimilarItems:
    """A blend of three relations between items, each scaled so that an item's strongest neighbour has 1.

    S = a C + b T + c A, with C the cosine of co-occurrence, T what follows within eight events and half of what
    precedes, and A the similarity of attributes (`item_relations` has the formulas). Of items that nobody has
    consumed only A is known. The weights are those of `blends` with the most hits among the first ten for the next
    item of users that were left out of a first fit, of about 50,000 events; those with attributes are tried where there
    are any.

    `popularity_discount`: S_ij is divided by (users of j) ^ this, so that 1 makes popular neighbours rare.
    `kept`: of each item's neighbours, the strongest.

    Related: item-to-item collaborative filtering (Linden et al., "Amazon.com Recommendations", 2003).
    """

    popularity_discount: float = 0.0
    blends: tuple[Blend, ...] = _BLENDS
    kept: int = 200

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> SimilarItemsModel:
        """Train; `seed` draws the users on whom the blend is chosen."""
        tell = progress or (lambda _: None)
        users = distinct_users(interactions)
        attributes = alike(items.of(interactions.item_ids), users) if items is not None else None
        tell(0.3)
        blend = self._choose(interactions, attributes, seed)
        tell(0.6)
        neighbours = strongest(self._blended(interactions, attributes, blend), self.kept)
        tell(1.0)
        return SimilarItemsModel.of(interactions.item_ids, users, neighbours)

    def _choose(self, interactions: Interactions, attributes: csr_array | None, seed: int) -> Blend:
        blends = [blend for blend in self.blends if attributes is not None or not blend[2]] or [_WITHOUT_ATTRIBUTES]
        luck = np.random.default_rng(seed).random(len(interactions.user_ids))
        share = min(1.0, _MOST_EVENTS / max(1, len(interactions)))
        asked, answers = _questions(interactions.of_users(luck >= 1 - _HELD_OUT * share), seed)
        if len(blends) < 2 or not len(asked):
            return blends[0]
        rows, place = np.unique(asked, return_inverse=True)
        first, second, third = self._relations(interactions.of_users(luck < (1 - _HELD_OUT) * share), attributes)
        asked_about = (first[rows], second[rows], third if third is None else third[rows])
        hits = [_hits(_sum(asked_about, blend), place, answers) for blend in blends]
        return blends[int(np.argmax(hits))]

    def _blended(self, interactions: Interactions, attributes: csr_array | None, blend: Blend) -> csr_array:
        from scipy.sparse import csr_array

        relations = self._relations(interactions, attributes)
        if attributes is not None and not blend[2]:
            # what was never consumed has no other neighbours
            lonely = np.asarray(relations[0].sum(axis=1) + relations[1].sum(axis=1) == 0, dtype=np.float32).ravel()
            relations = (relations[0], relations[1], csr_array(attributes.multiply(lonely[:, None])))
            blend = (*blend[:2], 1.0)
        blended = _sum(relations, blend)
        if self.popularity_discount:
            discount = np.maximum(distinct_users(interactions), 1.0) ** -self.popularity_discount
            blended = csr_array(blended.multiply(discount[None, :].astype(np.float32)))
        return blended

    @staticmethod
    def _relations(
        interactions: Interactions, attributes: csr_array | None
    ) -> tuple[csr_array, csr_array, csr_array | None]:
        return cooccurrence(interactions), transitions(interactions), attributes


@dataclass(frozen=True, eq=False)
class SimilarItemsModel:
    """The neighbours of item i are `neighbours[starts[i]:starts[i + 1]]`, positions in the catalogue, with `values`.

    Its history is the item that is asked about, or several, whose values are added up. They are never among the
    answers; fewer than k come back where there are not enough neighbours, and what is popular where there are none.
    """

    popularity: PopularityModel
    starts: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    values: NDArray[np.float32]

    @classmethod
    def of(cls, item_ids: NDArray[np.str_], users: NDArray[np.int64], neighbours: csr_array) -> SimilarItemsModel:
        """Of a relation (n_items, n_items) whose rows hold what is beside each item; `users`: of each item."""
        return cls(
            popularity=PopularityModel(item_ids, users),
            starts=neighbours.indptr.astype(np.int64),
            neighbours=neighbours.indices.astype(np.int32),
            values=neighbours.data.astype(np.float32),
        )

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.popularity.item_ids

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        history = known(history, len(self.item_ids))
        strengths = self.strengths(history)
        total = float(strengths.sum())
        return self.popularity.scores(history) if total <= 0 else (strengths / total).astype(np.float32)

    def recommend(
        self, history: NDArray[np.int32], k: int, candidates: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        history = known(history, len(self.item_ids))
        if not len(history):
            return self.popularity.recommend(history, k, candidates)
        strengths = self.strengths(history)
        if not strengths.any():
            others = np.ones(len(self.item_ids), dtype=np.bool_) if candidates is None else candidates.copy()
            others[history] = False
            return self.popularity.recommend(history, k, others)
        allowed = strengths > 0 if candidates is None else (strengths > 0) & candidates
        items = best(strengths, k, allowed)
        return items, (strengths[items] / strengths.sum()).astype(np.float32)

    def strengths(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_items,): the values of each item beside the known items of the history, added up; 0 for these."""
        strengths = np.zeros(len(self.item_ids), dtype=np.float32)
        for item in history:
            row = slice(self.starts[item], self.starts[item + 1])
            strengths[self.neighbours[row]] += self.values[row]
        strengths[history] = 0
        return strengths

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **self.arrays())

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `from_arrays` reads."""
        return {
            "kind": np.array("similar-items"),
            "item_ids": self.item_ids,
            "users": self.popularity.users,
            "starts": self.starts,
            "neighbours": self.neighbours,
            "values": self.values,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> SimilarItemsModel:
        """The model of what `save` wrote."""
        return cls(
            popularity=PopularityModel.from_arrays(arrays),
            starts=arrays["starts"].astype(np.int64),
            neighbours=arrays["neighbours"].astype(np.int32),
            values=arrays["values"].astype(np.float32),
        )


def _sum(relations: tuple[csr_array, csr_array, csr_array | None], blend: Blend) -> csr_array:
    return csr_sum([(r, weight) for r, weight in zip(relations, blend, strict=True) if r is not None and weight])


def _questions(left_out: Interactions, seed: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Items and the items that their users turned to next."""
    follows = np.flatnonzero((left_out.user[1:] == left_out.user[:-1]) & (left_out.item[1:] != left_out.item[:-1]))
    if len(follows) > _MOST_QUESTIONS:
        follows = np.random.default_rng(seed).choice(follows, _MOST_QUESTIONS, replace=False)
    return left_out.item[follows], left_out.item[follows + 1]


def _hits(blended: csr_array, asked: NDArray[np.int64], answers: NDArray[np.int32]) -> int:
    hits = 0
    for item, answer in zip(asked, answers, strict=True):
        row = slice(blended.indptr[item], blended.indptr[item + 1])
        found = blended.data[row][blended.indices[row] == answer]
        hits += bool(len(found)) and int((blended.data[row] > found[0]).sum()) < _JUDGED_AT
    return hits
