"""Leave-one-out, the protocol of most papers: each user's last event is to be found among all that is new to the user.

Source: He et al., "Neural Collaborative Filtering", 2017, section 4.1, but with the whole catalogue ranked instead of a
sample of a hundred items, for the reasons of Krichene and Rendle, "On Sampled Metrics for Item Recommendation", 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.evaluate import Evaluation, OfflineProtocol, Ranker, mask_of_new_items, under_circumstances
from tastemaker.evaluation.judged import Answers
from tastemaker.evaluation.split import Request, Split, keyed
from tastemaker.evaluation.textbook import CUT, novelty, textbook_values
from tastemaker.recommenders.popularity import distinct_users

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tastemaker.recommenders import Attributes, Interactions, Model


def leave_one_out_split(interactions: Interactions, seed: int) -> Split:
    """Hold out the last event of each user; all the others are trained on, and the user's own are the input.

    Where several events share a user's last second, a hash keyed by `seed` says which of them is the last. A user with
    a single event is asked nothing, and the event is trained on.
    """
    last = _last_events(interactions, seed)
    asked = np.diff(interactions.starts) > 1
    kept = np.ones(len(interactions), dtype=np.bool_)
    kept[last[asked]] = False
    train = interactions.of_events(kept)
    requests = (
        Request(
            user_id=str(interactions.user_ids[user]),
            history=train.history(int(user)),
            truth=interactions.item[[last[user]]],
            times=interactions.timestamp[[last[user]]],
            context=interactions.context_of(int(last[user])),
        )
        for user in np.flatnonzero(asked)
    )
    return Split(train=train, test=tuple(requests))


def judge_last(ranker: Ranker, split: Split, *, fit_seconds: float) -> Evaluation:
    """Textbook metrics of any ranker that answers with the whole catalogue but what the user already has.

    A repeat, a last event whose item the user already has, cannot be found: it is a miss in `metrics`, and not
    asked for in `metrics_new_items`. Both are equal where nobody repeats.
    """

    def answer(request: Request, unseen: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int | None]:
        ranked = ranker(request, unseen)
        return ranked, _place(ranked, int(request.truth[0]))

    return _judge_answers(answer, split, fit_seconds=fit_seconds)


def judge_model_last(
    model: Model,
    split: Split,
    *,
    asked_with: Callable[[Request], NDArray[np.int32]],
    fit_seconds: float,
    users: Attributes | None = None,
) -> Evaluation:
    """What `judge_last` says of a model, without ranking the whole catalogue for each user.

    The rank of an item that is not among the first ten follows from scores, which fall along every ranking.
    """

    under = under_circumstances(model, users)

    def answer(request: Request, unseen: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int | None]:
        history, item = asked_with(request), int(request.truth[0])
        asked = under(request)
        first = asked.recommend(history, CUT, unseen)[0]
        rank = _place(first, item)
        if rank is None and unseen[item]:
            rank = _rank_by_scores(asked, history, item, unseen)
        return first, rank

    return _judge_answers(answer, split, fit_seconds=fit_seconds)


LEAVE_ONE_OUT = OfflineProtocol(
    split=leave_one_out_split, depth=None, judge=judge_last, judge_model=judge_model_last, asks_everyone=True
)


def _judge_answers(
    answer: Callable[[Request, NDArray[np.bool_]], tuple[NDArray[np.int32], int | None]],
    split: Split,
    *,
    fit_seconds: float,
) -> Evaluation:
    """`answer` gives to a request, and the mask of what is allowed, the first items and the rank of the right one."""
    n_items = len(split.train.item_ids)
    lists, ranks, repeats = [], [], np.zeros(len(split.test), dtype=np.bool_)
    for row, request in enumerate(split.test):
        unseen = mask_of_new_items(request, n_items)
        first, rank = answer(request, unseen)
        lists.append(first)
        ranks.append(rank)
        repeats[row] = not unseen[request.truth[0]]
    answers = Answers.of(split.test, lists, [request.truth for request in split.test], depth=CUT)
    values = textbook_values(ranks)
    values[f"novelty_at_{CUT}"] = novelty(answers.recommended, distinct_users(split.train), len(split.train.user_ids))
    judged = answers.judged(values, coverage_key=f"coverage_at_{CUT}", catalogue_size=n_items)
    return Evaluation(requests=judged, requests_new_items=judged.only(~repeats), fit_seconds=fit_seconds)


def _rank_by_scores(model: Model, history: NDArray[np.int32], item: int, unseen: NDArray[np.bool_]) -> int | None:
    """The rank of an item among the unseen ones, None where the model does not recommend it.

    Items of one score can have an order that the score, a share in single precision, does not show, or be no
    recommendations at all (what is no neighbour): of those the model itself is asked.
    """
    scores = model.scores(history)
    allowed = np.where(unseen, scores, -1.0)
    before = int((allowed > scores[item]).sum())
    equal = allowed == scores[item]
    within = _place(model.recommend(history, int(equal.sum()), equal)[0], item)
    return None if within is None else before + within


def _place(ranked: NDArray[np.int32], item: int) -> int | None:
    found = np.flatnonzero(ranked == item)
    return int(found[0]) + 1 if len(found) else None


def _last_events(interactions: Interactions, seed: int) -> NDArray[np.int64]:
    """(n_users,): the position of each user's last event."""
    last = interactions.starts[1:] - 1
    last_second = interactions.timestamp[last]
    rivals = np.flatnonzero(interactions.timestamp == last_second[interactions.user])
    # luck is slow, and only has to choose where there is a choice
    user = interactions.user[rivals]
    several = np.bincount(user, minlength=len(last))[user] > 1
    rivals, user = rivals[several], user[several]
    order = np.lexsort((np.array([_luck(interactions, seed, int(event)) for event in rivals], dtype=np.uint64), user))
    # of each user the largest: later entries overwrite earlier ones
    last[user[order]] = rivals[order]
    return last


def _luck(interactions: Interactions, seed: int, event: int) -> int:
    return keyed(
        seed,
        f"{interactions.user_ids[interactions.user[event]]}\0{interactions.item_ids[interactions.item[event]]}"
        f"\0{interactions.event_types[interactions.event_type[event]]}",
    )
