"""How good a recipe is: Personalize's split, its metrics, the textbook's, and the baselines to compare with."""

from tastemaker.evaluation.baselines import RepeatLast
from tastemaker.evaluation.evaluate import (
    PERSONALIZE,
    Evaluation,
    OfflineProtocol,
    Ranker,
    evaluate,
    judge,
    last_item,
    whole_history,
)
from tastemaker.evaluation.leave_one_out import LEAVE_ONE_OUT, judge_last, leave_one_out_split, textbook_metrics
from tastemaker.evaluation.metrics import personalize_metrics
from tastemaker.evaluation.split import Request, Split, personalize_split

__all__ = [
    "LEAVE_ONE_OUT",
    "PERSONALIZE",
    "Evaluation",
    "OfflineProtocol",
    "Ranker",
    "RepeatLast",
    "Request",
    "Split",
    "evaluate",
    "judge",
    "judge_last",
    "last_item",
    "leave_one_out_split",
    "personalize_metrics",
    "personalize_split",
    "textbook_metrics",
    "whole_history",
]
