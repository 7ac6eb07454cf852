"""The models of `implicit` (Frederickson) as contenders; runs in their environment.

Trained on how often each user had each item. A user is folded in from the history where the library does so (ALS,
nearest neighbours); for BPR, which does not, those who are asked are trained on, too, with their histories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender
from scipy.sparse import csr_matrix

from benchmarks.peers.exchange import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

# what it puts in place of an item that is filtered out
_NOTHING = -1e38


def als(task: Task, *, factors: int, alpha: float = 1.0, regularization: float = 0.01) -> ImplicitContender:
    """Hu et al., "Collaborative Filtering for Implicit Feedback Datasets", 2008."""
    model = AlternatingLeastSquares(
        factors=factors, alpha=alpha, regularization=regularization, random_state=int(task.seed)
    )
    return ImplicitContender(model, folds_in=True)


def bm25(task: Task, *, neighbours: int, k1: float, b: float) -> ImplicitContender:  # noqa: ARG001 - nothing is drawn
    """Item-based nearest neighbours by BM25."""
    return ImplicitContender(BM25Recommender(K=neighbours, K1=k1, B=b), folds_in=True)


def bpr(task: Task, *, factors: int, learning_rate: float, regularization: float) -> ImplicitContender:
    """Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", 2009."""
    model = BayesianPersonalizedRanking(
        factors=factors, learning_rate=learning_rate, regularization=regularization, random_state=int(task.seed)
    )
    return ImplicitContender(model, folds_in=False)


@dataclass(frozen=True, eq=False)
class ImplicitContender:
    model: AlternatingLeastSquares | BM25Recommender | BayesianPersonalizedRanking
    folds_in: bool

    def fit(self, task: Task) -> ImplicitModel:
        user, item, n_users = task.user, task.item, len(task.user_ids)
        rows = np.zeros(len(task), dtype=np.int32)
        if not self.folds_in:
            new = np.flatnonzero(task.asked < 0).tolist()
            rows = task.asked.copy()
            rows[new] = n_users + np.arange(len(new))
            user = np.concatenate([user, *(np.full(len(task.history_of(r)), rows[r]) for r in new)])
            item = np.concatenate([item, *(task.history_of(r) for r in new)])
            n_users += len(new)
        counts = csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=(n_users, len(task.item_ids)))
        self.model.fit(counts, show_progress=False)
        if not self.folds_in:
            return ImplicitModel(self._recommend_known, task, rows)
        return ImplicitModel(self._recommend_new, task, rows)

    def _recommend_new(self, row: int, counts: csr_matrix, k: int, repeats: bool) -> NDArray[np.int32]:
        return _listed(self.model.recommend(row, counts, k, not repeats, recalculate_user=True))

    def _recommend_known(self, row: int, counts: csr_matrix, k: int, repeats: bool) -> NDArray[np.int32]:
        return _listed(self.model.recommend(row, counts, k, not repeats))


@dataclass(frozen=True, eq=False)
class ImplicitModel:
    """`rows`: of each request, the user's in what was trained on."""

    answer: Callable[[int, csr_matrix, int, bool], NDArray[np.int32]]
    task: Task
    rows: NDArray[np.int32]

    def recommend(self, request: int, k: int, *, repeats: bool) -> NDArray[np.int32]:
        items, counts = np.unique(self.task.history_of(request), return_counts=True)
        known = csr_matrix((counts.astype(np.float32), items, [0, len(items)]), shape=(1, len(self.task.item_ids)))
        return self.answer(int(self.rows[request]), known, k, repeats)


def _listed(answer: tuple[NDArray[np.int32], NDArray[np.float32]]) -> NDArray[np.int32]:
    items, scores = answer
    return items[scores > _NOTHING].astype(np.int32)
