"""Trains on most users and asks for the rest: what a recipe is worth on data that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tastemaker.evaluation.judged import Answers, Judged
from tastemaker.evaluation.metrics import DEPTH, personalize_values
from tastemaker.evaluation.split import Request, Split, personalize_split
from tastemaker.recommenders import SequenceRidgeModel, choice_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders import Attributes, Chosen, Interactions, Model, Recipe

Ranker = Callable[["Request", "NDArray[np.bool_] | None"], "NDArray[np.int32]"]
"""Answers a request with items, best first, out of those that a mask allows (None: all)."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A protocol's judgement twice, request by request.

    `requests`: on the events as they are. `requests_new_items`: what the user already has in the input counts neither
    as truth nor as a recommendation, and a request of which no truth is left is not asked.
    `fit_seconds`: wall time of training. `choice`: what the training has chosen; None where there was nothing to.
    """

    requests: Judged
    requests_new_items: Judged
    fit_seconds: float
    choice: Chosen | None = None

    @cached_property
    def metrics(self) -> dict[str, float]:
        """By key, rounded: on the events as they are."""
        return self.requests.metrics

    @cached_property
    def metrics_new_items(self) -> dict[str, float]:
        """The same without repeats of the input."""
        return self.requests_new_items.metrics


def whole_history(request: Request) -> NDArray[np.int32]:
    """What a model of users is asked with."""
    return request.history


def last_item(request: Request) -> NDArray[np.int32]:
    """What a model of related items is asked with: (1,), the item that the user has just turned to."""
    return request.history[-1:]


class Judge(Protocol):
    """Turns any ranker's answers to the requests of a split into figures."""

    def __call__(self, ranker: Ranker, split: Split, *, fit_seconds: float) -> Evaluation: ...


class ModelJudge(Protocol):
    """The same of a trained model; `asked_with`: what of a request the model gets to see, `users`: what is known of
    the users who ask."""

    def __call__(
        self,
        model: Model,
        split: Split,
        *,
        asked_with: Callable[[Request], NDArray[np.int32]],
        fit_seconds: float,
        users: Attributes | None = None,
    ) -> Evaluation: ...


@dataclass(frozen=True)
class OfflineProtocol:
    """A way to measure offline: what is held out (`split`, drawn by a seed), and who judges the answers.

    `judge` takes rankers whose lists are `depth` long; None: that rank everything allowed. `judge_model` comes to the
    same of a model. `asks_everyone`: whether each seed asks all users, and not some that it draws.
    """

    split: Callable[[Interactions, int], Split]
    depth: int | None
    judge: Judge
    judge_model: ModelJudge
    asks_everyone: bool

    def measure(
        self,
        recipe: Recipe,
        split: Split,
        *,
        seed: int,
        items: Attributes | None = None,
        users: Attributes | None = None,
        asked_with: Callable[[Request], NDArray[np.int32]] = whole_history,
    ) -> Evaluation:
        """Train a recipe on one part of a split and judge its answers on the other.

        `items`, `users`: what is known of them. `asked_with`: what of a request the model gets to see.
        """
        started = time.perf_counter()
        model = recipe.fit(split.train, items=items, users=users, seed=seed)
        fit_seconds = time.perf_counter() - started
        evaluation = self.judge_model(model, split, asked_with=asked_with, fit_seconds=fit_seconds, users=users)
        return replace(evaluation, choice=choice_of(model))


def evaluate(recipe: Recipe, interactions: Interactions, *, seed: int) -> Evaluation:
    """Train a recipe on nine tenths of the users and judge its answers for the others. `seed` draws the users."""
    return PERSONALIZE.measure(recipe, PERSONALIZE.split(interactions, seed), seed=seed)


def judge(ranker: Ranker, split: Split, *, fit_seconds: float) -> Evaluation:
    """Personalize's metrics of any ranker's answers to the requests of a split."""
    n_items = len(split.train.item_ids)
    lists = [ranker(request, None) for request in split.test]
    truths = [request.truth for request in split.test]
    new, new_lists, new_truths = [], [], []
    for request in split.test:
        unseen = mask_of_new_items(request, n_items)
        new_truth = request.truth[unseen[request.truth]]
        if len(new_truth):
            new.append(request)
            new_lists.append(ranker(request, unseen))
            new_truths.append(new_truth)
    return Evaluation(
        requests=_judged(Answers.of(split.test, lists, truths, depth=DEPTH), n_items),
        requests_new_items=_judged(Answers.of(new, new_lists, new_truths, depth=DEPTH), n_items),
        fit_seconds=fit_seconds,
    )


def mask_of_new_items(request: Request, n_items: int) -> NDArray[np.bool_]:
    """(n_items,): what is not in the history of the request."""
    unseen = np.ones(n_items, dtype=np.bool_)
    unseen[request.history] = False
    return unseen


def _judged(answers: Answers, n_items: int) -> Judged:
    return answers.judged(personalize_values(answers.hits), coverage_key="coverage", catalogue_size=n_items)


def under_circumstances(model: Model, users: Attributes | None) -> Callable[[Request], Model]:
    """The model as it answers a request: with what is known of its user, and in its context."""
    if not isinstance(model, SequenceRidgeModel):
        return lambda _: model
    circumstances = model.circumstances
    holding = None if users is None else circumstances.of_users(users)

    def under(request: Request) -> Model:
        held = () if holding is None else holding.of(request.user_id)
        return model.under(held + circumstances.of_context(request.context))

    return under


def judge_model(
    model: Model,
    split: Split,
    *,
    asked_with: Callable[[Request], NDArray[np.int32]],
    fit_seconds: float,
    users: Attributes | None = None,
) -> Evaluation:
    """Personalize's metrics of a model, as it answers each request under its circumstances."""
    under = under_circumstances(model, users)

    def ranker(request: Request, candidates: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        return under(request).recommend(asked_with(request), DEPTH, candidates)[0]

    return judge(ranker, split, fit_seconds=fit_seconds)


PERSONALIZE = OfflineProtocol(
    split=personalize_split, depth=DEPTH, judge=judge, judge_model=judge_model, asks_everyone=False
)
"""The protocol that GetSolutionMetrics reports by."""
