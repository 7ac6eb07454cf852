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
    "coverage_at_10": "coverage@10",
    "novelty_at_10": "novelty@10",
}
TITLES: Final = PERSONALIZE_TITLES | LEAVE_ONE_OUT_TITLES
MEANINGS: Final = {
    "normalized_discounted_cumulative_gain_at_10": "As the next, of the first 10.",
    "normalized_discounted_cumulative_gain_at_25": "How far in front the hits among the first 25 are: 1 where all hits "
    "come first, 0 without one. It is divided by the best order of the recommended list itself, as Personalize does, "
    "and so does not say how much of what was held out was found.",
    "mean_reciprocal_rank_at_25": "1 ÷ the rank of the first hit, 0 without one among the first 25.",
    "precision_at_10": "The share of the first 10 that are hits.",
    "coverage": "The share of the catalogue that is among the first 25 of anybody.",
    "hit_rate_at_10": "The share of users whose last item is among the first 10.",
    "ndcg_at_10": "1 ÷ log2(1 + rank) of the last item, 0 beyond rank 10.",
    "mean_reciprocal_rank": "1 ÷ the rank of the last item in the whole ranking.",
    "coverage_at_10": "The share of the catalogue that is among the first 10 of anybody.",
    "novelty_at_10": "Of the first 10, the mean of −log2 of the share of users who have had the item, in bits: 1 where "
    "half of the users have, 10 where one in a thousand has. Higher is less popular, not better.",
}
