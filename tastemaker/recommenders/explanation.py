"""What a recommendation is made of: what each event of the history added to an item, and what was there without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from tastemaker.recommenders.history_weights import without_immediate_repeats
from tastemaker.recommenders.model import known
from tastemaker.recommenders.semantic_similarity import SemanticSimilarityModel
from tastemaker.recommenders.sequence_ridge_model import HORIZON, SEEN, SequenceRidgeModel
from tastemaker.recommenders.similar_items import SimilarItemsModel
from tastemaker.recommenders.tilted import TiltedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.model import Model

Kind = Literal["history", "neighbours", "everyone"]
"""By what an answer comes about: a regression on the history, neighbours of its items, or what is the same for all."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What n items are ranked by, taken apart: (`base` + `events` summed over the history + `repeats`)
    × `circumstances` is the value.

    `items` (n,): positions in the catalogue. `base` (n,): what is there whatever the history says. `events`
    (n, n_events): what each event of the history that was given adds, or, below 0, takes away; of an item several times
    in a row, the last event has it all. `repeats` (n,): what the user's having had the item adds, 0 where it is new.
    `circumstances` (n,): what the user's attributes and the context of the request multiply that by, 1 where nothing.

    The unit is that of the model: of a `history` the expected discounted count of the item, of `neighbours` the sum of
    relations, for `everyone` a probability. float64, so that the sum is exact but for the model's own rounding.
    """

    kind: Kind
    items: NDArray[np.int32]
    base: NDArray[np.float64]
    events: NDArray[np.float64]
    repeats: NDArray[np.float64]
    circumstances: NDArray[np.float64]

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """(n,): what the items are ranked by."""
        total: NDArray[np.float64] = (self.base + self.events.sum(axis=1) + self.repeats) * self.circumstances
        return total

    @cached_property
    def favourable(self) -> NDArray[np.float64]:
        """(n,): all that speaks for each item, a little more than 0 where nothing does."""
        parts = (self.base, self.repeats, *self.events.T)
        total: NDArray[np.float64] = np.sum([np.maximum(part, 0) for part in parts], axis=0)
        return np.maximum(total, np.finfo(float).tiny)

    @cached_property
    def share(self) -> NDArray[np.float64]:
        """(n, n_events): each event's part of all that speaks for the item; below 0 for what speaks against it."""
        shares: NDArray[np.float64] = self.events / self.favourable[:, None]
        return shares

    def strongest(self, row: int, count: int) -> list[int]:
        """Of the item at `row`, the `count` events at most that add most, the strongest first."""
        added = self.events[row]
        order = np.argsort(-added, kind="stable")[:count]
        return [event for event in order.tolist() if added[event] > 0]


def explain(model: Model, history: NDArray[np.int32], items: NDArray[np.int32]) -> Explanation:
    """Why a model ranks `items`, distinct positions, as it does after a history of positions, oldest first.

    Positions outside the catalogue are passed over and add nothing. Where the history says nothing to the model, or the
    model asks for none, `everyone` gets the same.
    """
    events = np.flatnonzero((history >= 0) & (history < len(model.item_ids)))
    if isinstance(model, TiltedModel):
        return _tilted(model, history, items)
    if isinstance(model, SequenceRidgeModel) and len(events):
        return _of_sequence(model, history, items, events)
    # its texts' neighbours; what an influence adds only reorders them
    near = model.similar if isinstance(model, SemanticSimilarityModel) else model
    if isinstance(near, SimilarItemsModel) and near.strengths(known(history, len(model.item_ids))).any():
        return _of_neighbours(near, history, items, events)
    base = model.scores(history[:0])[items].astype(np.float64)
    return Explanation("everyone", items, base, *_nothing(items, history))


def _nothing(items: NDArray[np.int32], history: NDArray[np.int32]) -> tuple[NDArray[np.float64], ...]:
    """What events, repeats and circumstances are where they change nothing."""
    return np.zeros((len(items), len(history))), np.zeros(len(items)), np.ones(len(items))


def _tilted(model: TiltedModel, history: NDArray[np.int32], items: NDArray[np.int32]) -> Explanation:
    """As the model says it, times what circumstances do where anything is expected; popularity is a share anew."""
    found = explain(model.model, history, items)
    factors = model.factors(history)[items].astype(np.float64)
    if found.kind == "history":
        return replace(found, circumstances=np.where(found.values > 0, factors, 1.0))
    return replace(found, base=model.scores(history)[items] / factors, circumstances=factors)


def _of_sequence(
    model: SequenceRidgeModel, history: NDArray[np.int32], items: NDArray[np.int32], events: NDArray[np.intp]
) -> Explanation:
    """`SequenceRidgeModel.expected`, term by term."""
    asked = history[events]
    # the last of those in a row, as the user's memory has it
    lasts = events[np.append(asked[1:] != asked[:-1], [True])]
    consumed = without_immediate_repeats(asked)
    row = np.full(len(model.item_ids), -1, dtype=np.int32)
    row[items] = np.arange(len(items))
    added = np.zeros((len(items), len(history)))
    for weights in model.weights:
        recent = weights.recent(consumed)
        columns, values = weights.added(consumed)
        event, place = np.nonzero(row[columns] >= 0)
        np.add.at(added, (row[columns[event, place]], lasts[recent[event]]), values[event, place])
    says_something = any(len(weights.recent(consumed)) for weights in model.weights)
    base = (model.base if says_something else model.rate)[items].astype(np.float64)
    had, values_had = model.repeats.values(asked)
    repeats, scale = np.zeros(len(items)), np.full(len(items), 1 / (1 - HORIZON))
    among = row[had] >= 0
    repeats[row[had[among]]] = values_had[among]
    scale[row[had[among]]] *= SEEN
    return Explanation("history", items, base * scale, added * scale[:, None], repeats, np.ones(len(items)))


def _of_neighbours(
    model: SimilarItemsModel, history: NDArray[np.int32], items: NDArray[np.int32], events: NDArray[np.intp]
) -> Explanation:
    """`SimilarItemsModel.strengths`, term by term."""
    row = np.full(len(model.item_ids), -1, dtype=np.int32)
    row[items] = np.arange(len(items))
    # what is asked about is never an answer
    row[history[events]] = -1
    added = np.zeros((len(items), len(history)))
    for event in events.tolist():
        beside = slice(model.starts[history[event]], model.starts[history[event] + 1])
        place = row[model.neighbours[beside]]
        added[place[place >= 0], event] = model.values[beside][place >= 0]
    return replace(Explanation("neighbours", items, np.zeros(len(items)), *_nothing(items, history)), events=added)
