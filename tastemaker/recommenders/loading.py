"""Models from their files, whatever recipe they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.popularity import PopularityModel
from tastemaker.recommenders.similar_items import SimilarItemsModel
from tastemaker.recommenders.trending import TrendingModel
from tastemaker.recommenders.user_personalization import SequenceRidgeModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.model import Model


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
        "trending": TrendingModel.from_arrays,
    }
    if kind not in readers:
        raise ValueError(
            f"{path} holds a model of kind {kind!r}; known are {', '.join(sorted(readers))}: train it again"
        )
    return readers[kind](arrays)
