"""Items beside an item: consumed by the same people, one after the other, or alike by what is known of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tastemaker.recommenders.coming import Questions
from tastemaker.recommenders.item_relations import STEPS, cooccurrence, csr_sum, strongest, transitions
from tastemaker.recommenders.likeness import alike
from tastemaker.recommenders.model import best, known
from tastemaker.recommenders.popularity import PopularityModel, distinct_users

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions


class Blend(NamedTuple):
    """Weights of four relations between items: co-occurrence, what comes at once, what comes soon, attributes."""

    together: float
    at_once: float
    soon: float
    attributes: float = 0.0


@dataclass(frozen=True)
class BlendChoice:
    """The weights of a blend, and the quality on left-out users by what was tried."""

    blend: Blend
    tried: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {"blend": self.blend._asdict(), "tried": self.tried}

    @classmethod
    def from_json(cls, text: str) -> BlendChoice:
        """Of what `to_json` gives, as JSON text."""
        told = json.loads(text)
        return cls(Blend(**told["blend"]), told["tried"])

    def in_words(self) -> str:
        return in_words(self.blend)


_BLENDS = (
    Blend(1.0, 0.0, 1.0),
    Blend(0.5, 1.0, 0.0),
    Blend(0.25, 1.0, 0.0),
    Blend(0.25, 0.5, 1.0),
    Blend(0.25, 1.0, 0.0, 0.1),
    Blend(0.25, 1.0, 0.0, 0.25),
    Blend(1.0, 0.0, 1.0, 0.5),
)
_NAMES = {
    "together": "co-occurrence",
    "at_once": "what comes at once",
    "soon": "what comes soon",
    "attributes": "attributes",
}
_WITHOUT_ATTRIBUTES = Blend(1.0, 0.0, 1.0)
_SOON = 0.93
_SOON_STEPS = 32
_MOST_PAIRS = 20_000_000


@dataclass(frozen=True)
class SimilarItems:
    """A blend of four relations between items, each scaled so that an item's strongest neighbour has 1.

    S = a C + b T + c U + d A, with C the damped cosine of co-occurrence, T what comes at once (within eight events,
    each step 0.8 of the one before), U what comes soon (within 32 events, 0.93; fewer where there are more than 600,000
    events), both with half of what precedes, and A the similarity of attributes (`cooccurrence`, `transition_counts`
    and `alike` have the formulas). Of items that nobody has consumed only A is known. The same item several times in a
    row counts as one event.

    The weights are those of `blends` that answer questions like the coming ones best (`coming.Questions`): of users who
    were left out of a first fit of about 100,000 events, what comes after one item. Those with attributes are tried
    where there are any; the first of equals is taken.

    `popularity_discount`: S_ij is divided by (users of j) ^ this, so that 1 makes popular neighbours rare.
    `kept`: of each item's neighbours, the strongest.

    Counts of what comes soon favour what is popular as much as people do, and so a row of U finds more than cosines or
    the rows of a ridge regression. Related: item-to-item collaborative filtering (Linden et al., "Amazon.com
    Recommendations", 2003).
    """

    popularity_discount: float = 0.0
    blends: tuple[Blend, ...] = _BLENDS
    kept: int = 200

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,
        users: Attributes | None = None,  # noqa: ARG002 - beside an item, it is asked of no user
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> SimilarItemsModel:
        """Train; `seed` draws the users on whom the blend is chosen, and what they are asked."""
        tell = progress or (lambda _: None)
        had_by = distinct_users(interactions)
        attributes = alike(items.of(interactions.item_ids), had_by) if items is not None else None
        tell(0.3)
        consumed = interactions.without_quick_repeats()
        choice = self._choose(consumed, attributes, seed)
        tell(0.6)
        blended = _blended(consumed, attributes, choice.blend)
        if self.popularity_discount:
            discount = np.maximum(had_by, 1.0) ** -self.popularity_discount
            blended.data *= discount[blended.indices].astype(np.float32)
        neighbours = strongest(blended, self.kept)
        tell(1.0)
        return replace(SimilarItemsModel.of(interactions.item_ids, had_by, neighbours), choice=choice)

    def _choose(self, consumed: Interactions, attributes: csr_array | None, seed: int) -> BlendChoice:
        blends = [each for each in self.blends if attributes is not None or not each.attributes]
        if len(blends) < 2:
            return BlendChoice(blends[0] if blends else _WITHOUT_ATTRIBUTES)
        first, questions = Questions.held_out(consumed, seed)
        if not len(questions.asked):
            return BlendChoice(blends[0])
        every = Blend(*(max(weights) for weights in zip(*blends, strict=True)))
        relations = _relations(first, attributes, every)
        about = [None if each is None else each[questions.items] for each in relations]
        quality = {each: questions.quality(_sum(about, each)) for each in blends}
        return BlendChoice(max(blends, key=quality.__getitem__), {in_words(each): quality[each] for each in blends})


@dataclass(frozen=True, eq=False)
class SimilarItemsModel:
    """The neighbours of item i are `neighbours[starts[i]:starts[i + 1]]`, positions in the catalogue, with `values`.

    Its history is the item that is asked about, or several, whose values are added up. They are never among the
    answers; fewer than k come back where there are not enough neighbours, and what is popular where there are none.
    `choice`: the blend that it was trained with, None where there was nothing to blend.
    """

    popularity: PopularityModel
    starts: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    values: NDArray[np.float32]
    choice: BlendChoice | None = None

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
        choice = {} if self.choice is None else {"choice": np.array(json.dumps(self.choice.to_json()))}
        return choice | {
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
            choice=BlendChoice.from_json(str(arrays["choice"])) if "choice" in arrays else None,
        )


def in_words(blend: Blend) -> str:
    """The relations that have a weight."""
    weights = blend._asdict().items()
    return ", ".join(f"{_NAMES[relation]} {weight:g}" for relation, weight in weights if weight)


def _blended(consumed: Interactions, attributes: csr_array | None, blend: Blend) -> csr_array:
    blended = _sum(_relations(consumed, attributes, blend), blend)
    if attributes is None or blend.attributes:
        return blended
    # what was never consumed with anything else has no other neighbours
    lonely = (np.asarray(blended.sum(axis=1)).ravel() == 0).astype(np.float32)
    of_attributes = attributes.copy()
    of_attributes.data *= np.repeat(lonely, np.diff(attributes.indptr))
    return csr_sum([(blended, 1.0), (of_attributes, 1.0)])


def _relations(consumed: Interactions, attributes: csr_array | None, blend: Blend) -> list[csr_array | None]:
    """Those that have a weight in the blend; None: the others."""
    # a long way costs much where there are many events, and there the first steps tell enough
    steps = max(STEPS, min(_SOON_STEPS, _MOST_PAIRS // max(1, len(consumed))))
    return [
        cooccurrence(consumed) if blend.together else None,
        transitions(consumed) if blend.at_once else None,
        transitions(consumed, steps=steps, per_step=_SOON) if blend.soon else None,
        attributes if blend.attributes else None,
    ]


def _sum(relations: Sequence[csr_array | None], blend: Blend) -> csr_array:
    return csr_sum([(r, weight) for r, weight in zip(relations, blend, strict=True) if r is not None and weight])
