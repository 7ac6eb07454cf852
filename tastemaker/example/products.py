"""The shelves of the example shop: 1,200 products in twelve categories, and what is looked at after what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STYLES = 5
"""Dimensions of the space in which products have a style and customers a taste for styles."""

_ALTERNATIVES = 12
_COMPLEMENTS = 6
_COMPLEMENT_SHARE = 0.3

_ADJECTIVES = (
    *("Amber", "Birch", "Coastal", "Copper", "Ember", "Fjord", "Golden", "Harbour"),
    *("Indigo", "Juniper", "Linen", "Maple", "Nordic", "Opal", "Prairie", "Slate"),
)


@dataclass(frozen=True)
class Category:
    """`share` of the products; `price`: the median; `goes_with`: where the complements of its products are."""

    name: str
    share: float
    price: float
    goes_with: str
    nouns: tuple[str, ...]


def _category(name: str, share: float, price: float, goes_with: str, nouns: str) -> Category:
    return Category(name, share, price, goes_with, tuple(nouns.split()))


CATEGORIES = (
    _category("Coffee & Tea", 0.06, 12, "Kitchen", "Espresso Roast Matcha Chai Decaf Oolong Cocoa Blend Infusion"),
    _category("Kitchen", 0.11, 35, "Coffee & Tea", "Kettle Skillet Grinder Knife Teapot Whisk Bowl Mug Press Board"),
    _category("Home", 0.11, 45, "Garden", "Lamp Rug Cushion Blanket Vase Mirror Candle Shelf Clock Basket"),
    _category("Garden", 0.07, 25, "Home", "Planter Trowel Lantern Hose Seeds Bench Gloves Feeder Trellis"),
    _category("Books", 0.12, 16, "Home", "Novel Atlas Memoir Cookbook Thriller Anthology Guide Saga Primer Essays"),
    _category("Toys", 0.08, 22, "Books", "Puzzle Train Blocks Kite Robot Doll Marbles Board-Game Yo-Yo Drum"),
    _category("Fashion", 0.13, 48, "Shoes", "Shirt Jacket Scarf Dress Sweater Jeans Coat Belt Hat Skirt"),
    _category("Shoes", 0.07, 85, "Fashion", "Sneaker Boot Sandal Loafer Runner Slipper Clog Oxford Trainer"),
    _category("Beauty", 0.08, 18, "Fashion", "Serum Balm Soap Mask Cream Shampoo Perfume Oil Scrub Lipstick"),
    _category("Sports", 0.07, 40, "Shoes", "Mat Racket Bottle Dumbbell Tent Backpack Helmet Rope Ball Paddle"),
    _category("Electronics", 0.06, 120, "Toys", "Speaker Headphones Keyboard Charger Camera Monitor Router Tablet"),
    _category("Pets", 0.04, 20, "Home", "Collar Leash Kibble Bed Treats Scratcher Brush Carrier Toy"),
)


@dataclass(frozen=True)
class Product:
    """What the items table holds."""

    item_id: str
    title: str
    category: str
    price: float


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All products, and what drives the behaviour of customers; the arrays' first axis is the product.

    `category` is a position in CATEGORIES, `popularity` sums to one, `style` is (n, STYLES), `price_level` is the
    price in standard deviations from its category's. `following` (n, 18) are the products that are looked at after
    this one, `following_weight` their probabilities.
    """

    products: tuple[Product, ...]
    category: NDArray[np.int64]
    popularity: NDArray[np.float64]
    style: NDArray[np.float64]
    price_level: NDArray[np.float64]
    following: NDArray[np.int64]
    following_weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.products)


def stock(rng: np.random.Generator, n_products: int) -> Catalogue:
    """Fill the shelves."""
    shares = np.array([category.share for category in CATEGORIES])
    bounds = np.round(np.cumsum(shares / shares.sum()) * n_products).astype(np.int64)
    category = np.searchsorted(bounds, rng.permutation(n_products), side="right")
    style = rng.normal(size=(n_products, STYLES))
    price_level = rng.normal(size=n_products)
    # the 1st of 1,200 products draws 1.5 % of the demand, the first fifth 61 %
    popularity = np.power(rng.permutation(n_products) + 11.0, -0.9, dtype=np.float64)
    popularity /= popularity.sum()
    following, weight = _following(rng, category, popularity, style, price_level)
    return Catalogue(
        products=_label(rng, category, price_level),
        category=category,
        popularity=popularity,
        style=style,
        price_level=price_level,
        following=following,
        following_weight=weight,
    )


def _label(
    rng: np.random.Generator, category: NDArray[np.int64], price_level: NDArray[np.float64]
) -> tuple[Product, ...]:
    unused = [
        rng.permutation([f"{adjective} {noun}" for adjective in _ADJECTIVES for noun in kind.nouns]).tolist()
        for kind in CATEGORIES
    ]
    products = []
    for index, (kind, level) in enumerate(zip(category.tolist(), price_level.tolist(), strict=True)):
        names = unused[kind]
        # a name comes round again where a category has more products than names
        names.insert(0, title := names.pop())
        price = CATEGORIES[kind].price * float(np.exp(0.5 * level))
        products.append(
            Product(f"product-{index + 1:04d}", title, CATEGORIES[kind].name, round(price, 2)),
        )
    return tuple(products)


def _following(
    rng: np.random.Generator,
    category: NDArray[np.int64],
    popularity: NDArray[np.float64],
    style: NDArray[np.float64],
    price_level: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Alternatives: near in style and price, in the category. Complements: a draw from the category it goes with."""
    names = [kind.name for kind in CATEGORIES]
    goes_with = np.array([names.index(kind.goes_with) for kind in CATEGORIES])
    attraction = np.sqrt(popularity)
    norms = (style**2).sum(axis=1)
    distance = norms[:, None] + norms[None, :] - 2 * style @ style.T
    distance += (price_level[:, None] - price_level[None, :]) ** 2
    likeness = attraction[None, :] * np.exp(-distance / 4)
    likeness[category[:, None] != category[None, :]] = 0.0
    np.fill_diagonal(likeness, 0.0)
    # Gumbel noise on the logarithm makes the largest ones a draw without replacement
    appeal = np.log(attraction)[None, :] + rng.gumbel(size=likeness.shape)
    appeal[goes_with[category][:, None] != category[None, :]] = -np.inf
    alternatives = np.argpartition(-likeness, _ALTERNATIVES, axis=1)[:, :_ALTERNATIVES]
    complements = np.argpartition(-appeal, _COMPLEMENTS, axis=1)[:, :_COMPLEMENTS]
    weights = []
    for strength, share in (
        (np.take_along_axis(likeness, alternatives, axis=1), 1 - _COMPLEMENT_SHARE),
        (attraction[complements], _COMPLEMENT_SHARE),
    ):
        weights.append(share * strength / strength.sum(axis=1, keepdims=True))
    return np.hstack((alternatives, complements)), np.hstack(weights)
