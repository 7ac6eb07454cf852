"""What the trained model is to be compared with: baselines, and for the example shop the oracle."""

from __future__ import annotations

from tastemaker.cli.recipes import BASELINES
from tastemaker.evaluation import evaluate, judge, personalize_split
from tastemaker.example import Oracle, Shop
from tastemaker.recommenders import Interactions

Metrics = dict[str, float]


def baselines(interactions: Interactions, *, seed: int) -> dict[str, Metrics]:
    """Personalize's metrics of `popularity` and `repeat-last`, on the hold-out that the model was measured on."""
    return {name: evaluate(recipe, interactions, seed=seed).metrics for name, recipe in BASELINES.items()}


def oracle(shop: Shop, interactions: Interactions, *, seed: int) -> Metrics:
    """The same metrics of a ranking by the shop's own probabilities: as good as it gets there."""
    split = personalize_split(interactions, seed)
    return judge(Oracle(shop).ranker(interactions.item_ids), split, fit_seconds=0.0).metrics
