"""Trains on most users and asks for the rest: what a recipe is worth on data that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tastemaker.evaluation.metrics import DEPTH, personalize_metrics
from tastemaker.evaluation.split import Request, Split, personalize_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders import Attributes, Interactions, Recipe

Ranker = Callable[["Request", "NDArray[np.bool_] | None"], "NDArray[np.int32]"]
"""Answers a request with items, best first, out of those that a mask allows (None: all)."""


@dataclass(frozen=True)
class Evaluation:
    """A protocol's metrics twice, by key.

    `metrics`: on the events as they are. `metrics_new_items`: what the user already has in the input counts neither as
    truth nor as a recommendation, and a request of which no truth is left is not asked.
    `fit_seconds`: wall time of training.
    """

    metrics: dict[str, float]
    metrics_new_items: dict[str, float]
    fit_seconds: float


def whole_history(request: Request) -> NDArray[np.int32]:
    """What a model of users is asked with."""
    return request.history


def last_item(request: Request) -> NDArray[np.int32]:
    """What a model of related items is asked with: (1,), the item that the user has just turned to."""
    return request.history[-1:]


class Judge(Protocol):
    """Turns a ranker's answers to the requests of a split into figures."""

    def __call__(self, ranker: Ranker, split: Split, *, fit_seconds: float) -> Evaluation: ...


@dataclass(frozen=True)
class OfflineProtocol:
    """A way to measure offline: what is held out (`split`, drawn by a seed), how long the lists are, who judges them.

    `depth` None asks for everything that is allowed, ranked.
    """

    split: Callable[[Interactions, int], Split]
    depth: int | None
    judge: Judge

    def measure(
        self,
        recipe: Recipe,
        split: Split,
        *,
        seed: int,
        items: Attributes | None = None,
        asked_with: Callable[[Request], NDArray[np.int32]] = whole_history,
    ) -> Evaluation:
        """Train a recipe on one part of a split and judge its answers on the other.

        `items`: what is known of items. `asked_with`: what of a request the model gets to see.
        """
        started = time.perf_counter()
        model = recipe.fit(split.train, items=items, seed=seed)
        fit_seconds = time.perf_counter() - started
        depth = len(split.train.item_ids) if self.depth is None else self.depth

        def ranker(request: Request, candidates: NDArray[np.bool_] | None) -> NDArray[np.int32]:
            return model.recommend(asked_with(request), depth, candidates)[0]

        return self.judge(ranker, split, fit_seconds=fit_seconds)


def evaluate(recipe: Recipe, interactions: Interactions, *, seed: int) -> Evaluation:
    """Train a recipe on nine tenths of the users and judge its answers for the others. `seed` draws the users."""
    return PERSONALIZE.measure(recipe, PERSONALIZE.split(interactions, seed), seed=seed)


def judge(ranker: Ranker, split: Split, *, fit_seconds: float) -> Evaluation:
    """Personalize's metrics of any ranker's answers to the requests of a split."""
    n_items = len(split.train.item_ids)
    lists, truths, new_lists, new_truths = [], [], [], []
    for request in split.test:
        lists.append(ranker(request, None).tolist())
        truths.append(request.truth.tolist())
        unseen = np.ones(n_items, dtype=np.bool_)
        unseen[request.history] = False
        new_truth = request.truth[unseen[request.truth]]
        if len(new_truth):
            new_lists.append(ranker(request, unseen).tolist())
            new_truths.append(new_truth.tolist())
    return Evaluation(
        metrics=personalize_metrics(lists, truths, n_items),
        metrics_new_items=personalize_metrics(new_lists, new_truths, n_items),
        fit_seconds=fit_seconds,
    )


PERSONALIZE = OfflineProtocol(split=personalize_split, depth=DEPTH, judge=judge)
"""The protocol that GetSolutionMetrics reports by."""
