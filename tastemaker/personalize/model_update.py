"""Brings a model up to date without training it: items and events that came since, with the weights as they are."""

from __future__ import annotations

from tastemaker import recommenders
from tastemaker.personalize.trained import Trained
from tastemaker.personalize.training_data import TrainingData
from tastemaker.personalize.training_files import base_path
from tastemaker.recommenders import ACTION_RECIPES, ActionModel, SequenceRidgeModel

TAKES_ITEMS = frozenset({"aws-user-personalization", "aws-user-personalization-v2"})
"""The recipes whose models take new items into their catalogue, where exploration finds them."""
TAKES_ACTIONS = frozenset(ACTION_RECIPES)
"""The recipes whose models take in new actions."""


def bring_up_to_date(data: TrainingData) -> Trained:
    """The model that lies beside the order in the catalogue of today, with today's histories.

    Nothing is measured: it answers as before where nothing is new.
    """
    interactions = data.interactions()
    if data.order.recipe in TAKES_ACTIONS:
        knows = recommenders.load(base_path(data.directory), ActionModel)
        actions = data.actions()
        return Trained(knows if actions is None else knows.with_actions(actions), {}, interactions)
    model = recommenders.load(base_path(data.directory), SequenceRidgeModel)
    return Trained(model.with_items(interactions.item_ids.tolist()), {}, interactions, users=data.users())
