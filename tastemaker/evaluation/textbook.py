"""The figures of papers: hit rate, reciprocal rank, NDCG, coverage, novelty, each by its textbook definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.metrics import means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CUT = 10
"""How many recommendations count, but for the reciprocal rank."""


def textbook_metrics(ranks: Sequence[int | None]) -> dict[str, float]:
    """Means over requests with one right answer each, at rank r ≥ 1 (None: it was not found); rounded, keys in order.

    - `hit_rate_at_10`: 1 where r ≤ 10, else 0
    - `mean_reciprocal_rank`: 1 / r, however large r is
    - `ndcg_at_10`: 1 / log2(1 + r) where r ≤ 10, else 0: the ideal, the answer at rank 1, is worth 1

    All zero without requests. Source: He et al., "Neural Collaborative Filtering", 2017; of the reciprocal rank
    Voorhees, "The TREC-8 Question Answering Track Report", 1999.
    """
    return means(textbook_values(ranks))


def textbook_values(ranks: Sequence[int | None]) -> dict[str, NDArray[np.float64]]:
    """What each request is worth, (n,) by the keys of `textbook_metrics`."""
    rank = np.array([np.inf if r is None else r for r in ranks], dtype=np.float64)
    near = rank <= CUT
    return {
        f"hit_rate_at_{CUT}": near.astype(np.float64),
        "mean_reciprocal_rank": 1 / rank,
        f"ndcg_at_{CUT}": near / np.log2(1 + rank),
    }


def novelty(recommended: NDArray[np.int32], users: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """(n,): of each list the mean of −log2(max(1, users of the item) ÷ `n_users`), in bits; NaN of an empty list.

    1 bit: on average half of the users have had what is recommended; 10 bits: one in a thousand. `recommended`
    (n, depth): positions, −1 beyond the end of a list; `users` (n_items,): distinct users of each item in training.

    Source: the mean self-information of Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender
    systems", 2010. There it is infinite for an item that nobody has had, which here counts as one that one user has.
    """
    # the −1 takes the last place
    bits = np.append(np.log2(max(1, n_users)) - np.log2(np.maximum(users, 1)), 0.0)[recommended]
    lengths = (recommended >= 0).sum(axis=1)
    return np.where(lengths > 0, bits.sum(axis=1) / np.maximum(lengths, 1), np.nan)
