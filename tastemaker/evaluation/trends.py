"""How well trends are foreseen: what was recommended at one time, by how much it grew until the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.metrics import DEPTH
from tastemaker.recommenders.trending import growth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders import Interactions, Trending

_TIMES_ASKED = 24


def measure_trending(recipe: Trending, interactions: Interactions) -> dict[str, float]:
    """`trend_prediction_accuracy`: a mean over the last 24 windows that something grew in.

    Before each such window the recipe is fit anew, on what was known by then, as it is when it serves. 0 where nothing
    ever grew. Personalize's item metrics come from `judge`.
    """
    newest = int(interactions.timestamp.max()) if len(interactions) else 0
    oldest = int(interactions.timestamp.min()) if len(interactions) else 0
    found: list[float] = []
    until = newest
    while len(found) < _TIMES_ASKED and until - recipe.window >= oldest:
        increase = growth(interactions, window=recipe.window, until=until)
        if (increase > 0).any():
            model = recipe.fit(interactions.of_events(interactions.timestamp <= until - recipe.window))
            recommended, _ = model.recommend(np.empty(0, dtype=np.int32), DEPTH)
            found.append(trend_prediction_accuracy(recommended, increase))
        until = _window_before(interactions, until, recipe.window)
    return {"trend_prediction_accuracy": round(float(np.mean(found)), 4) if found else 0.0}


def trend_prediction_accuracy(recommended: NDArray[np.int32], increase: NDArray[np.int64]) -> float:
    """Σ increase of the first 25 recommended ÷ Σ increase of the 25 that grew most; from 0 to 1.

    `increase` (n_items,): interactions in a window less those in the one before. What shrinks takes from the sum above,
    which is 0 at least. Source: "Evaluating an Amazon Personalize solution version with metrics", developer guide.
    Raises ValueError where nothing grew.
    """
    most = np.sort(np.maximum(increase, 0))[::-1][:DEPTH].sum()
    if not most:
        raise ValueError("no item grew, so no trend could be foreseen")
    return max(0.0, float(increase[recommended[:DEPTH]].sum() / most))


def _window_before(interactions: Interactions, until: int, window: int) -> int:
    """The end of the last window before this one that has an interaction, whole windows back: gaps are passed over."""
    earlier = interactions.timestamp[interactions.timestamp <= until - window]
    last = int(earlier.max()) if len(earlier) else until - window
    return until - window * max(1, (until - last) // window)
