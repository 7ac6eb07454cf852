"""Trains a recipe of actions and measures it."""

from __future__ import annotations

from tastemaker.evaluation import action_split, measure_actions
from tastemaker.personalize.trained import Trained
from tastemaker.personalize.training_data import TrainingData, TrainingRefused
from tastemaker.recommenders import ACTION_RECIPES


def train_actions(data: TrainingData) -> Trained:
    """Train on nine tenths of the users who met actions, and measure on the others. Raises TrainingRefused.

    Action interactions have no minimum: without them no action has a propensity.
    """
    order = data.order
    interactions, actions = data.interactions(), data.actions()
    if actions is None:
        raise TrainingRefused(f"{order.recipe} needs an Actions dataset with records: import some, or put them.")
    met = data.action_interactions().with_items(actions.ids.tolist())
    split = action_split(met, order.seed)
    recipe = ACTION_RECIPES[order.recipe](order.hyperparameters)
    model = recipe.fit(interactions, split.train, actions, seed=order.seed)
    metrics = measure_actions(model, split, interactions, period=recipe.period)
    return Trained(model, metrics, interactions)
