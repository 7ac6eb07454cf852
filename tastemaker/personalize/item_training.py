"""Trains a recipe of items, with a search for its hyperparameters where one is wanted, and measures it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

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
from tastemaker.personalize.training_files import model_files
from tastemaker.personalize.training_spec import TAKES_ITEMS
from tastemaker.recommenders import RECIPES, RELATED_ITEMS, Model, SequenceRidge, Trending

if TYPE_CHECKING:
    from tastemaker.recommenders import Attributes, Interactions, Recipe

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
    mean_reward = data.mean_reward(split.train)
    split = replace(split, train=data.rewarded(split.train, mean_reward))
    tuned = _searched(data, split.train, items, users)
    recipe = recipe_of(order.recipe, {**order.hyperparameters, **tuned})
    if isinstance(recipe, SequenceRidge) and order.recipe in TAKES_ITEMS:
        files = model_files(data.directory)
        model: Model = recipe.fit(split.train, items=items, users=users, seed=order.seed, sums=files.sums)
        if mean_reward is not None:
            files.mean_reward.write_text(json.dumps(mean_reward), encoding="utf-8")
    else:
        model = recipe.fit(split.train, items=items, users=users, seed=order.seed)
    metrics = dict(_judged(order.recipe, model, split, users).metrics)
    if order.events:
        metrics |= measure_event_weights(model, split, users=users)
    if order.objective is not None:
        rewards = data.item_numbers(order.objective.column, interactions.item_ids)
        metrics |= measure_rewards(model, split, rewards, users=users)
    if isinstance(recipe, Trending):
        metrics |= measure_trending(recipe, interactions)
    return Trained(model, {key: metrics[key] for key in sorted(metrics)}, interactions, tuned, users)


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
    best, best_quality, tried = {}, -1.0, list["Recipe"]()
    for candidate in order.tuning.candidates({**defaults, **order.hyperparameters}, order.seed):
        recipe = recipe_of(order.recipe, {**order.hyperparameters, **candidate})
        if recipe in tried:
            continue
        tried.append(recipe)
        model = recipe.fit(inner.train, items=items, users=users, seed=order.seed)
        quality = _judged(order.recipe, model, inner, users).metrics[_JUDGED_BY]
        if quality > best_quality:
            best, best_quality = candidate, quality
    return best


def recipe_of(name: str, hyperparameters: Mapping[str, str]) -> Recipe:
    """Raises TrainingRefused."""
    try:
        return RECIPES[name](hyperparameters)
    except ValueError as error:
        raise TrainingRefused(f"Invalid hyperparameters for {name}: {error}") from error


def _judged(recipe: str, model: Model, split: Split, users: Attributes | None) -> Evaluation:
    asked_with = last_item if recipe in RELATED_ITEMS else whole_history
    return judge_model(model, split, asked_with=asked_with, fit_seconds=0.0, users=users)
