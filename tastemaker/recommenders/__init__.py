"""The models behind the recipes: interactions in, a model out; a history in, ranked items out."""

from tastemaker.recommenders.attributes import Attributes
from tastemaker.recommenders.bought_together import BoughtTogether
from tastemaker.recommenders.circumstances import Circumstances, Holding
from tastemaker.recommenders.context import Categories, Context
from tastemaker.recommenders.explanation import Explanation, explain
from tastemaker.recommenders.interactions import Interactions, locate
from tastemaker.recommenders.loading import load
from tastemaker.recommenders.memory import NotEnoughMemory
from tastemaker.recommenders.model import Chosen, Model, Recipe, choice_of
from tastemaker.recommenders.next_best_action import ActionModel, NextBestAction
from tastemaker.recommenders.percentiles import Percentiles
from tastemaker.recommenders.popularity import Popularity, PopularityModel
from tastemaker.recommenders.recipes import ACTION_RECIPES, RECIPES, RELATED_ITEMS, SEGMENT_RECIPES, WITHOUT_HISTORY
from tastemaker.recommenders.ridge_update import with_new_events
from tastemaker.recommenders.segments import SegmentModel, Segments
from tastemaker.recommenders.semantic_similarity import SemanticSimilarity, SemanticSimilarityModel
from tastemaker.recommenders.sequence_ridge_model import SequenceRidgeModel
from tastemaker.recommenders.similar_items import SimilarItems, SimilarItemsModel
from tastemaker.recommenders.sims import Sims
from tastemaker.recommenders.tilted import TiltedModel
from tastemaker.recommenders.trending import Trending, TrendingModel
from tastemaker.recommenders.user_personalization import SequenceRidge

__all__ = [
    "ACTION_RECIPES",
    "RECIPES",
    "RELATED_ITEMS",
    "SEGMENT_RECIPES",
    "WITHOUT_HISTORY",
    "ActionModel",
    "Attributes",
    "BoughtTogether",
    "Categories",
    "Chosen",
    "Circumstances",
    "Context",
    "Explanation",
    "Holding",
    "Interactions",
    "Model",
    "NextBestAction",
    "NotEnoughMemory",
    "Percentiles",
    "Popularity",
    "PopularityModel",
    "Recipe",
    "SegmentModel",
    "Segments",
    "SemanticSimilarity",
    "SemanticSimilarityModel",
    "SequenceRidge",
    "SequenceRidgeModel",
    "SimilarItems",
    "SimilarItemsModel",
    "Sims",
    "TiltedModel",
    "Trending",
    "TrendingModel",
    "choice_of",
    "explain",
    "load",
    "locate",
    "with_new_events",
]
