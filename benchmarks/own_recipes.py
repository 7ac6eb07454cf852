"""Our recipes and the baselines as contenders, each in a process of its own like every other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.linalg
import scipy.sparse.linalg  # noqa: F401 - likewise

from benchmarks.peers.exchange import Task
from tastemaker.cli.attributes import read_attributes
from tastemaker.evaluation import RepeatLast
from tastemaker.recommenders import (
    RECIPES,
    RELATED_ITEMS,
    Attributes,
    Interactions,
    Model,
    Popularity,
    Recipe,
    SequenceRidge,
    SequenceRidgeModel,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.choice import Choice

BASELINES: Final[dict[str, Recipe]] = {"popularity": Popularity(), "repeat-last": RepeatLast()}


def contender(task: Task, name: str) -> OwnRecipe:
    """A recipe with its default hyperparameters, or a baseline, by its name."""
    path = str(task.items_file)
    items = read_attributes(Path(path), "ITEM_ID").for_recommenders() if path else None
    return OwnRecipe(BASELINES.get(name) or RECIPES[name]({}), items, last_only=name in RELATED_ITEMS)


def sequence_ridge(
    task: Task,  # noqa: ARG001 - as every contender's function
    exact_items: int = SequenceRidge.exact_items,
) -> OwnRecipe:
    """User personalization with settings that are no hyperparameters of Personalize."""
    return OwnRecipe(SequenceRidge(exact_items=exact_items), items=None, last_only=False)


def costliest_ridge(task: Task) -> OwnRecipe:  # noqa: ARG001 - as every contender's function
    """User personalization with the costliest settings that data can choose."""
    return OwnRecipe(CostliestRidge(), items=None, last_only=False)


@dataclass(frozen=True)
class CostliestRidge(SequenceRidge):
    """Chooses as ever, and takes the longest decays, nearness and second opinions whatever was chosen."""

    def _trained(
        self, interactions: Interactions, choice: Choice, exact_items: int, **others: Any
    ) -> SequenceRidgeModel:
        costliest = replace(choice, decays=max(self.decays, key=max), share=0.25, pool=1.0)
        return super()._trained(interactions, costliest, exact_items, **others)


@dataclass(frozen=True, eq=False)
class OwnRecipe:
    """`last_only`: it is asked with the item that the user has just turned to, not with the whole history."""

    recipe: Recipe
    items: Attributes | None
    last_only: bool

    def fit(self, task: Task) -> OwnModel:
        interactions = Interactions(
            user_ids=task.user_ids,
            item_ids=task.item_ids,
            user=task.user,
            item=task.item,
            timestamp=task.timestamp,
            event_type=task.event_type,
            event_types=tuple(task.event_types.tolist()),
        )
        return OwnModel(self.recipe.fit(interactions, items=self.items, seed=int(task.seed)), task, self.last_only)


@dataclass(frozen=True, eq=False)
class OwnModel:
    model: Model
    task: Task
    last_only: bool

    def recommend(self, request: int, k: int, *, repeats: bool) -> NDArray[np.int32]:
        history = self.task.history_of(request)
        candidates = None
        if not repeats:
            candidates = np.ones(len(self.task.item_ids), dtype=np.bool_)
            candidates[history] = False
        return self.model.recommend(history[-1:] if self.last_only else history, k, candidates)[0]
