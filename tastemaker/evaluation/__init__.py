"""How good a recipe is: Personalize's split, its metrics, the textbook's, and the baselines to compare with."""

from tastemaker.evaluation.actions import (
    ActionSplit,
    action_metrics,
    action_split,
    area_under_the_curve,
    measure_actions,
)
from tastemaker.evaluation.baselines import RepeatLast
from tastemaker.evaluation.breakdown import (
    Group,
    by_history_length,
    by_item_popularity,
    coverage_curve,
    popularity_tenths,
)
from tastemaker.evaluation.comparison import Comparison, Difference, Figure, View, as_imported, repeats_removed
from tastemaker.evaluation.evaluate import (
    PERSONALIZE,
    Evaluation,
    OfflineProtocol,
    Ranker,
    evaluate,
    judge,
    judge_model,
    last_item,
    whole_history,
)
from tastemaker.evaluation.intervals import Interval, over_draws, over_users
from tastemaker.evaluation.judged import Judged
from tastemaker.evaluation.leave_one_out import LEAVE_ONE_OUT, judge_last, leave_one_out_split
from tastemaker.evaluation.metrics import personalize_metrics
from tastemaker.evaluation.objectives import (
    average_rewards,
    event_weighted_ndcg,
    measure_event_weights,
    measure_rewards,
)
from tastemaker.evaluation.segments import (
    SegmentSplit,
    attributes_asked,
    items_asked,
    measure_segments,
    segment_metrics,
    segment_split,
)
from tastemaker.evaluation.split import Request, Split, personalize_split
from tastemaker.evaluation.textbook import textbook_metrics
from tastemaker.evaluation.trends import measure_trending, trend_prediction_accuracy

__all__ = [
    "LEAVE_ONE_OUT",
    "PERSONALIZE",
    "ActionSplit",
    "Comparison",
    "Difference",
    "Evaluation",
    "Figure",
    "Group",
    "Interval",
    "Judged",
    "OfflineProtocol",
    "Ranker",
    "RepeatLast",
    "Request",
    "SegmentSplit",
    "Split",
    "View",
    "action_metrics",
    "action_split",
    "area_under_the_curve",
    "as_imported",
    "attributes_asked",
    "average_rewards",
    "by_history_length",
    "by_item_popularity",
    "coverage_curve",
    "evaluate",
    "event_weighted_ndcg",
    "items_asked",
    "judge",
    "judge_last",
    "judge_model",
    "last_item",
    "leave_one_out_split",
    "measure_actions",
    "measure_event_weights",
    "measure_rewards",
    "measure_segments",
    "measure_trending",
    "over_draws",
    "over_users",
    "personalize_metrics",
    "personalize_split",
    "popularity_tenths",
    "repeats_removed",
    "segment_metrics",
    "segment_split",
    "textbook_metrics",
    "trend_prediction_accuracy",
    "whole_history",
]
