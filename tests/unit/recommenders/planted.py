"""Interactions whose right answer is known by construction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders import Interactions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tastemaker.recommenders import Model


def interactions_of(histories: Mapping[str, Sequence[str]]) -> Interactions:
    """One event a minute for each user, in the order given."""
    rows = [(user, item, 60 * when) for user, items in histories.items() for when, item in enumerate(items)]
    users, items, times = zip(*rows, strict=True)
    return Interactions.from_columns(users, items, times)


def cycles(n_users: int = 60) -> Interactions:
    """a → b → c → d → e → f → a: each user walks round once, from another start, in one direction."""
    ring = "abcdef"
    return interactions_of({f"u{n:03d}": (ring[n % 6 :] + ring[: n % 6])[:5] for n in range(n_users)})


def checkerboard(n_users: int = 80, n_items: int = 20, seed: int = 0) -> Interactions:
    """Even users have seven of the even items, odd users seven of the odd ones, in random order."""
    rng = np.random.default_rng(seed)
    histories = {}
    for n in range(n_users):
        own = np.arange(n % 2, n_items, 2)
        histories[f"u{n:03d}"] = [f"i{item:02d}" for item in rng.permutation(own)[:7]]
    return interactions_of(histories)


def random_interactions(n_users: int, n_items: int, n_events: int, seed: int) -> Interactions:
    """Events without a pattern, with repeats."""
    rng = np.random.default_rng(seed)
    users = [f"u{n}" for n in rng.integers(n_users, size=n_events)]
    items = [f"i{n}" for n in rng.integers(n_items, size=n_events)]
    return Interactions.from_columns(users, items, rng.permutation(n_events).tolist())


def places(model: Model, ids: Sequence[str]) -> NDArray[np.int32]:
    """Positions of ids in the model's catalogue."""
    return np.array([model.item_ids.tolist().index(item) for item in ids], dtype=np.int32)


def names(model: Model, items: NDArray[np.int32]) -> list[str]:
    return [str(item) for item in model.item_ids[items]]
