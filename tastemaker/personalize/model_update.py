"""Brings a model up to date without training it anew: items, actions and events that came since."""

from __future__ import annotations

import json

from tastemaker import recommenders
from tastemaker.personalize.histories import load_histories
from tastemaker.personalize.item_training import recipe_of
from tastemaker.personalize.new_events import known_events
from tastemaker.personalize.trained import Trained
from tastemaker.personalize.training_data import TrainingData
from tastemaker.personalize.training_files import base_files, model_files
from tastemaker.personalize.training_spec import TAKES_ACTIONS
from tastemaker.recommenders import ActionModel, SequenceRidge, SequenceRidgeModel


def bring_up_to_date(data: TrainingData) -> Trained:
    """The model that lies beside the order in the catalogue of today, with today's histories.

    A model with actions takes in new ones, and keeps its weights. Another has learned from the new events of all users
    as well (`recommenders.with_new_events`), where its training has left sums to add them to; those of an earlier
    version have left none, and keep their weights. With an objective, new events are weighed by the mean reward of the
    training, as the old ones were; by that of today where an earlier version has not kept it.

    Nothing is measured: it answers as before where nothing is new. Raises TrainingRefused and NotEnoughMemory.
    """
    order, base, interactions = data.order, base_files(data.directory), data.interactions()
    if order.recipe in TAKES_ACTIONS:
        knows = recommenders.load(base.model, ActionModel)
        actions = data.actions()
        return Trained(knows if actions is None else knows.with_actions(actions), {}, interactions)
    model = recommenders.load(base.model, SequenceRidgeModel)
    recipe = recipe_of(order.recipe, order.hyperparameters)
    if not isinstance(recipe, SequenceRidge) or not base.sums.exists():
        return Trained(model.with_items(interactions.item_ids.tolist()), {}, interactions, users=data.users())
    known = known_events(load_histories(base.histories, model.item_ids), interactions)
    files = model_files(data.directory)
    if base.mean_reward.exists():
        told = base.mean_reward.read_text(encoding="utf-8")
        files.mean_reward.write_text(told, encoding="utf-8")
        mean_reward: float | None = json.loads(told)
    else:
        mean_reward = data.mean_reward(interactions)
    weighed = data.rewarded(interactions, mean_reward)
    model = recommenders.with_new_events(recipe, model, weighed, known, sums=base.sums, kept=files.sums)
    return Trained(model, {}, interactions, users=data.users())
