"""Personalize's own hold-out: some users are left out of training, and the newest events of those are to be found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tastemaker.recommenders import Interactions


@dataclass(frozen=True, eq=False)
class Request:
    """One left-out user: what is known of them and what they went on to consume.

    `history` and `truth` hold positions in the item catalogue, oldest event first, repeats included; `times` holds the
    epoch seconds of the events of `truth`, `weights` their weights (None: all alike). `context`: by field, what was so
    when the user went on, at the first event of `truth`.
    """

    user_id: str
    history: NDArray[np.int32]
    truth: NDArray[np.int32]
    times: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Split:
    """`train`: the events of the other users, with the item catalogue of all of them, so positions mean the same."""

    train: Interactions
    test: tuple[Request, ...]


def personalize_split(interactions: Interactions, seed: int) -> Split:
    """Leave out a tenth of the users (at least one): their oldest 90 % of events are the input, the rest the truth.

    The users are those with the smallest keyed hash of their id, so neither the order of the rows nor ids of other
    users' items matter. Events of one second have no order in time; a hash gives them one. A left-out user with
    a single event can be asked nothing and is in neither part.
    """
    n_users = len(interactions.user_ids)
    rank = np.argsort([keyed(seed, str(user_id)) for user_id in interactions.user_ids], kind="stable")
    chosen = np.zeros(n_users, dtype=np.bool_)
    chosen[rank[: min(n_users, max(1, round(n_users / 10)))]] = True
    requests = (_request(interactions, seed, int(user)) for user in np.flatnonzero(chosen))
    return Split(
        train=interactions.of_users(~chosen),
        test=tuple(request for request in requests if len(request.history)),
    )


def _request(interactions: Interactions, seed: int, user: int) -> Request:
    start, end = interactions.starts[user], interactions.starts[user + 1]
    items, times = interactions.item[start:end], interactions.timestamp[start:end]
    kinds = interactions.event_type[start:end]
    ties = [
        keyed(seed, f"{interactions.item_ids[item]}\0{interactions.event_types[kind]}")
        for item, kind in zip(items, kinds, strict=True)
    ]
    order = np.lexsort((np.array(ties, dtype=np.uint64), times))
    known = len(order) * 9 // 10
    weight = interactions.weight
    return Request(
        user_id=str(interactions.user_ids[user]),
        history=items[order[:known]],
        truth=items[order[known:]],
        times=times[order[known:]],
        weights=None if weight is None else weight[start:end][order[known:]],
        context=interactions.context_of(start + int(order[known])),
    )


def keyed(seed: int, text: str) -> int:
    """A number of 64 bits that depends on the seed and the text only: order without favour, on every machine."""
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=str(seed).encode()).digest()
    return int.from_bytes(digest, "big")
