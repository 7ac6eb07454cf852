"""The eight figures that Personalize reports for an item recipe, by Personalize's own definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

DEPTH = 25
"""How many recommendations of each request are judged."""

CUTS = (5, 10, 25)
"""After how many of them NDCG and precision are reckoned."""

DIGITS = 4
"""Places after the point that metrics are rounded to, as Personalize does."""


def personalize_metrics(
    recommended: Sequence[Sequence[Hashable]], truth: Sequence[Collection[Hashable]], catalogue_size: int
) -> dict[str, float]:
    """Coverage, and the means over requests of reciprocal rank, NDCG and precision; rounded, in order of their keys.

    `recommended[i]` is the list for request i, best first (what comes after the 25th is not looked at); `truth[i]`
    the items that count as hits. With h(r) = 1 where the item at rank r is a hit, else 0:

    - `coverage`: distinct items recommended ÷ `catalogue_size`
    - `mean_reciprocal_rank_at_25`: 1 / (smallest r ≤ 25 with h(r) = 1), 0 without a hit
    - `normalized_discounted_cumulative_gain_at_K`: Σ_{r≤K} h(r)/log(1+r) ÷ Σ_{r≤hits} 1/log(1+r), where `hits` is
      the number of hits in the first K: the ideal is *the recommended list itself* with its hits moved to the
      front, not all that was held out. 0 without a hit
    - `precision_at_K`: hits in the first K ÷ K

    Source: "Evaluating an Amazon Personalize solution version with metrics", developer guide. All zero
    without requests.
    """
    if len(recommended) != len(truth):
        raise ValueError(f"{len(recommended)} lists are to be judged by the truths of {len(truth)} requests")
    hits = np.zeros((len(truth), DEPTH), dtype=np.bool_)
    for row, (items, relevant) in enumerate(zip(recommended, truth, strict=True)):
        wanted = frozenset(relevant)
        hits[row, : min(len(items), DEPTH)] = [item in wanted for item in items[:DEPTH]]
    distinct = {item for items in recommended for item in items[:DEPTH]}
    figures = means(personalize_values(hits))
    figures["coverage"] = round(len(distinct) / catalogue_size, DIGITS) if catalogue_size else 0.0
    return {key: figures[key] for key in sorted(figures)}


def personalize_values(hits: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """What each request is worth, (n,) by the keys of `personalize_metrics` but coverage, which is of all together.

    `hits` (n, 25): whether the recommendation at each rank is a hit; false where the list is shorter.
    """
    values = {"mean_reciprocal_rank_at_25": np.where(hits.any(axis=1), 1 / (1 + hits.argmax(axis=1)), 0.0)}
    for cut in CUTS:
        values[f"normalized_discounted_cumulative_gain_at_{cut}"] = _ndcg(hits[:, :cut])
        values[f"precision_at_{cut}"] = hits[:, :cut].mean(axis=1)
    return values


def means(values: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """The rounded means over requests; a NaN is not in the mean, and of nothing it is 0."""
    there = {key: value[~np.isnan(value)] for key, value in values.items()}
    return {key: round(float(value.mean()), DIGITS) if len(value) else 0.0 for key, value in there.items()}


def _ndcg(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    gains = 1 / np.log1p(np.arange(1, hits.shape[1] + 1))
    ideal = np.concatenate(([np.inf], np.cumsum(gains)))
    ndcg: NDArray[np.float64] = (hits @ gains) / ideal[hits.sum(axis=1)]
    return ndcg
