"""The models of LensKit for implicit feedback as contenders; runs in its environment.

Trained on which user had which item: LensKit counts a pair once. A request brings its history, from which LensKit
answers; users of the training are folded in like others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from lenskit import recommend
from lenskit.als import ImplicitMFScorer
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer
from lenskit.pipeline import Component, Pipeline, topn_pipeline
from lenskit.training import TrainingOptions

from benchmarks.peers.exchange import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_ITEMS = 30_000


def als(task: Task, *, features: int, weight: float, regularization: float) -> LensKitContender:  # noqa: ARG001 - its fit is given the seed
    """Hu et al., "Collaborative Filtering for Implicit Feedback Datasets", 2008."""
    return LensKitContender(ImplicitMFScorer(embedding_size=features, weight=weight, regularization=regularization))


def item_knn(task: Task, *, neighbours: int) -> LensKitContender:  # noqa: ARG001 - nothing is drawn
    """Deshpande and Karypis, "Item-based Top-N Recommendation Algorithms", 2004."""
    return LensKitContender(ItemKNNScorer(max_nbrs=neighbours, feedback="implicit"))


def ease(task: Task, *, regularization: float) -> LensKitContender:
    """Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019."""
    if len(task.item_ids) > _MOST_ITEMS:
        gigabytes = 8 * len(task.item_ids) ** 2 / 1e9
        raise SystemExit(f"EASE inverts a dense matrix: {len(task.item_ids):,} items take {gigabytes:.0f} GB")
    return LensKitContender(EASEScorer(regularization=regularization))


@dataclass(frozen=True, eq=False)
class LensKitContender:
    scorer: Component[ItemList]

    def fit(self, task: Task) -> LensKitModel:
        events = pd.DataFrame({"user_id": task.user, "item_id": task.item}).drop_duplicates()
        data = from_interactions_df(events)
        pipeline = topn_pipeline(self.scorer)
        pipeline.train(data, TrainingOptions(rng=int(task.seed)))
        return LensKitModel(pipeline, task, ItemList.from_vocabulary(data.items), np.unique(task.item))


@dataclass(frozen=True, eq=False)
class LensKitModel:
    """`everything`: the items of the training, of which the pipeline takes away the history unless it is given them.

    `known`: their positions in the task's catalogue, sorted.
    """

    pipeline: Pipeline
    task: Task
    everything: ItemList
    known: NDArray[np.int32]

    def recommend(self, request: int, k: int, *, repeats: bool) -> NDArray[np.int32]:
        # it refuses a history with an item that nobody in the training had
        history = np.intersect1d(self.task.history_of(request), self.known)
        query = RecQuery(history_items=ItemList(item_ids=history))
        found = recommend(self.pipeline, query, k, self.everything if repeats else None)
        return np.asarray(found.ids(), dtype=np.int32)
