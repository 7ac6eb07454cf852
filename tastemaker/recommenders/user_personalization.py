"""The sequence ridge: what comes next, regressed in closed form on everything that came before, the latest most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import normal_equations
from tastemaker.recommenders.choice import choose_decay
from tastemaker.recommenders.interactions import locate
from tastemaker.recommenders.model import best_with, known
from tastemaker.recommenders.percentiles import EVERYONE, Percentiles
from tastemaker.recommenders.popularity import PopularityModel, distinct_users
from tastemaker.recommenders.repeat_table import RepeatTable
from tastemaker.recommenders.ridge import largest, ridge_weights
from tastemaker.recommenders.sequences import Sequences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

SEEN = 0.02
"""Of an item that the user has had, the share of what the regression says that is added to the repeat table's."""

_NO_WEIGHT = 1e-3
_SURPRISE = 0.1
_ALL = slice(None)


@dataclass(frozen=True)
class SequenceRidge:
    """Ridge regression of a user's next items on the exponentially decayed history.

    With x_0 … x_{n−1} the items of a user and e_i a one-hot vector, for each position t ≥ 1

        h(t) = Σ_{p<t} g^(t−1−p) e_{x_p}      the history
        y(t) = Σ_{s≥t} g^(s−t) a_s e_{x_s}    what comes next, only items new to the user at s; a_s: weights

    and the weights W minimise Σ ‖y(t) − W' [h(t), 1]‖² with a ridge that draws items to their neighbours (`ridge`), by
    one Cholesky solution of the normal equations, which are sums over pairs of events (`normal_equations`).
    Items that the user had before are scored by the `RepeatTable`, which estimates the same discounted count, plus a
    fiftieth of what the regression says.

    `decays`: the values tried for g; the best on held-out users is taken (`choice`). `exact_items`: how many of the
    most popular items enter the regression; time grows with its cube, memory with its square (3,000: 300 MB). Other
    items are scored by how often they come next, whatever the history. `dimensions`: of the neighbourhoods.
    `kept_weights`: of each item, the largest; the rest changes nothing that shows in the metrics. `percentiles`: the
    users who take part.

    Related: EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019), whose histories have no order.
    """

    decays: tuple[float, ...] = (0.3, 0.5, 0.8, 0.9)
    exact_items: int = 3_000
    dimensions: int = 60
    kept_weights: int = 300
    percentiles: Percentiles = EVERYONE

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,  # noqa: ARG002 - it learns from histories alone
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
    ) -> SequenceRidgeModel:
        """Train; `seed` draws the users on whom the decay is chosen."""
        tell = progress or _nobody
        interactions = self.percentiles.apply(interactions)
        decay = choose_decay(interactions, self.decays, seed=seed, progress=lambda share: tell(0.3 * share))
        users = distinct_users(interactions)
        popular = np.argsort(-users, kind="stable")[: self.exact_items]
        head = np.sort(popular[users[popular] > 0]).astype(np.int32)
        sequences = Sequences.of(interactions, head)
        weights = ridge_weights(sequences, decay, self.dimensions)
        tell(0.8)
        columns, values = largest(weights.own, self.kept_weights)
        everything = Sequences.of(interactions)
        rate = normal_equations.target_total(everything, decay)
        rate /= max(1, int((everything.position > 0).sum()))
        base = rate.copy()
        base[head] = weights.intercept
        repeats = RepeatTable.learn(interactions, decay)
        tell(1.0)
        return SequenceRidgeModel(
            popularity=PopularityModel(interactions.item_ids, users),
            decay=decay,
            head=head,
            columns=columns,
            values=values,
            vectors=weights.vectors,
            shared=weights.shared,
            rate=rate,
            base=base,
            repeats=repeats,
        )


def _nobody(share: float) -> None:
    """Hears the progress where nobody asked for it."""


@dataclass(frozen=True, eq=False)
class SequenceRidgeModel:
    """`head` (n,): the items of the regression, as positions in the catalogue.

    `columns`, `values` (n, 300): each one's largest own weights, by place in the head; `vectors` (n, r) and `shared`
    (r, n): what it has in common with its neighbours (`RidgeWeights`). `rate` (n_items,): the mean discounted count of
    each item; `base`: the same, but the intercept for the head.
    """

    popularity: PopularityModel
    decay: float
    head: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    vectors: NDArray[np.float32]
    shared: NDArray[np.float32]
    rate: NDArray[np.float32]
    base: NDArray[np.float32]
    repeats: RepeatTable

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.popularity.item_ids

    @property
    def memory(self) -> int:
        """How many of the last items of the regression weigh anything."""
        return 1 + int(np.log(_NO_WEIGHT) / np.log(self.decay))

    def with_items(self, ids: Iterable[str]) -> SequenceRidgeModel:
        """The same model in a catalogue that has these items as well.

        Of the new ones nothing is expected, whatever the history: they come after all that is. The others keep their
        order.
        """
        popularity = self.popularity.with_items(ids)
        place = locate(popularity.item_ids, self.item_ids)
        rate, base = (np.zeros(len(popularity.item_ids), dtype=np.float32) for _ in range(2))
        rate[place], base[place] = self.rate, self.base
        return replace(self, popularity=popularity, head=place[self.head], rate=rate, base=base)

    def expected(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_items,): the expected discounted count of each item from now on; what the ranking is by."""
        place = np.searchsorted(self.head, history)
        place[place == len(self.head)] = 0
        places = place[self.head[place] == history] if len(self.head) else place[:0]
        if len(places):
            expected = self.base.copy()
            expected[self.head] = self._head_base + self._from_sequence(places)
        else:
            expected = self.rate.copy()
        items, values = self.repeats.values(history)
        # who has had all that is near gets it again before what is far, even where nobody repeats
        expected[items] = values + np.float32(SEEN) * expected[items]
        return expected

    def _from_sequence(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        recent = places[-self.memory :]
        weight = np.power(self.decay, np.arange(len(recent) - 1, -1, -1)).astype(np.float32)
        flow = weight[:, None] * self.values[recent]
        own = np.bincount(self._places[recent].ravel(), flow.ravel(), len(self.head))
        return np.asarray(own + weight @ self.vectors[recent] @ self.shared, dtype=np.float32)

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """Each item's share of what is expected; popularity for an empty history.

        The softmax of log(max(expected, 0) + ε), where ε, a tenth of the mean rate, leaves a chance to every item.
        """
        history = known(history, len(self.item_ids))
        if not len(history):
            return self.popularity.scores(history)
        return self._shares(self.expected(history))

    def recommend(
        self,
        history: NDArray[np.int32],
        k: int,
        candidates: NDArray[np.bool_] | None = None,
        *,
        surely: Sequence[int] = (),
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """`surely`: positions that are among the answer, in place of its last, whatever is expected of them."""
        history = known(history, len(self.item_ids))
        if not len(history):
            return self.popularity.recommend(history, k, candidates, surely=surely)
        expected = self.expected(history)
        items = best_with(surely, expected, k, candidates)
        return items, self._shares(expected, items)

    def _shares(self, expected: NDArray[np.float32], items: NDArray[np.int32] | slice = _ALL) -> NDArray[np.float32]:
        shares = np.maximum(expected, 0) + self._surprise
        return np.asarray(shares[items] / shares.sum(), dtype=np.float32)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        # bincount counts no other type without a copy
        return self.columns.astype(np.intp)

    @cached_property
    def _head_base(self) -> NDArray[np.float32]:
        return self.base[self.head]

    @cached_property
    def _surprise(self) -> np.float32:
        return np.float32(_SURPRISE * self.rate.mean() + 1e-9)

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **self.arrays())

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `from_arrays` reads."""
        return {
            "kind": np.array("sequence-ridge"),
            "item_ids": self.item_ids,
            "users": self.popularity.users,
            "decay": np.array(self.decay),
            "head": self.head,
            "columns": self.columns,
            "values": self.values,
            "vectors": self.vectors,
            "shared": self.shared,
            "rate": self.rate,
            "base": self.base,
            "repeats_recent": self.repeats.recent,
            "repeats_far": np.array(self.repeats.far),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> SequenceRidgeModel:
        """The model of what `save` wrote."""
        return cls(
            popularity=PopularityModel.from_arrays(arrays),
            decay=float(arrays["decay"].astype(np.float64)),
            head=arrays["head"].astype(np.int32),
            columns=arrays["columns"].astype(np.int32),
            values=arrays["values"].astype(np.float32),
            vectors=arrays["vectors"].astype(np.float32),
            shared=arrays["shared"].astype(np.float32),
            rate=arrays["rate"].astype(np.float32),
            base=arrays["base"].astype(np.float32),
            repeats=RepeatTable(
                arrays["repeats_recent"].astype(np.float32), float(arrays["repeats_far"].astype(np.float64))
            ),
        )
