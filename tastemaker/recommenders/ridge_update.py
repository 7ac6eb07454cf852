"""Brings a sequence ridge up to date with what users have done since: from the new events, not from all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.interactions import locate
from tastemaker.recommenders.kept_sums import KeptSums
from tastemaker.recommenders.memory import Demand, available_memory, check_affordable
from tastemaker.recommenders.model import unheard
from tastemaker.recommenders.normal_equations import add_positions
from tastemaker.recommenders.popularity import PopularityModel, distinct_users
from tastemaker.recommenders.repeat_table import RepeatTable
from tastemaker.recommenders.sequences import Sequences, mean_weight
from tastemaker.recommenders.user_personalization import HORIZON, base_of, rate_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions
    from tastemaker.recommenders.user_personalization import SequenceRidge, SequenceRidgeModel


def with_new_events(
    recipe: SequenceRidge,
    model: SequenceRidgeModel,
    interactions: Interactions,
    known: NDArray[np.int64],
    *,
    sums: Path,
    kept: Path,
    progress: Callable[[float], None] | None = None,
) -> SequenceRidgeModel:
    """What `recipe` trained, with the events that came since, in a catalogue with the items that came since.

    `interactions`: all events; `known` (n_users,): how many of each user's, the first, are no news, whether the
    training has seen them or not. `sums`: the file of the training or of the last update; `kept`: one to write for the
    next.

    - Added to: the normal equations, by the positions of new events, whose histories reach back. One solution gives new
      weights and intercepts.
    - Counted anew, as that is cheap: popularity, the rates of what comes next, and the repeat table.
    - As they were: the choice, the items of the regression, and nearness. Items that the training has not seen stay
      unlearned, so that they are explored, and nothing is expected of them until the next training.

    A last old event keeps its weight, even where the same item comes at once with a greater one. Raises
    NotEnoughMemory, before it starts.
    """
    tell = progress or unheard
    tell(0.0)
    model = model.with_items(interactions.item_ids.tolist())
    interactions = interactions.with_items(model.item_ids.tolist())
    taking_part = recipe.percentiles.apply(interactions)
    learned = model.popularity.users > 0
    row = model.weights[0].row
    demand = Demand(len(interactions), int(learned.sum()), recipe.kept_weights, len(model.choice.decays))
    check_affordable(demand, int((row >= 0).sum()), available_memory() if recipe.memory is None else recipe.memory)
    old = KeptSums.load(sums)
    tell(0.1)
    head = locate(model.item_ids, old.item_ids)
    consumed = taking_part.without_immediate_repeats()
    now = _with(old, mean_weight(consumed))
    since = _positions_before(interactions, known, head)
    add_positions(
        now.equations, Sequences.of(consumed, head), since=since, progress=lambda share: tell(0.1 + 0.3 * share)
    )
    now.save(kept)
    ridge, intercept = recipe.solved(
        now.equations, head, len(model.item_ids), model.choice, lambda share: tell(0.4 + 0.5 * share)
    )
    users = np.where(learned, distinct_users(consumed), 0)
    rate = np.where(learned, rate_of(consumed), model.rate)
    base = np.where(learned, base_of(rate, head, intercept, model.choice), model.base)
    repeats = RepeatTable.learn(taking_part, HORIZON)
    tell(1.0)
    return replace(
        model,
        popularity=PopularityModel(model.item_ids, users),
        weights=(*ridge, *model.weights[len(ridge) :]),
        rate=rate,
        base=base,
        repeats=repeats,
    )


def _with(sums: KeptSums, weight: float) -> KeptSums:
    """The same sums where an event of this weight is the mean. What only ratios matter of has another unit."""
    sums.equations.targets[:] *= np.float32(sums.weight / weight)
    return replace(sums, weight=weight)


def _positions_before(
    interactions: Interactions, known: NDArray[np.int64], head: NDArray[np.int32]
) -> NDArray[np.int64]:
    """(n_users,): how many positions the known events have in sequences of the items `head`."""
    place = np.arange(len(interactions)) - interactions.starts[interactions.user]
    earlier = interactions.of_events(place < known[interactions.user]).without_immediate_repeats()
    in_head = np.zeros(len(interactions.item_ids), dtype=np.bool_)
    in_head[head] = True
    return np.bincount(earlier.user[in_head[earlier.item]], minlength=len(known))
