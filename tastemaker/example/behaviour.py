"""How customers of the example shop choose: the probabilities that the generator draws from and the oracle ranks by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.example.products import CATEGORIES, STYLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.example.products import Catalogue

MOMENTUM = 0.60
"""Share of next views that follow from the last product."""
TASTE = 0.30
"""Share of next views that follow from the customer's taste."""
NOISE = 0.10
"""Share of next views that follow from nothing but popularity."""
CART = 0.20
"""Probability that a view is followed by putting the product into the cart."""
PURCHASE = 0.45
"""Probability that putting into the cart is followed by buying."""
RETURN = 0.20
"""Probability that a visit begins with the last product of the visit before."""
CONTINUE = 0.80
"""Probability that a visit goes on after an event."""

VIEW, ADD_TO_CART, BUY = 0, 1, 2
EVENT_TYPES = ("View", "AddToCart", "Purchase")

AGE_GROUPS = ("18-29", "30-44", "45-64", "65+")
REGIONS = ("north", "south", "east", "west")

_CATEGORY_FOCUS = 1.5
_STYLE_STRENGTH = 0.8
_PRICE_STRENGTH = 0.25
_INTEREST_DRIFT = 0.06
_STYLE_MEMORY = 0.95


@dataclass(frozen=True, eq=False)
class Tastes:
    """What some customers like at one time; the arrays' first axis is the customer.

    `interests` (n, categories) sum to one; `style` (n, STYLES) is the direction liked in the space of styles;
    `budget` (n,) is the price level liked best.
    """

    interests: NDArray[np.float64]
    style: NDArray[np.float64]
    budget: NDArray[np.float64]

    def of(self, rows: NDArray[np.int64]) -> Tastes:
        return Tastes(self.interests[rows], self.style[rows], self.budget[rows])


def first_tastes(rng: np.random.Generator, age_group: NDArray[np.int64]) -> Tastes:
    """Two or three categories each, which ones depending on age."""
    return Tastes(
        interests=_interests(rng, _appeal_by_age(rng)[age_group]),
        style=rng.normal(size=(len(age_group), STYLES)),
        budget=rng.normal(scale=0.7, size=len(age_group)),
    )


def drift(rng: np.random.Generator, tastes: Tastes) -> Tastes:
    """The tastes one visit later: interests lean 6 % towards new ones, style is a random walk with memory 0.95."""
    everything = np.full(tastes.interests.shape, 1 / len(CATEGORIES))
    interests = (1 - _INTEREST_DRIFT) * tastes.interests + _INTEREST_DRIFT * _interests(rng, everything)
    steps = rng.normal(size=tastes.style.shape)
    style = _STYLE_MEMORY * tastes.style + np.sqrt(1 - _STYLE_MEMORY**2) * steps
    return Tastes(interests, style, tastes.budget)


def taste_probabilities(catalogue: Catalogue, tastes: Tastes) -> NDArray[np.float32]:
    """(customers, products): rows that sum to one.

    p(j) ∝ interest(category_j) · popularity_j · exp(0.8 style·style_j − ¼ (budget − price_j)²)
    """
    # −¼ (b − z)² is ½ b·z − ¼ z² but for what is the same for all products; the product joins that of the styles
    liking = np.column_stack((_STYLE_STRENGTH * tastes.style, 2 * _PRICE_STRENGTH * tastes.budget))
    traits = np.column_stack((catalogue.style, catalogue.price_level))
    appeal = catalogue.popularity * np.exp(-_PRICE_STRENGTH * catalogue.price_level**2)
    weights: NDArray[np.float32] = np.exp(liking.astype(np.float32) @ traits.T.astype(np.float32))
    weights *= tastes.interests.astype(np.float32)[:, catalogue.category]
    weights *= appeal.astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _appeal_by_age(rng: np.random.Generator) -> NDArray[np.float64]:
    appeal: NDArray[np.float64] = rng.gamma(1.5, size=(len(AGE_GROUPS), len(CATEGORIES)))
    appeal /= appeal.sum(axis=1, keepdims=True)
    return appeal


def _interests(rng: np.random.Generator, appeal: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Dirichlet draw around each row; the floor keeps every category possible."""
    drawn: NDArray[np.float64] = rng.gamma(_CATEGORY_FOCUS * appeal) + 1e-4
    drawn /= drawn.sum(axis=1, keepdims=True)
    return drawn
