"""Brings a sequence ridge up to date with what users have done since: from the new events, not from all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.interactions import locate
from tastemaker.recommenders.kept_sums import KeptSums
from tastemaker.recommenders.memory import Demand, available_memory, check_affordable
from tastemaker.recommenders.model import unheard
from tastemaker.recommenders.nearness import of_items
from tastemaker.recommenders.normal_equations import add_positions
from tastemaker.recommenders.pool import Pool
from tastemaker.recommenders.popularity import PopularityModel, distinct_users
from tastemaker.recommenders.repeat_table import RepeatTable
from tastemaker.recommenders.sequence_ridge_model import HORIZON
from tastemaker.recommenders.sequences import Sequences, lateness, mean_weight
from tastemaker.recommenders.user_personalization import base_of, rate_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions
    from tastemaker.recommenders.sequence_ridge_model import SequenceRidgeModel
    from tastemaker.recommenders.user_personalization import SequenceRidge


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

    - Added to: the normal equations, by the positions of new events, whose histories reach back; old positions stay as
      late as they were. One solution gives new weights and intercepts.
    - Counted anew, as that is cheap: popularity, the rates of what comes next, second opinions, and the repeat table.
    - As they were: the choice, the items of the regression, nearness, and circumstances. Items that the training has
      not seen stay unlearned, so that they are explored, and nothing is expected of them until the next training.

    Raises NotEnoughMemory, before it starts.
    """
    tell = progress or unheard
    tell(0.0)
    model = model.with_items(interactions.item_ids.tolist())
    # circumstances stay as they were, and every copy of the context takes memory
    interactions = replace(interactions, context=None).with_items(model.item_ids.tolist())
    taking_part = recipe.percentiles.apply(interactions)
    learned = model.popularity.users > 0
    _check_memory(recipe, model, len(interactions))
    now = KeptSums.load(sums)
    tell(0.1)
    head = locate(model.item_ids, now.item_ids)
    weights = model.choice.event_weights
    aimed_at = taking_part.weighing(weights).without_quick_repeats()
    consumed = aimed_at if taking_part.weight is not None else replace(aimed_at, weight=None)
    earlier = _earlier(interactions.weighing(weights), known, taking_part).without_quick_repeats()
    now = _with(now, aimed_at, earlier, head, lambda share: tell(0.1 + 0.3 * share))
    now.save(kept)
    ridge, intercept = recipe.solved(
        now.equations, head, len(model.item_ids), model.choice, lambda share: tell(0.4 + 0.5 * share)
    )
    # second opinions need the memory
    del now
    rate = np.where(learned, rate_of(consumed), model.rate)
    base = np.where(learned, base_of(rate, head, intercept, model.choice), model.base)
    # without news they are as the training found them, which may have held users out
    pool = _learned_anew(model.pool, consumed, head) if len(consumed) > len(earlier) else model.pool
    tell(1.0)
    return replace(
        model,
        popularity=PopularityModel(model.item_ids, np.where(learned, distinct_users(consumed), 0)),
        weights=(*ridge, *model.weights[len(ridge) :]),
        rate=rate,
        base=base,
        repeats=RepeatTable.beside(taking_part, consumed, HORIZON),
        pool=pool,
    )


def _learned_anew(pool: Pool | None, consumed: Interactions, head: NDArray[np.int32]) -> Pool | None:
    """Of the same items and strength; None where there is none."""
    if pool is None:
        return None
    return Pool.learn(of_items(consumed, head), head, len(consumed.item_ids), pool.strength)


def _check_memory(recipe: SequenceRidge, model: SequenceRidgeModel, events: int) -> None:
    demand = Demand(events, int((model.popularity.users > 0).sum()), recipe.kept_weights, len(model.choice.decays))
    in_regression = int((model.weights[0].row >= 0).sum())
    check_affordable(demand, in_regression, available_memory() if recipe.memory is None else recipe.memory)


def _earlier(interactions: Interactions, known: NDArray[np.int64], taking_part: Interactions) -> Interactions:
    """The known events of the users and items that take part."""
    place = np.arange(len(interactions)) - interactions.starts[interactions.user]
    users = np.bincount(taking_part.user, minlength=len(interactions.user_ids)) > 0
    items = np.bincount(taking_part.item, minlength=len(interactions.item_ids)) > 0
    takes_part = users[interactions.user] & items[interactions.item]
    return interactions.of_events(takes_part & (place < known[interactions.user]))


def _with(
    sums: KeptSums,
    consumed: Interactions,
    earlier: Interactions,
    head: NDArray[np.int32],
    progress: Callable[[float], None],
) -> KeptSums:
    """The same with the positions of `consumed` that are not of `earlier`, which has the first events of each user.

    An earlier event is worth more than it was where the same item has come again soon after, with a greater weight.
    """
    weight = mean_weight(consumed)
    # the mean event is another one by now
    sums.equations.targets[:] *= np.float32(sums.weight / weight)
    in_head = np.zeros(len(earlier.item_ids), dtype=np.bool_)
    in_head[head] = True
    had = in_head[earlier.item]
    since = np.bincount(earlier.user[had], minlength=len(earlier.user_ids))
    sequences, worth = Sequences.of(consumed, head), None
    old = sequences.position < since[sequences.user]
    # of them, those add something that are worth more by now
    then = lateness(sequences.position, np.maximum(1, since[sequences.user]))
    sequences = replace(sequences, lateness=np.where(old, then, sequences.lateness))
    if sequences.weight is not None and earlier.weight is not None:
        worth = sequences.weight.copy()
        worth[old] -= (earlier.weight[had] / weight).astype(np.float32)
    add_positions(sums.equations, sequences, since=since, worth=worth, progress=progress)
    return replace(sums, weight=weight)
