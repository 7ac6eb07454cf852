"""Bought together: what is in one basket with an item, or else in the same people's other baskets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.item_relations import cooccurrence, csr_sum, strongest
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.similar_items import SimilarItemsModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

_OTHER_BASKETS = 0.05


@dataclass(frozen=True)
class BoughtTogether:
    """S = B + C / 20 with B the co-occurrence (`cooccurrence`) within baskets and C that within whole histories.

    A basket holds a user's purchases of which none is more than `pause` seconds later than the one before.
    `kept`: of each item's neighbours, the strongest.
    """

    pause: int = 24 * 60 * 60
    kept: int = 200

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,  # noqa: ARG002 - it learns from what people bought alone
        users: Attributes | None = None,  # noqa: ARG002 - it learns from what people bought alone
        seed: int = 0,  # noqa: ARG002 - part of every recipe's signature; nothing here is drawn
        progress: Callable[[float], None] | None = None,
    ) -> SimilarItemsModel:
        together = csr_sum(
            [(cooccurrence(baskets(interactions, self.pause)), 1.0), (cooccurrence(interactions), _OTHER_BASKETS)]
        )
        model = SimilarItemsModel.of(
            interactions.item_ids, distinct_users(interactions), strongest(together, self.kept)
        )
        if progress is not None:
            progress(1.0)
        return model


def baskets(interactions: Interactions, pause: int) -> Interactions:
    """The same events with a user for each basket."""
    if not len(interactions):
        return interactions
    user, times = interactions.user, interactions.timestamp
    opens = np.ones(len(user), dtype=np.bool_)
    opens[1:] = (user[1:] != user[:-1]) | (np.diff(times) > pause)
    basket = (np.cumsum(opens) - 1).astype(np.int32)
    names = np.char.zfill(np.arange(int(opens.sum())).astype(np.str_), 10)
    return replace(interactions, user_ids=names, user=basket)
