"""The models behind the recipes: interactions in, a model out; a history in, ranked items out."""

from tastemaker.recommenders.interactions import Interactions, locate
from tastemaker.recommenders.model import Model, Recipe
from tastemaker.recommenders.popularity import Popularity, PopularityModel
from tastemaker.recommenders.recipes import RECIPES, load
from tastemaker.recommenders.user_personalization import SequenceRidge, SequenceRidgeModel

__all__ = [
    "RECIPES",
    "Interactions",
    "Model",
    "Popularity",
    "PopularityModel",
    "Recipe",
    "SequenceRidge",
    "SequenceRidgeModel",
    "load",
    "locate",
]
