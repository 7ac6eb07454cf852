"""Answers requests for recommendations from a trained model and the users' histories."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

from tastemaker import recommenders
from tastemaker.personalize.histories import Histories, load_histories
from tastemaker.personalize.stream_log import StreamedEvent
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import RELATED_ITEMS, Model, locate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WITHOUT_SCORES = frozenset(
    {"aws-popularity-count", "aws-sims", "aws-similar-items", "aws-semantic-similarity", "aws-trending-now"}
)
"""Recipes whose recommendations carry no score."""

_DECIMALS = 7


class ModelUnavailable(Exception):
    """A model cannot be loaded. The message names its files."""


@dataclass(frozen=True)
class Question:
    """What a model is asked: `k` items of `recipe`, for a user or beside an item.

    `streamed`: what the user has done since the model was trained, oldest first.
    """

    recipe: str
    k: int
    user_id: str | None = None
    item_id: str | None = None
    streamed: Sequence[StreamedEvent] = ()
    allowed: Callable[[NDArray[np.str_]], NDArray[np.bool_]] | None = None
    """Which items of the model's catalogue may be recommended; None: all."""


class Recommended(NamedTuple):
    """`score`: the item's share of a softmax over the catalogue; None where the recipe has no scores."""

    item_id: str
    score: float | None


@dataclass
class _Loaded:
    lock: threading.Lock = field(default_factory=threading.Lock)
    parts: tuple[Model, Histories] | None = None


class Runtime:
    """Keeps the models in memory that were asked last, at most `capacity` of them. Safe to use from several threads.

    A user's history is what the model's training saw, and what the question adds: bulk imports influence
    recommendations from the next training on, as in Personalize.
    """

    def __init__(self, *, capacity: int = 16) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._loaded: OrderedDict[Path, _Loaded] = OrderedDict()

    def recommend(self, model_path: Path, question: Question) -> list[Recommended]:
        """The best items for a user or beside an item, best first; the popular ones where it is not known.

        `model_path` is that of a TrainingOutcome. Raises ModelUnavailable.
        """
        model, histories = self._parts(model_path)
        if question.recipe in RELATED_ITEMS:
            history = locate(model.item_ids, [question.item_id or ""])
        else:
            history = histories.of(question.user_id, question.streamed)
        candidates = None if question.allowed is None else question.allowed(model.item_ids)
        items, scores = model.recommend(history, question.k, candidates)
        ids = model.item_ids[items].tolist()
        if question.recipe in WITHOUT_SCORES:
            return [Recommended(item_id, None) for item_id in ids]
        return [
            Recommended(item_id, round(score, _DECIMALS)) for item_id, score in zip(ids, scores.tolist(), strict=True)
        ]

    def _parts(self, model_path: Path) -> tuple[Model, Histories]:
        with self._lock:
            entry = self._loaded.setdefault(model_path, _Loaded())
            self._loaded.move_to_end(model_path)
            while len(self._loaded) > self._capacity:
                self._loaded.popitem(last=False)
        # whoever comes first loads; the others wait for this model only
        with entry.lock:
            if entry.parts is None:
                entry.parts = _load(model_path)
            return entry.parts


def _load(model_path: Path) -> tuple[Model, Histories]:
    files = ModelFiles(model_path)
    try:
        model = recommenders.load(files.model)
        return model, load_histories(files.histories, model.item_ids)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise ModelUnavailable(f"The model {model_path} cannot be read: {error}. Train it again.") from error
