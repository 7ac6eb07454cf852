"""Interactions of any size: items popular by Zipf's law, users of several tastes, histories of all lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import Interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXPONENT = 0.8
_CLUSTER = 500
_TASTES = 3
_OWN_TASTE = 0.8
_SPREAD = 1.0
_SECONDS = 365 * 86_400


@dataclass(frozen=True)
class Size:
    """How many events there are, of how many items and users."""

    events: int
    items: int
    users: int


SIZES = (
    Size(10_000, 1_000, 1_000),
    Size(100_000, 5_000, 10_000),
    Size(1_000_000, 50_000, 100_000),
    Size(10_000_000, 200_000, 1_000_000),
)


def generated(size: Size, seed: int = 0) -> Interactions:
    """Events of users who each like three clusters of about 500 items, and four times of five stay within them.

    Within a cluster and overall the r-th most popular item is consumed in proportion to r^−0.8; the lengths of
    histories are lognormal (σ = 1), none is empty. A user's clusters come one after the other, so that what comes
    next depends on what came last.
    """
    draw = np.random.default_rng(seed)
    wanted = draw.lognormal(0.0, _SPREAD, size.users)
    lengths = np.maximum(1, (wanted * size.events / wanted.sum()).astype(np.int64))
    user = np.repeat(np.arange(size.users, dtype=np.int32), lengths)
    n = len(user)
    clusters = max(1, size.items // _CLUSTER)
    liked = draw.integers(0, clusters, (size.users, _TASTES), dtype=np.int32)
    start = np.repeat(np.cumsum(lengths) - lengths, lengths)
    phase = ((np.arange(n) - start) * _TASTES // np.repeat(lengths, lengths)).astype(np.int8)
    cluster = liked[user, phase]
    # item = rank · clusters + cluster: each cluster has its share of the popular ones
    within = _zipf(draw, n, size.items // clusters) * clusters + cluster
    anywhere = _zipf(draw, n, size.items)
    item = np.where(draw.random(n, dtype=np.float32) < _OWN_TASTE, within, anywhere).astype(np.int32)
    present, place = np.unique(item, return_inverse=True)
    return Interactions(
        user_ids=_ids("u", np.arange(size.users)),
        item_ids=_ids("i", present),
        user=user,
        item=place.astype(np.int32),
        timestamp=np.sort(draw.integers(0, _SECONDS, n))[np.arange(n)],
        event_type=np.zeros(n, dtype=np.int16),
        event_types=("",),
    )


def _zipf(draw: np.random.Generator, count: int, ranks: int) -> NDArray[np.int64]:
    """(count,): ranks from 0, in proportion to (rank + 1)^−0.8, by the inverse of the continuous distribution."""
    rest = 1 - _EXPONENT
    uniform = draw.random(count)
    drawn = (1 + uniform * ((ranks + 1) ** rest - 1)) ** (1 / rest) - 1
    return np.asarray(np.minimum(drawn.astype(np.int64), ranks - 1), dtype=np.int64)


def _ids(letter: str, numbers: NDArray[np.integer]) -> NDArray[np.str_]:
    """Sorted like their numbers."""
    return np.char.add(letter, np.char.zfill(numbers.astype(np.str_), 7))
