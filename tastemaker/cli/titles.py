"""The metrics that tables show, by key, and what they call them."""

from __future__ import annotations

from typing import Final

PERSONALIZE_TITLES: Final = {
    "normalized_discounted_cumulative_gain_at_10": "NDCG@10",
    "normalized_discounted_cumulative_gain_at_25": "NDCG@25",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "precision_at_10": "precision@10",
    "coverage": "coverage",
}
LEAVE_ONE_OUT_TITLES: Final = {
    "hit_rate_at_10": "HR@10",
    "ndcg_at_10": "NDCG@10",
    "mean_reciprocal_rank": "MRR",
}
