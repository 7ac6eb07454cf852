"""Metrics of solutions that want more than relevance: events of other weight, items of other reward."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tastemaker.evaluation.evaluate import under_circumstances, whole_history
from tastemaker.evaluation.metrics import CUTS, DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tastemaker.evaluation.split import Request, Split
    from tastemaker.recommenders import Attributes, Model

H = TypeVar("H", bound=Hashable)

_CHOSEN_FROM = 100


def measure_event_weights(
    model: Model,
    split: Split,
    *,
    asked_with: Callable[[Request], NDArray[np.int32]] = whole_history,
    users: Attributes | None = None,
) -> dict[str, float]:
    """`event_weighted_ndcg` of a model's answers; an item's weight is the largest of its held-out events.

    All events weigh 1 where the split has no weights. `users`: what is known of the users who ask.
    """
    under = under_circumstances(model, users)
    lists, truths = [], []
    for request in split.test:
        lists.append(under(request).recommend(asked_with(request), DEPTH)[0].tolist())
        weights = np.ones(len(request.truth)) if request.weights is None else request.weights
        truth: dict[int, float] = {}
        for item, weight in zip(request.truth.tolist(), weights.tolist(), strict=True):
            truth[item] = max(weight, truth.get(item, 0.0))
        truths.append(truth)
    return event_weighted_ndcg(lists, truths)


def event_weighted_ndcg(recommended: Sequence[Sequence[H]], truth: Sequence[Mapping[H, float]]) -> dict[str, float]:
    """Means over requests of the NDCG in which a hit counts by its weight, after 5, 10 and 25; rounded, keys in order.

    `recommended[i]` is the list for request i, best first; `truth[i]` the items that count as hits and their weights,
    w. With w(r) = w of the item at rank r, 0 where it is no hit, Σ_{r≤K} w(r)/log(1+r) is divided by the same of the
    list's own hits, moved to the front, the heaviest first (`personalize_metrics`). 0 without a hit. Personalize
    divides weights by their mean, which makes no difference to this ratio.
    """
    if len(recommended) != len(truth):
        raise ValueError(f"{len(recommended)} lists are to be judged by the truths of {len(truth)} requests")
    gained = np.zeros((len(truth), DEPTH))
    for row, (items, relevant) in enumerate(zip(recommended, truth, strict=True)):
        gained[row, : min(len(items), DEPTH)] = [relevant.get(item, 0.0) for item in items[:DEPTH]]
    discounts = 1 / np.log1p(np.arange(1, DEPTH + 1))
    figures = {}
    for cut in CUTS:
        within = gained[:, :cut]
        ideal = -np.sort(-within, axis=1) @ discounts[:cut]
        ndcg = (within @ discounts[:cut]) / np.where(ideal > 0, ideal, 1)
        key = f"normalized_discounted_cumulative_gain_with_event_weights_at_{cut}"
        figures[key] = round(float(ndcg.mean()), 4) if len(ndcg) else 0.0
    return {key: figures[key] for key in sorted(figures)}


def measure_rewards(
    model: Model,
    split: Split,
    rewards: NDArray[np.float64],
    *,
    asked_with: Callable[[Request], NDArray[np.int32]] = whole_history,
    users: Attributes | None = None,
) -> dict[str, float]:
    """`average_rewards_at_k` of a model's first hundred recommendations.

    `rewards` (n_items,): what an interaction with an item brings; NaN and negative ones count as nothing.
    `users`: what is known of the users who ask.
    """
    under = under_circumstances(model, users)
    worth = np.maximum(np.nan_to_num(rewards, nan=0.0), 0.0)
    lists = [under(request).recommend(asked_with(request), _CHOSEN_FROM)[0] for request in split.test]
    return {"average_rewards_at_k": average_rewards(lists, [request.truth for request in split.test], worth)}


def average_rewards(
    recommended: Sequence[NDArray[np.int32]], truth: Sequence[NDArray[np.int32]], rewards: NDArray[np.float64]
) -> float:
    """Of each user the reward of interactions with the 25 recommendations of most reward ÷ that with any of them.

    `truth[i]` are the items of the user's held-out interactions, repeats included; of equal reward, what is recommended
    first. The mean is over the users who brought any reward, rounded; 0 without those. The guide says that it is
    "normalized" to at most 1, which it is as it stands. Source: "Optimizing a solution for an additional objective",
    developer guide.
    """
    shares = []
    for items, real in zip(recommended, truth, strict=True):
        dearest = items[np.argsort(-rewards[items], kind="stable")[:DEPTH]]
        total = float(rewards[real[np.isin(real, items)]].sum())
        if total > 0:
            shares.append(float(rewards[real[np.isin(real, dearest)]].sum()) / total)
    return round(float(np.mean(shares)), 4) if shares else 0.0
