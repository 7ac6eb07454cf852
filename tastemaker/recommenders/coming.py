"""What people turn to after an item: questions of left-out users, and how well neighbours answer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.interactions import Interactions

_HELD_OUT = 0.15
_MOST_EVENTS = 100_000
_MOST_QUESTIONS = 1_500
_COMING = 10
_DEPTH, _HIT_AT = 25, 10


@dataclass(frozen=True, eq=False)
class Questions:
    """Items of left-out users, and what the same users turned to thereafter.

    `items`: distinct positions in the catalogue that are asked about; `asked` (n_questions,): places in `items`;
    `coming`: of each question the distinct items of the next tenth of the user's events, without the one asked about.
    """

    items: NDArray[np.int32]
    asked: NDArray[np.int64]
    coming: tuple[NDArray[np.int32], ...]

    @classmethod
    def held_out(cls, interactions: Interactions, seed: int) -> tuple[Interactions, Questions]:
        """About 100,000 events to learn from, and up to 1,500 questions about other users, 15 % of them."""
        rng = np.random.default_rng(seed)
        luck = rng.random(len(interactions.user_ids))
        share = min(1.0, _MOST_EVENTS / max(1, len(interactions)))
        first = interactions.of_users(luck < (1 - _HELD_OUT) * share)
        left_out = interactions.of_users(luck >= 1 - _HELD_OUT * share)
        ends = left_out.starts[1:][left_out.user]
        # somebody comes after each of these
        places = np.flatnonzero(np.arange(len(left_out)) < ends - 1)
        if len(places) > _MOST_QUESTIONS:
            places = np.sort(rng.choice(places, _MOST_QUESTIONS, replace=False))
        lengths = np.diff(left_out.starts)[left_out.user]
        until = np.minimum(places + 1 + np.maximum(1, lengths[places] // _COMING), ends[places])
        items, asked = np.unique(left_out.item[places], return_inverse=True)
        coming = [np.unique(left_out.item[place + 1 : end]) for place, end in zip(places, until, strict=True)]
        others = tuple(each[each != left_out.item[place]] for place, each in zip(places, coming, strict=True))
        return first, cls(items, asked, others)

    def quality(self, neighbours: csr_array) -> float:
        """The mean of textbook NDCG@25 and of the share of questions with a hit at 10.

        `neighbours` (n_items asked about, n_items): the larger the value, the earlier the answer.
        """
        answers = [_first(neighbours, row) for row in range(len(self.items))]
        gains = 1 / np.log2(np.arange(2, _DEPTH + 2))
        ideal = np.cumsum(gains)
        total = 0.0
        for item, coming in zip(self.asked, self.coming, strict=True):
            if len(coming):
                hits = np.isin(answers[item], coming)
                found = float(hits @ gains[: len(hits)] / ideal[min(len(coming), _DEPTH) - 1])
                total += (found + bool(hits[:_HIT_AT].any())) / 2
        return round(total / max(1, len(self.asked)), 6)


def _first(neighbours: csr_array, row: int) -> NDArray[np.int32]:
    """The first 25 of a row, the earlier column first among equals."""
    place = slice(neighbours.indptr[row], neighbours.indptr[row + 1])
    values, columns = neighbours.data[place], neighbours.indices[place]
    near = np.flatnonzero(values > 0)
    if len(near) > _DEPTH:
        least = np.partition(values[near], len(near) - _DEPTH)[len(near) - _DEPTH]
        near = near[values[near] >= least]
    found: NDArray[np.int32] = columns[near[np.lexsort((columns[near], -values[near]))][:_DEPTH]]
    return found
