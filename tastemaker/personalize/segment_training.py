"""Trains a recipe of user segments and measures it."""

from __future__ import annotations

from typing import Final

from tastemaker.evaluation import attributes_asked, items_asked, measure_segments, segment_split
from tastemaker.personalize.trained import Trained
from tastemaker.personalize.training_data import TrainingData, TrainingRefused
from tastemaker.recommenders import SEGMENT_RECIPES

_BY_ATTRIBUTE: Final = "aws-item-attribute-affinity"


def train_segments(data: TrainingData) -> Trained:
    """Train on the older events of every user and measure on the newer ones; all of them are what is answered from.

    Raises TrainingRefused.
    """
    order = data.order
    interactions, items = data.interactions(), data.items()
    split = segment_split(interactions)
    model = SEGMENT_RECIPES[order.recipe](order.hyperparameters).fit(split.train, items=items, seed=order.seed)
    if order.recipe == _BY_ATTRIBUTE:
        if items is None:
            raise TrainingRefused(f"{order.recipe} needs an Items dataset with records: import some, or put them.")
        questions = attributes_asked(items.of(interactions.item_ids))
    else:
        questions = items_asked(split, seed=order.seed)
    metrics = measure_segments(model, split, questions)
    return Trained(model.with_histories(interactions), metrics, interactions)
