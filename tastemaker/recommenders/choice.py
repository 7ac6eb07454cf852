"""Chooses what the sequence ridge cannot solve for, on users that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.ridge import ridge_weights
from tastemaker.recommenders.sequences import Sequences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

_FEWEST_USERS = 50
_MOST_EVENTS = 200_000
_MOST_REQUESTS = 1_000
_ITEMS = 1_000
_CUTS = (0.5, 0.7, 0.9)
_DEPTH = 10
_MEMORY = 100


def choose_decay(
    interactions: Interactions, decays: Sequence[float], *, seed: int, progress: Callable[[float], None]
) -> float:
    """The decay whose ridge ranks best what a fifth of the users did next; of too few users, the middle one.

    Only the 1,000 most popular items and at most about 200,000 events take part. A held-out user's sequence is cut at
    50, 70 and 90 %; the new items of the next tenth are to be found. The mean textbook NDCG@10 of up to 1,000 such
    requests decides.
    """
    n_users = len(interactions.user_ids)
    if len(decays) == 1 or n_users < _FEWEST_USERS:
        return sorted(decays)[len(decays) // 2]
    luck = np.random.default_rng(seed).random(n_users)
    share = min(1.0, _MOST_EVENTS / max(1, len(interactions)))
    train, held_out = interactions.of_users(luck < 0.8 * share), interactions.of_users(luck >= 1 - 0.2 * share)
    popular = np.argsort(-distinct_users(train), kind="stable")[:_ITEMS]
    head = np.sort(popular).astype(np.int32)
    sequences = Sequences.of(train, head)
    requests = _Requests.of(Sequences.of(held_out, head))
    quality = []
    for done, decay in enumerate(decays, start=1):
        weights = ridge_weights(sequences, decay, 0)
        quality.append(requests.quality(requests.histories(decay) @ weights.own + weights.intercept))
        progress(done / len(decays))
    return decays[int(np.argmax(quality))]


@dataclass(frozen=True, eq=False)
class _Requests:
    """`before`: histories of places, the latest last; `truth`, `seen` (requests, n_items): masks."""

    before: tuple[NDArray[np.int32], ...]
    truth: NDArray[np.bool_]
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, sequences: Sequences) -> _Requests:
        before, after = [], []
        starts = sequences.steps[0] if sequences.steps else np.empty(0, dtype=np.int64)
        for start in starts[: _MOST_REQUESTS // len(_CUTS)]:
            items = sequences.item[start : start + sequences.remaining[start] + 1]
            for cut in sorted({max(1, int(cut * len(items))) for cut in _CUTS}):
                before.append(items[:cut])
                after.append(items[cut : cut + max(1, len(items) // 10)])
        truth = np.zeros((len(before), sequences.n_items), dtype=np.bool_)
        seen = np.zeros_like(truth)
        for row, (earlier, later) in enumerate(zip(before, after, strict=True)):
            seen[row, earlier] = True
            truth[row, later] = True
        return cls(tuple(before), truth & ~seen, seen)

    def histories(self, decay: float) -> NDArray[np.float32]:
        """(requests, n_items): decayed histories."""
        rows = np.zeros(self.truth.shape, dtype=np.float32)
        for row, items in zip(rows, self.before, strict=True):
            recent = items[-_MEMORY:]
            np.add.at(row, recent, np.power(decay, np.arange(len(recent) - 1, -1, -1)).astype(np.float32))
        return rows

    def quality(self, answers: NDArray[np.float32]) -> float:
        """Mean NDCG@10 of the requests that have a truth, of new items only."""
        asked = self.truth.any(axis=1)
        if not asked.any():
            return 0.0
        truth, scores = self.truth[asked], np.where(self.seen[asked], -np.inf, answers[asked])
        depth = min(_DEPTH, scores.shape[1])
        top = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        hits = np.take_along_axis(truth, np.take_along_axis(top, order, axis=1), axis=1)
        gains = 1 / np.log2(np.arange(2, depth + 2))
        ideal = np.cumsum(gains)[np.minimum(truth.sum(axis=1), depth) - 1]
        return float(((hits @ gains) / ideal).mean())
