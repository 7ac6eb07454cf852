"""The models behind the recipes: interactions in, a model out; a history in, ranked items out."""

from tastemaker.recommenders.attributes import Attributes
from tastemaker.recommenders.interactions import Interactions, locate
from tastemaker.recommenders.model import Model, Recipe
from tastemaker.recommenders.popularity import Popularity, PopularityModel
from tastemaker.recommenders.recipes import RECIPES, RELATED_ITEMS, load
from tastemaker.recommenders.similar_items import SimilarItems, SimilarItemsModel
from tastemaker.recommenders.user_personalization import SequenceRidge, SequenceRidgeModel

__all__ = [
    "RECIPES",
    "RELATED_ITEMS",
    "Attributes",
    "Interactions",
    "Model",
    "Popularity",
    "PopularityModel",
    "Recipe",
    "SequenceRidge",
    "SequenceRidgeModel",
    "SimilarItems",
    "SimilarItemsModel",
    "load",
    "locate",
]
