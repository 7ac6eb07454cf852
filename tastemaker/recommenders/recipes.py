"""Recipes by the names that Personalize gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.recommenders.bought_together import BoughtTogether
from tastemaker.recommenders.next_best_action import NextBestAction
from tastemaker.recommenders.percentiles import EVERYONE, Percentiles
from tastemaker.recommenders.popularity import Popularity
from tastemaker.recommenders.segments import Segments
from tastemaker.recommenders.semantic_similarity import SemanticSimilarity
from tastemaker.recommenders.similar_items import Blend, SimilarItems
from tastemaker.recommenders.sims import PERCENTILES, Sims
from tastemaker.recommenders.trending import WINDOWS, Trending
from tastemaker.recommenders.user_personalization import SequenceRidge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tastemaker.recommenders.model import Recipe

_NO_RECENCY = ((0.99,),)
_MOSTLY_ALIKE = (Blend(0.25, 0.0, 0.25, 1.0), Blend(0.25, 0.0, 0.5, 1.0))


def _user_personalization(hyperparameters: Mapping[str, str]) -> Recipe:
    """`recency_mask` (v2: `apply_recency_bias`) false: old events weigh nearly as much as new ones.

    Users are left out by percentiles only where they are set: Personalize's default, to leave out the longest hundredth
    of histories, gains nothing here. The sizes of its neural network (`hidden_dimension`, `bptt`) mean nothing to this
    model.
    """
    recency = hyperparameters.get("recency_mask", hyperparameters.get("apply_recency_bias", "true"))
    percentiles = Percentiles.of(hyperparameters, EVERYONE)
    if recency.lower() == "true":
        return SequenceRidge(percentiles=percentiles)
    return SequenceRidge(decays=_NO_RECENCY, percentiles=percentiles)


def _similar_items(hyperparameters: Mapping[str, str]) -> Recipe:
    """`popularity_discount_factor` as it is; the sizes of Personalize's hidden layers mean nothing to this model."""
    return SimilarItems(popularity_discount=float(hyperparameters.get("popularity_discount_factor", "0.0")))


def _sims(hyperparameters: Mapping[str, str]) -> Recipe:
    """All of Personalize's: `popularity_discount_factor`, `min_cointeraction_count` and the four percentiles."""
    return Sims(
        popularity_discount=float(hyperparameters.get("popularity_discount_factor", "0.5")),
        least_together=int(hyperparameters.get("min_cointeraction_count", "3")),
        percentiles=Percentiles.of(hyperparameters, PERCENTILES),
    )


def _trending(hyperparameters: Mapping[str, str]) -> Recipe:
    """`trend_discovery_frequency` is the length of a window."""
    frequency = hyperparameters.get("trend_discovery_frequency", "2 hours")
    if frequency not in WINDOWS:
        raise ValueError(f"trend_discovery_frequency {frequency!r} is none of {', '.join(WINDOWS)}")
    return Trending(window=WINDOWS[frequency])


def _next_best_action(hyperparameters: Mapping[str, str]) -> NextBestAction:
    """`action_optimization_period`: the days whose showings count."""
    period = int(hyperparameters.get("action_optimization_period", "14"))
    if not 7 <= period <= 28:
        raise ValueError(f"action_optimization_period {period} is not between 7 and 28 days")
    return NextBestAction(period=period)


def _always(recipe: Recipe) -> Callable[[Mapping[str, str]], Recipe]:
    """Of a recipe without hyperparameters."""
    return lambda _: recipe


RECIPES: Mapping[str, Callable[[Mapping[str, str]], Recipe]] = {
    "aws-user-personalization": _user_personalization,
    "aws-user-personalization-v2": _user_personalization,
    "aws-personalized-ranking": _user_personalization,
    "aws-personalized-ranking-v2": _user_personalization,
    "aws-similar-items": _similar_items,
    "aws-sims": _sims,
    "aws-semantic-similarity": _always(SemanticSimilarity()),
    "aws-popularity-count": _always(Popularity()),
    "aws-trending-now": _trending,
    "aws-ecomm-popular-items-by-views": _always(Popularity()),
    "aws-ecomm-popular-items-by-purchases": _always(Popularity()),
    "aws-ecomm-frequently-bought-together": _always(BoughtTogether()),
    "aws-ecomm-customers-who-viewed-x-also-viewed": _always(SimilarItems()),
    "aws-ecomm-recommended-for-you": _always(SequenceRidge()),
    "aws-vod-because-you-watched-x": _always(SimilarItems()),
    "aws-vod-more-like-x": _always(SimilarItems(blends=_MOSTLY_ALIKE)),
    "aws-vod-most-popular": _always(Popularity()),
    "aws-vod-trending-now": _always(Trending()),
    "aws-vod-top-picks": _always(SequenceRidge()),
}
"""Personalize's recipe name → the recipe for some hyperparameters, by Personalize's names, all values strings.

Of a domain's use case, whoever calls has chosen the events that it is about (views, purchases).
"""

SEGMENT_RECIPES: Mapping[str, Callable[[Mapping[str, str]], Segments]] = {
    "aws-item-affinity": lambda _: Segments(),
    "aws-item-attribute-affinity": lambda _: Segments(),
}
"""The same of recipes whose models answer with users. Their `hidden_dimension` means nothing to the model."""

ACTION_RECIPES: Mapping[str, Callable[[Mapping[str, str]], NextBestAction]] = {
    "aws-next-best-action": _next_best_action,
}
"""The same of recipes whose models answer with actions."""

RELATED_ITEMS = frozenset(
    {
        "aws-similar-items",
        "aws-sims",
        "aws-semantic-similarity",
        "aws-ecomm-frequently-bought-together",
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        "aws-vod-because-you-watched-x",
        "aws-vod-more-like-x",
    }
)
"""The recipes whose models are asked with one item instead of a user's history."""

WITHOUT_HISTORY = frozenset(
    {
        "aws-popularity-count",
        "aws-trending-now",
        "aws-ecomm-popular-items-by-views",
        "aws-ecomm-popular-items-by-purchases",
        "aws-vod-most-popular",
        "aws-vod-trending-now",
    }
)
"""The recipes whose models answer the same to everyone, whatever the history."""
