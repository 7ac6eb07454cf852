"""A trained sequence ridge: what is expected of each item after a history."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.choice import Choice
from tastemaker.recommenders.circumstances import Circumstances
from tastemaker.recommenders.history_weights import HistoryWeights, without_quick_repeats
from tastemaker.recommenders.interactions import locate
from tastemaker.recommenders.model import best_with, known, positive
from tastemaker.recommenders.pool import Pool
from tastemaker.recommenders.popularity import PopularityModel
from tastemaker.recommenders.repeat_table import RepeatTable
from tastemaker.recommenders.tilted import TiltedModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SEEN = 0.02
"""Of an item that the user has had, the share of what the regression says that is added to the repeat table's."""

_SURPRISE = 0.1
_ALL = slice(None)
HORIZON = 0.8
"""The decay of what is expected: the coming event counts 1, the one after it this much, and so on."""
_AHEAD = np.float32(1 / (1 - HORIZON))
"""What makes of the probability of the coming event a discounted count of all that come."""
_NEVER = -1.0
"""Less than is ever expected of what the training has seen."""


@dataclass(frozen=True, eq=False)
class SequenceRidgeModel:
    """`weights`: what the events of a history add. `rate` (n_items,): how probable each item is to come next; `base`:
    what is expected of it before any event adds something. `choice`: what it was trained with. `circumstances`: what
    makes it expect more of some items and less of others. `pool`: second opinions on the items of the regression, where
    they are asked.
    """

    popularity: PopularityModel
    weights: tuple[HistoryWeights, ...]
    rate: NDArray[np.float32]
    base: NDArray[np.float32]
    repeats: RepeatTable
    choice: Choice
    circumstances: Circumstances
    pool: Pool | None = None

    @property
    def item_ids(self) -> NDArray[np.str_]:
        return self.popularity.item_ids

    def with_items(self, ids: Iterable[str]) -> SequenceRidgeModel:
        """The same model in a catalogue that has these items as well.

        Of the new ones nothing is expected, whatever the history: they come after all that is. The others keep their
        order.
        """
        popularity = self.popularity.with_items(ids)
        place = locate(popularity.item_ids, self.item_ids)
        n_items = len(popularity.item_ids)
        rate, base = np.zeros(n_items, dtype=np.float32), np.full(n_items, _NEVER, dtype=np.float32)
        rate[place], base[place] = self.rate, self.base
        weights = tuple(each.moved(place, n_items) for each in self.weights)
        circumstances = self.circumstances.moved(place, n_items)
        pool = None if self.pool is None else self.pool.moved(place, n_items)
        return replace(
            self,
            popularity=popularity,
            weights=weights,
            rate=rate,
            base=base,
            circumstances=circumstances,
            pool=pool,
        )

    def under(self, held: Sequence[int]) -> SequenceRidgeModel | TiltedModel:
        """The model as it answers while these categories hold: positions in `circumstances`, which finds them."""
        return TiltedModel(self, tuple(held)) if held and self.circumstances.matter else self

    def expected(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_items,): the expected discounted count of each item from now on; what the ranking is by."""
        items, values = self.repeats.values(history)
        consumed = history if len(items) == len(history) else without_quick_repeats(history)
        expected = self.summed(consumed)
        if expected is None:
            expected = self.rate * _AHEAD
        elif self.pool is not None:
            self.pool.apply(expected, consumed, items[::-1])
        # who has had all that is near gets it again before what is far, even where nobody repeats
        expected[items] = values + np.float32(SEEN) * expected[items]
        return expected

    def summed(self, consumed: NDArray[np.int32]) -> NDArray[np.float32] | None:
        """(n_items,): the base and what each event adds to it, before second opinions and repeats; None where the
        events, which have no quick repeats, say nothing.
        """
        expected, says_something = self.base.copy(), False
        for each in self.weights:
            columns, values = each.added(consumed)
            if len(columns):
                np.add.at(expected, columns.ravel(), values.ravel())
                says_something = True
        expected *= _AHEAD
        return expected if says_something else None

    def scores(self, history: NDArray[np.int32]) -> NDArray[np.float32]:
        """Each item's share of what is expected; popularity for an empty history.

        The softmax of log(max(expected, 0) + ε), where ε, a tenth of the mean rate, leaves a chance to every item.
        """
        history = known(history, len(self.item_ids))
        if not len(history):
            return self.popularity.scores(history)
        return self.shares(self.expected(history))

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
        return items, self.shares(expected, items)

    def shares(self, expected: NDArray[np.float32], items: NDArray[np.int32] | slice = _ALL) -> NDArray[np.float32]:
        """Of each item's part of what is expected in all, as `scores` says it, those of `items`."""
        some = positive(expected)
        total = some.sum() + self._surprise * len(some)
        return np.asarray((some[items] + self._surprise) / total, dtype=np.float32)

    @cached_property
    def _surprise(self) -> np.float32:
        return np.float32(_SURPRISE * self.rate.mean() * _AHEAD + 1e-9)

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **self.arrays())

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `from_arrays` reads."""
        weights: dict[str, NDArray[np.generic]] = {}
        for number, each in enumerate(self.weights):
            weights |= each.arrays(number)
        return weights | {
            "kind": np.array("sequence-ridge"),
            "item_ids": self.item_ids,
            "users": self.popularity.users,
            "rate": self.rate,
            "base": self.base,
            "repeats_recent": self.repeats.recent,
            "repeats_far": np.array(self.repeats.far),
            "choice": np.array(json.dumps(self.choice.to_json())),
            **self.circumstances.arrays(),
            **({} if self.pool is None else self.pool.arrays()),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> SequenceRidgeModel:
        """The model of what `save` wrote."""
        numbers = range(sum(name.removeprefix("decay_").isdecimal() for name in arrays))
        return cls(
            popularity=PopularityModel.from_arrays(arrays),
            weights=tuple(HistoryWeights.from_arrays(arrays, number) for number in numbers),
            rate=arrays["rate"].astype(np.float32),
            base=arrays["base"].astype(np.float32),
            repeats=RepeatTable(
                arrays["repeats_recent"].astype(np.float32), float(arrays["repeats_far"].astype(np.float64))
            ),
            choice=Choice.from_json(str(arrays["choice"])),
            circumstances=Circumstances.from_arrays(arrays, len(arrays["rate"])),
            pool=Pool.from_arrays(arrays),
        )
