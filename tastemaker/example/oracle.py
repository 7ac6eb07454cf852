"""The ceiling for any recommender in the example shop: a ranking by the generator's own probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.evaluation.metrics import DEPTH
from tastemaker.example.behaviour import (
    ADD_TO_CART,
    BUY,
    CART,
    MOMENTUM,
    NOISE,
    PURCHASE,
    RETURN,
    TASTE,
    VIEW,
    taste_probabilities,
)
from tastemaker.recommenders import locate
from tastemaker.recommenders.model import best

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.evaluation import Ranker, Request
    from tastemaker.example.shop import Shop


@dataclass(frozen=True, eq=False)
class Oracle:
    """Knows what no recommender can: the customer's taste at every visit, and to which visit a held-out event belongs.

    For held-out events i = 1 … m of a customer, the distribution p_i over products is that of the generator's chain,
    m steps on from the last event of the input. Products are ranked by 1 − Π_i (1 − p_i): the probability of being
    among the held-out ones, were they independent.
    """

    shop: Shop

    def ranker(self, item_ids: NDArray[np.str_]) -> Ranker:
        """For `judge`: answers requests with positions in the catalogue `item_ids`."""
        products = [product.item_id for product in self.shop.catalogue.products]
        place = locate(np.array(products), item_ids)
        customers = {customer.user_id: index for index, customer in enumerate(self.shop.customers)}

        def rank(request: Request, candidates: NDArray[np.bool_] | None) -> NDArray[np.int32]:
            chances = self.chances(customers[request.user_id], len(request.history))
            return best(chances[place].astype(np.float32), DEPTH, candidates)

        return rank

    def chances(self, customer: int, n_known: int) -> NDArray[np.float64]:
        """(n_products,): how likely each is among a customer's events after the first `n_known` (at least one)."""
        events = self.shop.events
        start, end = np.searchsorted(events.customer, (customer, customer + 1))
        visits = events.visit[start:end]
        mass = np.zeros((3, len(self.shop.catalogue)))
        mass[events.kind[start + n_known - 1], events.product[start + n_known - 1]] = 1.0
        missed = np.ones(len(self.shop.catalogue))
        for position in range(n_known, len(visits)):
            liked = taste_probabilities(self.shop.catalogue, self.shop.tastes.of(visits[[position]]))[0]
            same_visit = visits[position] == visits[position - 1]
            mass = self._next_event(mass, liked) if same_visit else self._next_visit(mass, liked)
            missed *= 1 - mass.sum(axis=0)
        return 1 - missed

    def _next_event(self, mass: NDArray[np.float64], liked: NDArray[np.float32]) -> NDArray[np.float64]:
        moves_on = mass[VIEW] * (1 - CART) + mass[ADD_TO_CART] * (1 - PURCHASE) + mass[BUY]
        catalogue = self.shop.catalogue
        fresh = TASTE * liked + NOISE * catalogue.popularity
        flow = moves_on[:, None] * catalogue.following_weight
        after = np.empty_like(mass)
        after[VIEW] = np.bincount(catalogue.following.ravel(), flow.ravel(), minlength=len(catalogue))
        after[VIEW] = MOMENTUM * after[VIEW] + moves_on.sum() * fresh
        after[ADD_TO_CART] = CART * mass[VIEW]
        after[BUY] = PURCHASE * mass[ADD_TO_CART]
        return after

    def _next_visit(self, mass: NDArray[np.float64], liked: NDArray[np.float32]) -> NDArray[np.float64]:
        fresh = (TASTE * liked + NOISE * self.shop.catalogue.popularity) / (TASTE + NOISE)
        after = np.zeros_like(mass)
        after[VIEW] = RETURN * mass.sum(axis=0) + (1 - RETURN) * fresh
        return after
