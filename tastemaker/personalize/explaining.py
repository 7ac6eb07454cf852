"""Why an answer is what it is: the events behind each item, what the filter took out and what exploration put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tastemaker.recommenders import Model, choice_of, explain, locate

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tastemaker.personalize.runtime import Question, Recommended, Runtime
    from tastemaker.recommenders import Chosen, Explanation


class Event(NamedTuple):
    """An event of the history; `timestamp` in epoch seconds."""

    item_id: str
    timestamp: int


class Cause(NamedTuple):
    """What the event at a place of the history adds to an item, and its share of all that speaks for the item."""

    event: int
    added: float
    share: float


class Ranked(NamedTuple):
    """An item that is not in the answer, and the rank, from 1 on, that it would have had."""

    item_id: str
    rank: int


@dataclass(frozen=True)
class ExplainedItem:
    """`value` is what the item is ranked by: `base`, plus what all `causes` add, plus `repeats`, for having had it,
    all times `circumstances`: those of the user's attributes and the request's context.

    `causes`: the events that add or take something, in the order of the history. `score` and `reason` are those of the
    answer, None where it has none.
    """

    item_id: str
    score: float | None
    reason: str | None
    explored: bool
    value: float
    base: float
    repeats: float
    repeats_share: float
    causes: tuple[Cause, ...]
    circumstances: float = 1.0

    def strongest(self, count: int) -> list[Cause]:
        """The `count` causes at most that add most, the strongest first."""
        return sorted((cause for cause in self.causes if cause.added > 0), key=lambda cause: -cause.added)[:count]


@dataclass(frozen=True)
class ExplainedAnswer:
    """`history`: what the model was asked with, oldest first; without one, the answer is what is popular.

    `kind`: as in `recommenders.Explanation`. `removed`: what the filter took out of the list that would have been
    the answer without it; None where nothing was filtered. `displaced`: what would be in the answer had it explored
    nothing. `choice`: what the model was trained with; None where there was nothing to choose.
    """

    kind: str
    history: tuple[Event, ...]
    items: tuple[ExplainedItem, ...]
    removed: tuple[Ranked, ...] | None = None
    displaced: tuple[Ranked, ...] = ()
    choice: Chosen | None = None


def explained(runtime: Runtime, model_path: Path, question: Question) -> ExplainedAnswer:
    """Why the runtime answers a user's question as it does. Raises ModelUnavailable."""
    asked = runtime.asked(model_path, question)
    catalogue = asked.model.item_ids
    answer = runtime.recommend(model_path, question)
    explored = frozenset(catalogue[list(asked.explored)].tolist())
    steady = answer if not explored else runtime.recommend(model_path, replace(question, exploration=None))
    there = {each.item_id for each in answer}
    removed = None
    if question.allowed is not None:
        free = runtime.recommend(model_path, replace(question, allowed=None, exploration=None))
        ids = [each.item_id for each in free]
        kept = question.allowed(catalogue)[locate(catalogue, ids)]
        removed = tuple(Ranked(ids[place], place + 1) for place in np.flatnonzero(~kept).tolist())
    return explained_answer(
        asked.model,
        asked.history,
        asked.times,
        answer,
        explored=explored,
        removed=removed,
        displaced=[Ranked(each.item_id, n) for n, each in enumerate(steady, start=1) if each.item_id not in there],
    )


def explained_answer(
    model: Model,
    history: NDArray[np.int32],
    times: NDArray[np.int64],
    answer: Sequence[Recommended],
    *,
    explored: frozenset[str] = frozenset(),
    removed: tuple[Ranked, ...] | None = None,
    displaced: Sequence[Ranked] = (),
) -> ExplainedAnswer:
    """What a model says of its `answer` to a history of positions, oldest first; `times` in epoch seconds."""
    known = (history >= 0) & (history < len(model.item_ids))
    history, times = history[known], times[known]
    found = explain(model, history, locate(model.item_ids, [each.item_id for each in answer]))
    return ExplainedAnswer(
        kind=found.kind,
        history=tuple(map(Event, model.item_ids[history].tolist(), times.tolist())),
        items=tuple(_item(found, row, each, each.item_id in explored) for row, each in enumerate(answer)),
        removed=removed,
        displaced=tuple(displaced),
        choice=choice_of(model),
    )


def _item(found: Explanation, row: int, recommended: Recommended, explored: bool) -> ExplainedItem:
    added, share = found.events[row], found.share[row]
    return ExplainedItem(
        item_id=recommended.item_id,
        score=recommended.score,
        reason=recommended.reason,
        explored=explored,
        value=float(found.values[row]),
        base=float(found.base[row]),
        repeats=float(found.repeats[row]),
        repeats_share=float(found.repeats[row] / found.favourable[row]),
        causes=tuple(
            Cause(event, float(added[event]), float(share[event])) for event in np.flatnonzero(added).tolist()
        ),
        circumstances=float(found.circumstances[row]),
    )
