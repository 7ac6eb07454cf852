"""Leave-one-out, the protocol of most papers: each user's last event is to be found among all that is new to the user.

Source: He et al., "Neural Collaborative Filtering", 2017, section 4.1, but with the whole catalogue ranked instead of a
sample of a hundred items, for the reasons of Krichene and Rendle, "On Sampled Metrics for Item Recommendation", 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.evaluate import Evaluation, OfflineProtocol, Ranker
from tastemaker.evaluation.split import Request, Split, keyed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders import Interactions

_CUT = 10


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
        )
        for user in np.flatnonzero(asked)
    )
    return Split(train=train, test=tuple(requests))


def judge_last(ranker: Ranker, split: Split, *, fit_seconds: float) -> Evaluation:
    """Textbook metrics of any ranker that answers with the whole catalogue but what the user already has.

    A repeat, a last event whose item the user already has, cannot be found: it is a miss in `metrics`, and not
    asked for in `metrics_new_items`. Both are equal where nobody repeats.
    """
    n_items = len(split.train.item_ids)
    ranks, repeats = [], 0
    for request in split.test:
        unseen = np.ones(n_items, dtype=np.bool_)
        unseen[request.history] = False
        if unseen[request.truth[0]]:
            ranks.append(_rank(ranker(request, unseen), int(request.truth[0])))
        else:
            repeats += 1
    return Evaluation(
        metrics=textbook_metrics([*ranks, *[None] * repeats]),
        metrics_new_items=textbook_metrics(ranks),
        fit_seconds=fit_seconds,
    )


def textbook_metrics(ranks: Sequence[int | None]) -> dict[str, float]:
    """Means over requests with one right answer each, at rank r ≥ 1 (None: it was not found); rounded, keys in order.

    - `hit_rate_at_10`: 1 where r ≤ 10, else 0
    - `mean_reciprocal_rank`: 1 / r, however large r is
    - `ndcg_at_10`: 1 / log2(1 + r) where r ≤ 10, else 0: the ideal, the answer at rank 1, is worth 1

    All zero without requests.
    """
    rank = np.array([np.inf if r is None else r for r in ranks], dtype=np.float64)
    near = rank <= _CUT
    figures = {
        f"hit_rate_at_{_CUT}": near.astype(np.float64),
        "mean_reciprocal_rank": 1 / rank,
        f"ndcg_at_{_CUT}": near / np.log2(1 + rank),
    }
    return {key: round(float(values.mean()), 4) if len(rank) else 0.0 for key, values in figures.items()}


LEAVE_ONE_OUT = OfflineProtocol(split=leave_one_out_split, depth=None, judge=judge_last)


def _last_events(interactions: Interactions, seed: int) -> NDArray[np.int64]:
    """(n_users,): the position of each user's last event."""
    last_second = interactions.timestamp[interactions.starts[1:] - 1]
    rivals = np.flatnonzero(interactions.timestamp == last_second[interactions.user])
    user = interactions.user[rivals]
    order = np.lexsort((np.array([_luck(interactions, seed, int(event)) for event in rivals], dtype=np.uint64), user))
    last: NDArray[np.int64] = rivals[order][np.searchsorted(user, np.arange(len(interactions.user_ids)), "right") - 1]
    return last


def _luck(interactions: Interactions, seed: int, event: int) -> int:
    return keyed(
        seed,
        f"{interactions.user_ids[interactions.user[event]]}\0{interactions.item_ids[interactions.item[event]]}"
        f"\0{interactions.event_types[interactions.event_type[event]]}",
    )


def _rank(ranked: NDArray[np.int32], item: int) -> int | None:
    found = np.flatnonzero(ranked == item)
    return int(found[0]) + 1 if len(found) else None
