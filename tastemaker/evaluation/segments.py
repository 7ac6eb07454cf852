"""How good segments of users are: the newest fifth of each user's events is held out, and the users are to be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders import Attributes, Interactions

_TRAINED_ON = 0.8
_SHARE = 0.01
_MOST_QUESTIONS = 1_000


class FindsUsers(Protocol):
    """What is measured: a model such as `SegmentModel`."""

    def users_for(self, items: NDArray[np.int32], k: int) -> NDArray[np.int32]:
        """The k users with most affinity to items, best first, as positions in the catalogue of users."""


@dataclass(frozen=True, eq=False)
class SegmentSplit:
    """`train` and `test`: the older and the newer events, both with all users and all items."""

    train: Interactions
    test: Interactions


def segment_split(interactions: Interactions) -> SegmentSplit:
    """Of each user's events the oldest 80 % (rounded down, at least one) are trained on, the others held out.

    Events of one second come in the order of their items, so that the order of the rows does not matter.
    """
    order = np.lexsort((interactions.item, interactions.timestamp, interactions.user))
    counts = np.diff(interactions.starts)
    kept = np.maximum(1, (counts * _TRAINED_ON).astype(np.int64))
    place = np.arange(len(interactions)) - interactions.starts[interactions.user]
    # the order moves events of one user only, so the sorted rows have the same users
    trained_on = np.zeros(len(interactions), dtype=np.bool_)
    trained_on[order] = place < kept[interactions.user]
    return SegmentSplit(interactions.of_events(trained_on), interactions.of_events(~trained_on))


def items_asked(split: SegmentSplit, *, seed: int) -> list[NDArray[np.int32]]:
    """The questions of Item-Affinity: each item with a held-out event alone; of more than 1,000, as many at random."""
    asked = np.unique(split.test.item)
    if len(asked) > _MOST_QUESTIONS:
        asked = np.sort(np.random.default_rng(seed).choice(asked, _MOST_QUESTIONS, replace=False))
    return [asked[[place]] for place in range(len(asked))]


def attributes_asked(items: Attributes) -> list[NDArray[np.int32]]:
    """The questions of Item-Attribute-Affinity: for each category, the items that have it.

    `items`: of the catalogue of the interactions, in its order.
    """
    having = items.categories.tocsc()
    having.sort_indices()
    return [
        having.indices[start:end].astype(np.int32)
        for start, end in zip(having.indptr[:-1], having.indptr[1:], strict=True)
        if end > start
    ]


def measure_segments(
    model: FindsUsers, split: SegmentSplit, questions: Sequence[NDArray[np.int32]]
) -> dict[str, float]:
    """Personalize's metrics of a model that was trained on `split.train`.

    Each question is a set of items; the users who really interacted are those with a held-out event of one of them. A
    question without such users is not asked.
    """
    n_users = len(split.train.user_ids)
    k = most_relevant(n_users)
    order = np.argsort(split.test.item, kind="stable")
    items, users = split.test.item[order], split.test.user[order]
    segments, truths = [], []
    for question in questions:
        starts, ends = (np.searchsorted(items, question, side=side) for side in ("left", "right"))
        truth = {int(user) for start, end in zip(starts, ends, strict=True) for user in users[start:end]}
        if truth:
            segments.append(model.users_for(question, k).tolist())
            truths.append(truth)
    return segment_metrics(segments, truths, n_users)


def most_relevant(n_users: int) -> int:
    """How many users a segment is judged by: 1 % of all, rounded up."""
    return int(np.ceil(_SHARE * n_users))


def segment_metrics(
    segments: Sequence[Sequence[int]], truth: Sequence[Collection[int]], n_users: int
) -> dict[str, float]:
    """The three figures that Personalize reports for segments; rounded, in order of their keys.

    `segments[i]` are the users predicted for question i, best first, of which the first K count, 1 % of `n_users`;
    `truth[i]` those who really interacted.

    - `coverage`: distinct users in segments ÷ `n_users`
    - `hits_at_1_percent`: predicted users who really interacted, a mean over questions
    - `recall_at_1_percent`: the same ÷ predicted users, a mean over questions. It is the share of the *predicted* who
      interacted, as the guide defines it, whatever its name says

    Source: "Evaluating an Amazon Personalize solution version with metrics", developer guide. All zero without
    questions.
    """
    if len(segments) != len(truth):
        raise ValueError(f"{len(segments)} segments are to be judged by the truths of {len(truth)} questions")
    k = most_relevant(n_users)
    predicted = [segment[:k] for segment in segments]
    hits = [len(set(users) & set(real)) for users, real in zip(predicted, truth, strict=True)]
    shares = [hit / len(users) if users else 0.0 for hit, users in zip(hits, predicted, strict=True)]
    figures = {
        "coverage": len({user for users in predicted for user in users}) / n_users if n_users else 0.0,
        "hits_at_1_percent": float(np.mean(hits)) if hits else 0.0,
        "recall_at_1_percent": float(np.mean(shares)) if shares else 0.0,
    }
    return {key: round(value, 4) for key, value in figures.items()}
