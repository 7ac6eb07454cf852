"""Trains a recipe of items, with a search for its hyperparameters where one is wanted, and measures it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.evaluation import (
    Evaluation,
    Split,
    judge_model,
    last_item,
    measure_event_weights,
    measure_rewards,
    measure_trending,
    personalize_split,
    whole_history,
)
from tastemaker.personalize.recipes import BY_NAME
from tastemaker.personalize.trained import Trained
from tastemaker.personalize.training_data import TrainingData, TrainingRefused
from tastemaker.recommenders import RECIPES, RELATED_ITEMS, Attributes, Interactions, Model, Recipe, Trending

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OF_TEXTS: Final = "aws-semantic-similarity"
_JUDGED_BY: Final = "normalized_discounted_cumulative_gain_at_25"


def train_items(data: TrainingData) -> Trained:
    """Train on nine tenths of the users and measure on the others. Raises TrainingRefused.

    An optimization objective makes events on items of a greater value count for more, as `rewarded` says.
    """
    order = data.order
    interactions, items, users = data.interactions(), data.items(), data.users()
    if items is None and order.recipe == _OF_TEXTS:
        raise TrainingRefused(f"{order.recipe} needs an Items dataset with records: import some, or put them.")
    split = personalize_split(interactions, order.seed)
    rewards = None
    if order.objective is not None:
        rewards = data.item_numbers(order.objective.column, interactions.item_ids)
        split = replace(split, train=rewarded(split.train, rewards, order.objective.sensitivity))
    tuned = _searched(data, split.train, items, users)
    recipe = _recipe(order.recipe, {**order.hyperparameters, **tuned})
    model = recipe.fit(split.train, items=items, users=users, seed=order.seed)
    metrics = dict(_judged(order.recipe, model, split, users).metrics)
    if order.events:
        metrics |= measure_event_weights(model, split, users=users)
    if rewards is not None:
        metrics |= measure_rewards(model, split, rewards, users=users)
    if isinstance(recipe, Trending):
        metrics |= measure_trending(recipe, interactions)
    return Trained(model, {key: metrics[key] for key in sorted(metrics)}, interactions, tuned, users)


def rewarded(interactions: Interactions, rewards: NDArray[np.float64], sensitivity: float) -> Interactions:
    """The same events, each with the weight 1 − s + s·r ÷ r̄, times the weight it has.

    r: the reward of its item (`rewards`, (n_items,); negative ones are none), r̄: the mean over the events,
    s: `sensitivity`, from 0 (rewards change nothing) to 1 (an event counts as much as it brings).
    """
    reward = np.maximum(rewards[interactions.item], 0.0)
    mean = reward.mean() if len(reward) else 0.0
    if not mean or not sensitivity:
        return interactions
    weight = (1 - sensitivity + sensitivity * reward / mean).astype(np.float32)
    return replace(interactions, weight=weight if interactions.weight is None else weight * interactions.weight)


def _searched(
    data: TrainingData, train: Interactions, items: Attributes | None, users: Attributes | None
) -> dict[str, str]:
    """The best of the candidates, each trained and judged on a split within the users that are trained on.

    Hyperparameters that mean nothing to the model here make no other recipe, and such a candidate is not trained
    again: it is as good as the one before, which stays.
    """
    order = data.order
    if order.tuning is None:
        return {}
    inner = personalize_split(train, order.seed + 1)
    defaults = {parameter.name: parameter.default for parameter in BY_NAME[order.recipe].parameters}
    best, best_quality, tried = {}, -1.0, list[Recipe]()
    for candidate in order.tuning.candidates({**defaults, **order.hyperparameters}, order.seed):
        recipe = _recipe(order.recipe, {**order.hyperparameters, **candidate})
        if recipe in tried:
            continue
        tried.append(recipe)
        model = recipe.fit(inner.train, items=items, users=users, seed=order.seed)
        quality = _judged(order.recipe, model, inner, users).metrics[_JUDGED_BY]
        if quality > best_quality:
            best, best_quality = candidate, quality
    return best


def _recipe(name: str, hyperparameters: Mapping[str, str]) -> Recipe:
    try:
        return RECIPES[name](hyperparameters)
    except ValueError as error:
        raise TrainingRefused(f"Invalid hyperparameters for {name}: {error}") from error


def _judged(recipe: str, model: Model, split: Split, users: Attributes | None) -> Evaluation:
    asked_with = last_item if recipe in RELATED_ITEMS else whole_history
    return judge_model(model, split, asked_with=asked_with, fit_seconds=0.0, users=users)
