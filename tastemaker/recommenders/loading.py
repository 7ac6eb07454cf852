"""Models from their files, whatever recipe they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, overload

import numpy as np

from tastemaker.recommenders.next_best_action import ActionModel
from tastemaker.recommenders.popularity import PopularityModel
from tastemaker.recommenders.segments import SegmentModel
from tastemaker.recommenders.semantic_similarity import SemanticSimilarityModel
from tastemaker.recommenders.sequence_ridge_model import SequenceRidgeModel
from tastemaker.recommenders.similar_items import SimilarItemsModel
from tastemaker.recommenders.trending import TrendingModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.model import Model


class _Stored(Protocol):
    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> object: ...


_OF_ITEMS: Mapping[str, type[_Stored]] = {
    "popularity": PopularityModel,
    "sequence-ridge": SequenceRidgeModel,
    "semantic-similarity": SemanticSimilarityModel,
    "similar-items": SimilarItemsModel,
    "trending": TrendingModel,
}
_OTHERS: Mapping[str, type[_Stored]] = {"actions": ActionModel, "segments": SegmentModel}
_KINDS = {**_OF_ITEMS, **_OTHERS}

M = TypeVar("M", bound=_Stored)


@overload
def load(path: Path) -> Model: ...


@overload
def load(path: Path, model: type[M]) -> M: ...


def load(path: Path, model: type[_Stored] | None = None) -> object:
    """The model in a file that its `save` wrote: one that recommends items, or else of the class that is asked for.

    Raises ValueError where the file holds none of those.
    """
    # numpy leaves a file open that it opened itself and cannot read
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays: dict[str, NDArray[np.generic]] = {name: file[name] for name in file.files}
    kind = str(arrays.pop("kind", np.array("none")))
    if kind not in _KINDS:
        raise ValueError(
            f"{path} holds a model of kind {kind!r}; known are {', '.join(sorted(_KINDS))}: train it again"
        )
    found = _KINDS[kind]
    if kind not in _OF_ITEMS if model is None else found is not model:
        wanted = "a model that recommends items" if model is None else f"a {model.__name__}"
        raise ValueError(f"{path} holds a {found.__name__}, not {wanted}: say which class to load")
    return found.from_arrays(arrays)
