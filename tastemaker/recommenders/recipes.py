"""Recipes by the names that Personalize gives them, and models from their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.popularity import Popularity, PopularityModel
from tastemaker.recommenders.similar_items import SimilarItems, SimilarItemsModel
from tastemaker.recommenders.user_personalization import SequenceRidge, SequenceRidgeModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.model import Model, Recipe

_NO_RECENCY = 0.99


def load(path: Path) -> Model:
    """The model in a file that its `save` wrote. Raises ValueError where it holds no model that is known here."""
    # numpy leaves a file open that it opened itself and cannot read
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays: dict[str, NDArray[np.generic]] = {name: file[name] for name in file.files}
    kind = str(arrays.pop("kind", np.array("none")))
    readers: dict[str, Callable[[dict[str, NDArray[np.generic]]], Model]] = {
        "popularity": PopularityModel.from_arrays,
        "sequence-ridge": SequenceRidgeModel.from_arrays,
        "similar-items": SimilarItemsModel.from_arrays,
    }
    if kind not in readers:
        raise ValueError(
            f"{path} holds a model of kind {kind!r}; known are {', '.join(sorted(readers))}: train it again"
        )
    return readers[kind](arrays)


def _user_personalization(hyperparameters: Mapping[str, str]) -> Recipe:
    """`recency_mask` (v2: `apply_recency_bias`) false: old events weigh nearly as much as new ones.

    The sizes of Personalize's neural network (`hidden_dimension`, `bptt`) mean nothing to this model.
    """
    recency = hyperparameters.get("recency_mask", hyperparameters.get("apply_recency_bias", "true"))
    return SequenceRidge() if recency.lower() == "true" else SequenceRidge(decays=(_NO_RECENCY,))


def _similar_items(hyperparameters: Mapping[str, str]) -> Recipe:
    """`popularity_discount_factor` as it is; the sizes of Personalize's hidden layers mean nothing to this model."""
    return SimilarItems(popularity_discount=float(hyperparameters.get("popularity_discount_factor", "0.0")))


def _popularity_count(hyperparameters: Mapping[str, str]) -> Recipe:  # noqa: ARG001 - the recipe has none
    return Popularity()


RECIPES: Mapping[str, Callable[[Mapping[str, str]], Recipe]] = {
    "aws-user-personalization": _user_personalization,
    "aws-user-personalization-v2": _user_personalization,
    "aws-similar-items": _similar_items,
    "aws-popularity-count": _popularity_count,
}
"""Personalize's recipe name → the recipe for some hyperparameters, by Personalize's names, all values strings."""

RELATED_ITEMS = frozenset({"aws-similar-items"})
"""The recipes whose models are asked with one item instead of a user's history."""
