"""Answers requests for recommendations from a trained model and the users' histories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from zipfile import BadZipFile

import numpy as np

from tastemaker import recommenders
from tastemaker.personalize.at_hand import AtHand
from tastemaker.personalize.exploration import EXPLORATION, Exploration
from tastemaker.personalize.histories import NO_HISTORIES, Histories, load_histories
from tastemaker.personalize.recipes import RECIPES
from tastemaker.personalize.stream_log import StreamedEvent
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import ActionModel, Model, SemanticSimilarityModel, SequenceRidgeModel, TiltedModel, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHOUT_SCORES: Final = frozenset(recipe.name for recipe in RECIPES if not recipe.scored)
"""Recipes whose recommendations carry no score."""
CANDIDATES: Final = 1000
"""How many of the best items a recipe that scores only a part of the catalogue scores."""
POPULAR_ITEM: Final = "Popular item"
"""The reason of an item that fills up an answer."""

_BESIDE_AN_ITEM: Final = frozenset(recipe.name for recipe in RECIPES if recipe.needs_item)
_OF_CANDIDATES: Final = frozenset({"aws-user-personalization-v2"})
_UNKNOWN_UNSCORED: Final = frozenset({"aws-personalized-ranking-v2"})
_DECIMALS: Final = 7


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
    exploration: Exploration | None = None
    """Which new items get a place in the answer; None: none but those that the model likes."""
    influence: Mapping[str, float] = field(default_factory=dict)
    """How much popularity and freshness count beside likeness, where the recipe has that."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What is so at the moment, by contextual field of the Interactions dataset; others are passed over."""
    live: Model | None = None
    """What answers in place of the trained model: one for everybody, of what is happening now."""


class Recommended(NamedTuple):
    """An item; `score` is None where the recipe has no scores or the item has none, `reason` where it is ordinary.

    A score is the item's share: of a softmax over the catalogue, over the candidates, or over the list that is ranked.
    """

    item_id: str
    score: float | None
    reason: str | None = None


class Asked(NamedTuple):
    """A model and what it is asked with: positions, oldest first, when each event was, and what is to be explored."""

    model: Model
    history: NDArray[np.int32]
    times: NDArray[np.int64]
    explored: Sequence[int]


@dataclass(frozen=True, eq=False)
class _Parts:
    model: Model
    histories: Histories
    fresh_of: dict[str, tuple[object, float, NDArray[np.int64]]] = field(default_factory=dict)

    def answering(self, question: Question) -> Model:
        """The model under the circumstances of the question: what is known of the user, and the context."""
        model = self.model
        if not isinstance(model, SequenceRidgeModel) or not model.circumstances.matter:
            return model
        held = self.histories.circumstances(question.user_id)
        return model.under(held + model.circumstances.of_context(question.context))

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(n_items,): how often each item occurs in the histories."""
        items = self.histories.items
        return np.bincount(items[items >= 0], minlength=len(self.model.item_ids))

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """(n_items,): whether anybody has had the item."""
        return self.counts > 0

    @cached_property
    def popular(self) -> NDArray[np.int64]:
        """(n_items,): all positions, the most popular item first."""
        return np.argsort(-self.counts, kind="stable")

    @cached_property
    def first(self) -> NDArray[np.float64]:
        """(n_items,): when each item occurs first, in epoch seconds; as late as the newest where it does not."""
        first = np.full(len(self.model.item_ids), np.inf)
        known = self.histories.items >= 0
        np.minimum.at(first, self.histories.items[known], self.histories.times[known])
        return np.where(self.seen, first, self.newest)

    @cached_property
    def newest(self) -> float:
        """When the last interaction was, in epoch seconds."""
        return float(self.histories.times.max(initial=0))

    def explored(self, question: Question, mask: NDArray[np.bool_] | None) -> list[int]:
        """The positions of the new items that the answer is to have."""
        exploration, catalogue = question.exploration, self.model.item_ids
        if exploration is None or not self.has_unlearned:
            return []
        fresh = self._fresh(exploration)
        if mask is not None:
            fresh = fresh[mask[fresh]]
        return exploration.drawn(fresh, catalogue, question.k) if len(fresh) else []

    def _fresh(self, exploration: Exploration) -> NDArray[np.int64]:
        """The positions of the items that are explored, as long as nobody's age changes."""
        known = self.fresh_of.get("latest")
        if known is None or known[0] is not exploration.ages or known[1] != exploration.days:
            mask = exploration.fresh(self.model.item_ids, self.unlearned, self.first, self.newest)
            known = self.fresh_of["latest"] = exploration.ages, exploration.days, np.flatnonzero(mask)
        return known[2]

    @cached_property
    def unlearned(self) -> NDArray[np.bool_]:
        """(n_items,): the items of which the training has seen no interactions."""
        if isinstance(self.model, SequenceRidgeModel):
            return np.equal(self.model.popularity.users, 0)
        return ~self.seen

    @cached_property
    def has_unlearned(self) -> bool:
        return bool(self.unlearned.any())

    def history(self, question: Question) -> NDArray[np.int32]:
        """What the model is asked with: positions, oldest first."""
        if question.recipe in _BESIDE_AN_ITEM:
            return locate(self.model.item_ids, [question.item_id or ""])
        return self.histories.of(question.user_id, question.streamed)


class Runtime:
    """Keeps the models in memory that were asked last, at most `capacity` of them. Safe to use from several threads.

    A user's history is what the model's training saw, and what the question adds: bulk imports influence
    recommendations from the next training on, as in Personalize.
    """

    def __init__(self, *, capacity: int = 16) -> None:
        self._of_items = AtHand(_items_model, capacity=capacity)
        self._of_actions = AtHand(_actions_model, capacity=capacity)

    def recommend(self, model_path: Path, question: Question) -> list[Recommended]:
        """The best items for a user or beside an item, best first; the popular ones where it is not known.

        `model_path` is that of a TrainingOutcome. Raises ModelUnavailable.
        """
        parts = self._parts(model_path, question)
        model = parts.answering(question)
        mask = None if question.allowed is None else question.allowed(model.item_ids)
        explored = parts.explored(question, mask)
        if question.recipe in _OF_CANDIDATES:
            return _of_candidates(parts, model, question, mask, explored)
        history = parts.history(question)
        if question.influence and isinstance(model, SemanticSimilarityModel):
            items, scores = model.recommend(history, question.k, mask, question.influence)
        elif explored and isinstance(model, SequenceRidgeModel | TiltedModel):
            items, scores = model.recommend(history, question.k, mask, surely=explored)
        else:
            items, scores = model.recommend(history, question.k, mask)
        ids = model.item_ids[items].tolist()
        if question.recipe in WITHOUT_SCORES:
            return [Recommended(item_id, None) for item_id in ids]
        return _scored(ids, scores)

    def asked(self, model_path: Path, question: Question) -> Asked:
        """What `recommend` answers a user from. Raises ModelUnavailable."""
        parts = self._parts(model_path, question)
        mask = None if question.allowed is None else question.allowed(parts.model.item_ids)
        history, times = parts.histories.dated(question.user_id, question.streamed)
        return Asked(parts.answering(question), history, times, parts.explored(question, mask))

    def _parts(self, model_path: Path, question: Question) -> _Parts:
        return self._of_items.get(model_path) if question.live is None else _Parts(question.live, NO_HISTORIES)

    def forget(self, model_path: Path) -> None:
        """Load the model anew when it is asked for again: its files have changed."""
        self._of_items.forget(model_path)
        self._of_actions.forget(model_path)

    def rank(self, model_path: Path, question: Question, items: Sequence[str]) -> list[Recommended]:
        """`items` (each once), best first; their scores are shares of what the model gives to these items, sum 1.

        Those that the question does not allow are left out. At the end come those that the model does not know, in the
        order in which they were given. `question.k` is not looked at. Raises ModelUnavailable.
        """
        parts = self._of_items.get(model_path)
        catalogue = parts.model.item_ids
        places = locate(catalogue, items)
        is_known = places >= 0
        if question.allowed is not None:
            kept = _allowed(question.allowed, catalogue, places, items)
            places, is_known = places[kept], is_known[kept]
            items = [item for item, is_kept in zip(items, kept.tolist(), strict=True) if is_kept]
        known = places[is_known]
        shares = parts.answering(question).scores(parts.history(question))[known].astype(np.float64)
        order = np.argsort(-shares, kind="stable")
        ranked = _scored(catalogue[known[order]].tolist(), shares[order] / max(shares.sum(), np.finfo(float).tiny))
        nothing = None if question.recipe in _UNKNOWN_UNSCORED else 0.0
        return ranked + [Recommended(items[place], nothing) for place in np.flatnonzero(~is_known).tolist()]

    def recommend_actions(self, model_path: Path, question: Question, taken: Sequence[str]) -> list[Recommended]:
        """The actions that the user takes most likely, likeliest first, each with its propensity.

        `question.allowed` is about actions; `taken`: those that the user has taken. Raises ModelUnavailable.
        """
        model, histories = self._of_actions.get(model_path)
        actions, propensities = model.recommend(
            histories.of(question.user_id, question.streamed),
            locate(model.action_ids, taken),
            question.k,
            None if question.allowed is None else question.allowed(model.action_ids),
        )
        return _scored(model.action_ids[actions].tolist(), propensities)


def _items_model(model_path: Path) -> _Parts:
    files = ModelFiles(model_path)
    with _readable(model_path):
        model = recommenders.load(files.model)
        return _Parts(model, load_histories(files.histories, model.item_ids))


def _actions_model(model_path: Path) -> tuple[ActionModel, Histories]:
    files = ModelFiles(model_path)
    with _readable(model_path):
        model = recommenders.load(files.model, ActionModel)
        return model, load_histories(files.histories, model.item_ids)


@contextmanager
def _readable(model_path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise ModelUnavailable(f"The model {model_path} cannot be read: {error}. Train it again.") from error


def _of_candidates(
    parts: _Parts, model: Model, question: Question, mask: NDArray[np.bool_] | None, explored: Sequence[int]
) -> list[Recommended]:
    """The best of the candidates, whose scores sum to one; popular items after them where those are too few.

    Candidates are the user's best items, of those that somebody has had, whatever is allowed of them. Explored items
    take the last places of theirs.
    """
    ids, k = model.item_ids, question.k - len(explored)
    candidates, shares = model.recommend(parts.history(question), CANDIDATES, parts.seen)
    others = np.isin(candidates, explored, invert=True) if explored else slice(None)
    candidates, shares = candidates[others], shares[others]
    shares = shares / max(shares.sum(dtype=np.float64), np.finfo(float).tiny)
    chosen = slice(None) if mask is None else mask[candidates]
    items, scores = candidates[chosen][:k], shares[chosen][:k]
    recommended = _scored(ids[items].tolist(), scores)
    recommended += [Recommended(item_id, None, EXPLORATION) for item_id in ids[list(explored)].tolist()]
    if len(recommended) < question.k:
        left = np.ones(len(ids), dtype=np.bool_) if mask is None else mask.copy()
        left[candidates] = False
        left[list(explored)] = False
        popular = parts.popular[left[parts.popular]][: question.k - len(recommended)]
        recommended += [Recommended(item_id, None, POPULAR_ITEM) for item_id in ids[popular].tolist()]
    return recommended


def _allowed(
    allowed: Callable[[NDArray[np.str_]], NDArray[np.bool_]],
    catalogue: NDArray[np.str_],
    places: NDArray[np.int32],
    items: Sequence[str],
) -> NDArray[np.bool_]:
    """(n,): which of `items`, which have these places in the catalogue (−1: none), are allowed."""
    # by the whole catalogue, whose records are at hand; only what is not in it is looked up for this one request
    kept = allowed(catalogue)[places] if len(catalogue) else np.zeros(len(places), dtype=np.bool_)
    strangers = np.flatnonzero(places < 0)
    if len(strangers):
        ids, back = np.unique(np.array([items[place] for place in strangers.tolist()]), return_inverse=True)
        kept[strangers] = allowed(ids)[back]
    return kept


def _scored(ids: Sequence[str], scores: NDArray[np.floating]) -> list[Recommended]:
    rounded = scores.astype(np.float64).round(_DECIMALS).tolist()
    return list(map(Recommended._make, zip(ids, rounded, repeat(None))))
