"""SIMS: items that the same people have consumed, and nothing else that is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tastemaker.recommenders.item_relations import cooccurrence, strongest
from tastemaker.recommenders.percentiles import Percentiles
from tastemaker.recommenders.popularity import distinct_users
from tastemaker.recommenders.similar_items import SimilarItemsModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.interactions import Interactions

PERCENTILES = Percentiles(users=(0.005, 0.995), items=(0.01, 0.9))
"""Personalize's defaults. Items above, a tenth of what happened, have no neighbours and are nobody's neighbour."""


@dataclass(frozen=True)
class Sims:
    """S_ij = C_ij ÷ (C_jj + 3)^a, C_ij = Σ_u x_ui x_uj / √n_u, of pairs with at least `least_together` common users.

    `cooccurrence` says what the letters mean. a is the `popularity_discount`: 0 counts common users and so favours
    popular neighbours, ½ is the cosine, 1 asks how much likelier j is for who has i. `percentiles`: who takes part; an
    item outside gets what is popular among all. `kept`: of each item's neighbours, the strongest.

    Source: Linden et al., "Amazon.com Recommendations: Item-to-Item Collaborative Filtering", 2003.
    """

    popularity_discount: float = 0.5
    least_together: int = 3
    percentiles: Percentiles = PERCENTILES
    kept: int = 200

    def fit(
        self,
        interactions: Interactions,
        *,
        items: Attributes | None = None,  # noqa: ARG002 - it learns from what people did alone
        users: Attributes | None = None,  # noqa: ARG002 - it learns from what people did alone
        seed: int = 0,  # noqa: ARG002 - part of every recipe's signature; nothing here is drawn
        progress: Callable[[float], None] | None = None,
    ) -> SimilarItemsModel:
        taking_part = self.percentiles.apply(interactions)
        together = cooccurrence(taking_part, discount=self.popularity_discount, least_together=self.least_together)
        model = SimilarItemsModel.of(
            interactions.item_ids, distinct_users(interactions), strongest(together, self.kept)
        )
        if progress is not None:
            progress(1.0)
        return model
