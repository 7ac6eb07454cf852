"""Exploration: a few places of an answer for items that are too new to have been learned about."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXPLORATION: Final = "Exploration"
"""The reason of an item that is explored."""

_DAY: Final = 24 * 3600
_PICKED: Final = 4


@dataclass(frozen=True)
class Exploration:
    """How new items get their chance in one answer.

    An item is new up to `days` before the newest interaction that the model has seen. `created_since` tells of a
    catalogue which items were created at a time (epoch seconds) or later, and of which it is known; None: of none. Of
    the others the first interaction counts. `share`: from the part of the catalogue that is explored to that of the
    places.
    """

    share: Callable[[float], float]
    days: float
    seed: str
    created_since: Callable[[NDArray[np.str_], float], tuple[NDArray[np.bool_], NDArray[np.bool_]]] | None
    impressions: Mapping[str, int] = field(default_factory=dict)
    """How often each item has been shown; of those that chance picks, the least shown ones are explored."""
    ages: object = None
    """What `created_since` goes by: as long as it is the same, so are the new items."""

    def fresh(
        self, catalogue: NDArray[np.str_], unlearned: NDArray[np.bool_], first: NDArray[np.float64], newest: float
    ) -> NDArray[np.bool_]:
        """(n_items,): which items are explored: the new ones among `unlearned`, those that no training has seen.

        `first`: when each was interacted with first; without that, the newest interaction, as Personalize infers.
        """
        since = newest - self.days * _DAY
        new = first >= since
        if self.created_since is not None:
            later, told = self.created_since(catalogue, since)
            new = np.where(told, later, new)
        return new & unlearned

    def drawn(self, fresh: NDArray[np.int64], catalogue: NDArray[np.str_], k: int) -> list[int]:
        """Those of `fresh`, positions, that are in an answer of `k` items: each of its places is explored by chance."""
        share = self.share(len(fresh) / max(1, len(catalogue)))
        # the same for the same question
        digest = hashlib.blake2b(self.seed.encode(errors="surrogatepass"), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        wanted = min(_explored_places(share, k, number / 2**64), len(fresh))
        if not wanted:
            return []
        luck = random.Random(number)  # noqa: S311 # no secret
        picked = [int(fresh[n]) for n in luck.sample(range(len(fresh)), min(_PICKED * wanted, len(fresh)))]
        if self.impressions:
            picked.sort(key=lambda place: self.impressions.get(str(catalogue[place]), 0))
        return picked[:wanted]


def _explored_places(chance: float, places: int, luck: float) -> int:
    """How many places are explored where each is with this chance: the binomial quantile of `luck`, from 0 to 1."""
    if chance > 0.5:
        # by those that are not: of many places, the first probability would be too small for a float
        return places - _explored_places(1 - chance, places, 1 - luck)
    probability = reached = (1 - chance) ** places
    explored = 0
    while reached < luck and explored < places:
        explored += 1
        probability *= (places - explored + 1) / explored * chance / (1 - chance)
        reached += probability
    return explored
