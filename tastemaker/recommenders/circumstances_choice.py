"""Chooses how much circumstances count, on users that the trial was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.recommenders.choice import MOST_EVENTS, MOST_ITEMS
from tastemaker.recommenders.holding import Strength
from tastemaker.recommenders.lift import learn
from tastemaker.recommenders.nearness import of_items
from tastemaker.recommenders.popularity import distinct_users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.circumstances import Circumstances
    from tastemaker.recommenders.interactions import Interactions
    from tastemaker.recommenders.sequence_ridge_model import SequenceRidgeModel

STRENGTHS: Final = (0.0, 0.25, 0.5, 1.0)
"""Of what circumstances say; 0: they say nothing."""

_FEWEST_USERS: Final = 50
_MOST_USERS: Final = 500
_PER_USER: Final = 10
_BEYOND_CHANCE: Final = 2.0


@dataclass(frozen=True)
class Strengths:
    """`strengths`: those chosen for users with a history and without one; `tried`: the quality of each."""

    strengths: tuple[Strength, Strength]
    tried: dict[str, float]


def choose_strengths(
    interactions: Interactions,
    users: Attributes | None,
    trained: Callable[[Interactions], SequenceRidgeModel],
    *,
    seed: int,
) -> Strengths:
    """Of `STRENGTHS`, those by which a model of four fifths of the users finds best what the others turned to.

    Only the 1,200 most popular items and at most about 300,000 events take part; `trained` makes a model of them. Each
    of up to 500 held-out users is asked for the items of their first ten events with an empty history, and for ten
    others with all that came before, always under the circumstances of the event. The mean of the users' mean
    1 / log2(1 + rank) decides, over all ranks: a cut would hide most of what so few users tell. What is not better than
    0 by two standard errors of the difference is no gain, and 0 is taken. The strength of users' attributes is found
    first, and then that of the context beside it.
    """
    n_users = len(interactions.user_ids)
    if n_users < _FEWEST_USERS:
        return Strengths((Strength(), Strength()), {})
    luck = np.random.default_rng(seed).random(n_users)
    part = min(1.0, MOST_EVENTS / max(1, len(interactions)))
    train, held_out = interactions.of_users(luck < 0.8 * part), interactions.of_users(luck >= 1 - 0.2 * part)
    head = np.sort(np.argsort(-distinct_users(train), kind="stable")[:MOST_ITEMS]).astype(np.int32)
    train, held_out = of_items(train, head), of_items(held_out, head)
    model = replace(trained(train), circumstances=learn(train.without_quick_repeats(), users))
    asked = _Asked(model, held_out.without_quick_repeats(), users)
    tried: dict[str, float] = {}
    with_history, without = (_one_source_after_the_other(asked, some, tried) for some in (True, False))
    return Strengths((with_history, without), tried)


def _one_source_after_the_other(asked: _Asked, with_history: bool, tried: dict[str, float]) -> Strength:
    """The strength of each source that has categories, given that of the one before; notes in `tried` what it was."""
    chosen = Strength()
    for source in dict.fromkeys(sorted((each.of for each in asked.circumstances.categories), reverse=True)):
        options = [chosen._replace(**{source: strength}) for strength in STRENGTHS]
        worth = asked.with_history(options) if with_history else asked.without_history(options)
        what = f"{source} {'with' if with_history else 'without'} history"
        for strength, quality in zip(STRENGTHS, worth.mean(axis=0) if len(worth) else (), strict=False):
            tried[f"{what} {strength}"] = round(float(quality), 6)
        chosen = options[_best(worth)]
    return chosen


def _best(worth: NDArray[np.float64]) -> int:
    """Of (n_users, n_options) the column that is better than the first beyond chance, or else the first."""
    if len(worth) < 2:
        return 0
    gain = worth - worth[:, :1]
    best = int(gain.mean(axis=0).argmax())
    error = gain[:, best].std(ddof=1) / np.sqrt(len(gain))
    return best if gain[:, best].mean() > _BEYOND_CHANCE * error else 0


class _Asked:
    """The worth of each of some strengths to each of the held-out users, (n_users, n_options)."""

    def __init__(self, model: SequenceRidgeModel, held_out: Interactions, users: Attributes | None) -> None:
        self._model = model
        self._held_out = held_out
        self._holding = None if users is None else model.circumstances.of_users(users)

    @property
    def circumstances(self) -> Circumstances:
        return self._model.circumstances

    def with_history(self, options: Sequence[Strength]) -> NDArray[np.float64]:
        def worth(first: int, last: int) -> Iterator[NDArray[np.float64]]:
            for event in np.unique(np.linspace(first + 1, last - 1, _PER_USER).astype(int)).tolist():
                expected = self._model.expected(self._held_out.item[first:event])
                yield self._worth(expected, event, options)

        return self._of_users(worth, len(options), fewest=2)

    def without_history(self, options: Sequence[Strength]) -> NDArray[np.float64]:
        popular = self._model.popularity.scores(np.empty(0, dtype=np.int32))

        def worth(first: int, last: int) -> Iterator[NDArray[np.float64]]:
            for event in range(first, min(last, first + _PER_USER)):
                yield self._worth(popular, event, options)

        return self._of_users(worth, len(options), fewest=1)

    def _of_users(
        self, worth: Callable[[int, int], Iterator[NDArray[np.float64]]], n_options: int, *, fewest: int
    ) -> NDArray[np.float64]:
        starts = self._held_out.starts
        able = np.flatnonzero(np.diff(starts) >= fewest)
        # from the first to the last, as ids may say what users are like
        asked = able[np.linspace(0, len(able) - 1, min(len(able), _MOST_USERS)).astype(int)]
        means = [np.mean(list(worth(int(starts[user]), int(starts[user + 1]))), axis=0) for user in asked.tolist()]
        return np.array(means).reshape(len(means), n_options)

    def _worth(self, expected: NDArray[np.float32], event: int, options: Sequence[Strength]) -> NDArray[np.float64]:
        """(n_options,): of the answer to a request before the event, under its circumstances."""
        log, context = self._held_out, self._held_out.context
        held = () if self._holding is None else self._holding.of(str(log.user_ids[log.user[event]]))
        if context is not None:
            held += self.circumstances.of_context(context.at(event))
        item = log.item[event]
        worth = np.zeros(len(options))
        for place, strength in enumerate(options):
            factors = self.circumstances.factors(held, strength=strength)
            tilted = np.where(expected > 0, expected * factors, expected)
            rank = 1 + int((tilted > tilted[item]).sum()) + int((tilted[:item] == tilted[item]).sum())
            worth[place] = 1 / np.log2(1 + rank)
        return worth
