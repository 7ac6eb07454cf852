"""The models behind the recipes: interactions in, a model out; a history in, ranked items out."""

from tastemaker.recommenders.interactions import Interactions, locate
from tastemaker.recommenders.model import Model, Recipe
from tastemaker.recommenders.popularity import Popularity, PopularityModel

__all__ = ["Interactions", "Model", "Popularity", "PopularityModel", "Recipe", "locate"]
