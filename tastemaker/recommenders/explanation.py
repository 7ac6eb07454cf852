"""What a recommendation is made of: what each event of the history added to an item, and what was there without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from tastemaker.recommenders.interactions import soon_before
from tastemaker.recommenders.model import known
from tastemaker.recommenders.semantic_similarity import SemanticSimilarityModel
from tastemaker.recommenders.sequence_ridge_model import HORIZON, SEEN, SequenceRidgeModel
from tastemaker.recommenders.similar_items import SimilarItemsModel
from tastemaker.recommenders.tilted import TiltedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.history_weights import HistoryWeights
    from tastemaker.recommenders.model import Model
    from tastemaker.recommenders.pool import Pool

Kind = Literal["history", "neighbours", "everyone"]
"""By what an answer comes about: a regression on the history, neighbours of its items, or what is the same for all."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What n items are ranked by, taken apart: (`base` + `events` summed over the history + `repeats`)
    × `circumstances` is the value.

    `items` (n,): positions in the catalogue. `base` (n,): what is there whatever the history says. `events`
    (n, n_events): what each event of the history that was given adds, or, below 0, takes away; of an item that came
    several times, the last event has it all. `repeats` (n,): what the user's having had the item adds, 0 where
    it is new.
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
    # of each item the last event has it all
    distinct, back, of_item = np.unique(asked[::-1], return_index=True, return_inverse=True)
    last = events[len(asked) - 1 - back]
    counts = soon_before(asked) < 0
    consumed = _Events(asked[counts], last[of_item[::-1]][counts])
    row = np.full(len(model.item_ids), -1, dtype=np.int32)
    row[items] = np.arange(len(items))
    added = np.zeros((len(items), len(history)))
    for weights in model.weights:
        consumed.add(added, weights, row)
    summed = model.summed(consumed.items)
    base = (model.rate if summed is None else model.base)[items].astype(np.float64)
    had, values_had = model.repeats.values(asked)
    base, added = base / (1 - HORIZON), added / (1 - HORIZON)
    if summed is not None and model.pool is not None:
        order = np.argsort(last)
        of_each = _Events(distinct[order], last[order])
        base, added = _pooled(model.pool, summed, (base, added), (consumed, of_each), items)
    repeats, seen = np.zeros(len(items)), np.ones(len(items))
    among = row[had] >= 0
    repeats[row[had[among]]] = values_had[among]
    seen[row[had[among]]] = SEEN
    return Explanation("history", items, base * seen, added * seen[:, None], repeats, np.ones(len(items)))


@dataclass(frozen=True, eq=False)
class _Events:
    """`items` of a history, and the `events` that stand for them, places in the history that was given."""

    items: NDArray[np.int32]
    events: NDArray[np.intp]

    def add(self, added: NDArray[np.float64], weights: HistoryWeights, row: NDArray[np.int32]) -> None:
        """What the weights make of each event, to `added` (n, n_events) in place; `row`: of a column, −1 for none."""
        recent = weights.recent(self.items)
        columns, values = weights.added(self.items)
        event, place = np.nonzero(row[columns] >= 0)
        np.add.at(added, (row[columns[event, place]], self.events[recent[event]]), values[event, place])


def _pooled(
    pool: Pool,
    summed: NDArray[np.float32],
    parts: tuple[NDArray[np.float64], NDArray[np.float64]],
    events: tuple[_Events, _Events],
    items: NDArray[np.int32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The base and the events' `parts` in what is expected once second opinions are asked; `events`: those without
    quick repeats, and the last of each distinct item.

    The value is a product of powers of sums, E · C^v · F^(v/2): each sum has of it what its exponent is of all
    exponents, and each event of a sum what it adds to it (Euler's theorem on homogeneous functions, with scale and
    smoothing taken for given). What no event has is the base.
    """
    consumed, distinct = events
    base, added = (part.copy() for part in parts)
    place = np.full(len(summed), -1, dtype=np.int32)
    place[pool.items] = np.arange(len(pool.items))
    place = place[items]
    weighed = np.flatnonzero((place >= 0) & (summed[items] > 0))
    row = np.full(len(pool.items), -1, dtype=np.int32)
    row[place[weighed]] = weighed
    place = place[weighed]
    company, following = np.zeros_like(added), np.zeros_like(added)
    distinct.add(company, pool.company, row)
    recent = pool.company.recent(distinct.items)
    usual = np.outer(pool.usual_company[place], pool.company.left(len(recent)))
    company[weighed[:, None], distinct.events[recent]] += usual
    consumed.add(following, pool.following, row)
    shares, exponents = added[weighed] / summed[items[weighed], None], 1.0
    rates = pool.opinions(consumed.items, distinct.items).rates()
    for of_events, (rate, power) in zip((company, following), rates, strict=True):
        shares += power * rate[place, None] * of_events[weighed]
        exponents += float(power[0])
    after = summed.copy()
    pool.apply(after, consumed.items, distinct.items)
    value = after[items[weighed]].astype(np.float64)
    added[weighed] = value[:, None] * shares / exponents
    base[weighed] = value - added[weighed].sum(axis=1)
    return base, added


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
