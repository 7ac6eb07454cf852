"""How good a recipe is: Personalize's split, its metrics, and the baselines to compare with."""

from tastemaker.evaluation.baselines import RepeatLast
from tastemaker.evaluation.evaluate import Evaluation, Ranker, evaluate, judge
from tastemaker.evaluation.metrics import personalize_metrics
from tastemaker.evaluation.split import Request, Split, personalize_split

__all__ = [
    "Evaluation",
    "Ranker",
    "RepeatLast",
    "Request",
    "Split",
    "evaluate",
    "judge",
    "personalize_metrics",
    "personalize_split",
]
