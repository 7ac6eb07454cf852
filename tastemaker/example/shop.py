"""The example shop: a year of made-up customers' events, drawn from a documented recipe with a seed.

The recipe
----------
Products      1,200 in twelve categories. Popularity falls as (rank + 10)^−0.9: the first product draws 1.5 % of the
              demand, the first fifth 61 %. Each has a style (a point in five dimensions) and a price; each is
              followed by twelve alternatives of its category (near in style and price; 70 %) and six complements of
              the category that goes with it (30 %, in this direction only).
Tastes        2,000 customers with interests in two or three categories (a Dirichlet draw that depends on the age
              group), a liking for a style and a price level. p(product) ∝ interest · popularity · exp(style, price).
Drift         From visit to visit the interests lean 6 % towards new ones, and the liked style is a random walk
              with memory 0.95.
Visits        One plus a long-tailed number (gamma-Poisson, mean 5) on different days, from the day the customer
              joined to the end of the year. A visit goes on after each event with probability 0.8.
Momentum      A next view follows from the last product with probability 0.6, from the customer's taste
              with 0.3. After a view the same product goes into the cart with probability 0.2, and is then bought with
              0.45. A visit begins with the last product of the visit before with probability 0.2.
Noise         A next view follows from popularity alone with probability 0.1.

The numbers are what a small shop might look like. They are not fitted to any recommender.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from tastemaker.example.behaviour import (
    ADD_TO_CART,
    AGE_GROUPS,
    BUY,
    CART,
    CONTINUE,
    EVENT_TYPES,
    MOMENTUM,
    NOISE,
    PURCHASE,
    REGIONS,
    RETURN,
    TASTE,
    VIEW,
    Tastes,
    drift,
    first_tastes,
    taste_probabilities,
)
from tastemaker.example.products import stock
from tastemaker.recommenders import Interactions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tastemaker.example.products import Catalogue

END = 1_751_328_000
"""The first second after the year that the events are of: 1 July 2025, 00:00 UTC."""

_DAY = 86_400
_DAYS = 365
_MOST_VISITS = 60
_MOST_EVENTS = 60


class EventRow(TypedDict):
    """A row of the events table."""

    userId: str
    itemId: str
    timestamp: int
    eventType: str


@dataclass(frozen=True)
class Customer:
    """What the users table holds."""

    user_id: str
    age_group: str
    region: str


@dataclass(frozen=True, eq=False)
class Events:
    """Columns of equal length, by customer and time. `visit` is a row of the shop's tastes."""

    customer: NDArray[np.int64]
    product: NDArray[np.int64]
    kind: NDArray[np.int64]
    time: NDArray[np.int64]
    visit: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True, eq=False)
class Shop:
    """`tastes` are those of the customer at each visit: what no recommender sees."""

    catalogue: Catalogue
    customers: tuple[Customer, ...]
    events: Events
    tastes: Tastes

    @cached_property
    def interactions(self) -> Interactions:
        """The events as a recommender sees them."""
        user_ids = np.array([customer.user_id for customer in self.customers])
        item_ids = np.array([product.item_id for product in self.catalogue.products])
        events = self.events
        return Interactions.from_columns(
            user_ids[events.customer], item_ids[events.product], events.time, np.array(EVENT_TYPES)[events.kind]
        )

    def event_rows(self) -> Iterator[EventRow]:
        """The events as rows, in order of time."""
        events = self.events
        order = np.argsort(events.time, kind="stable")
        columns = (events.customer, events.product, events.time, events.kind)
        for customer, product, time, kind in zip(*(column[order].tolist() for column in columns), strict=True):
            yield EventRow(
                userId=self.customers[customer].user_id,
                itemId=self.catalogue.products[product].item_id,
                timestamp=time,
                eventType=EVENT_TYPES[kind],
            )


def open_shop(seed: int = 0, *, n_customers: int = 2_000, n_products: int = 1_200) -> Shop:
    """Draw a shop and its year. The same arguments give the same shop."""
    rng = np.random.default_rng(seed)
    catalogue = stock(rng, n_products)
    age_group = rng.integers(len(AGE_GROUPS), size=n_customers)
    region = rng.integers(len(REGIONS), size=n_customers)
    customers = tuple(
        Customer(f"user-{index + 1:04d}", AGE_GROUPS[age], REGIONS[where])
        for index, (age, where) in enumerate(zip(age_group.tolist(), region.tolist(), strict=True))
    )
    visits = np.minimum(1 + rng.poisson(5 * rng.gamma(0.7, 1 / 0.7, size=n_customers)), _MOST_VISITS)
    events, tastes = _year(rng, catalogue, first_tastes(rng, age_group), visits)
    return Shop(catalogue, customers, events, tastes)


def _year(
    rng: np.random.Generator, catalogue: Catalogue, tastes: Tastes, visits: NDArray[np.int64]
) -> tuple[Events, Tastes]:
    """All customers' first visits together, then all second ones, and so on."""
    chances = _Chances(np.cumsum(catalogue.following_weight, axis=1), np.cumsum(catalogue.popularity))
    last_product = np.full(len(visits), -1)
    rounds: list[tuple[NDArray[np.int64], ...]] = []
    seen: list[Tastes] = []
    n_before = 0
    for round_ in range(int(visits.max())):
        active = np.flatnonzero(visits > round_)
        if round_:
            tastes = drift(rng, tastes)
        now = tastes.of(active)
        liked = np.cumsum(taste_probabilities(catalogue, now), axis=1)
        row, step, product, kind = _visit(rng, catalogue, chances, liked, last_product[active])
        last_product[active[row]] = product
        rounds.append((active[row], np.full(len(row), round_), step, product, kind, n_before + row))
        seen.append(now)
        n_before += len(active)
    customer, round_of, step, product, kind, visit = (np.concatenate(column) for column in zip(*rounds, strict=True))
    order = np.lexsort((step, round_of, customer))
    times = _times(rng, visits, customer[order], round_of[order], step[order])
    all_tastes = Tastes(
        *(np.concatenate(part) for part in zip(*((t.interests, t.style, t.budget) for t in seen), strict=True))
    )
    return Events(customer[order], product[order], kind[order], times, visit[order]), all_tastes


@dataclass(frozen=True, eq=False)
class _Chances:
    """Cumulative probabilities to draw from; `following` (n_products, 18), `popular` (n_products,)."""

    following: NDArray[np.float64]
    popular: NDArray[np.float64]


def _visit(
    rng: np.random.Generator,
    catalogue: Catalogue,
    chances: _Chances,
    liked: NDArray[np.float32],
    last_product: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """One visit of each customer: columns (row of the customer, step, product, kind), steps in order.

    `liked` (customers, n_products): cumulative probabilities by taste.
    """
    rows = np.arange(len(last_product))
    returns = (rng.random(len(rows)) < RETURN) & (last_product >= 0)
    product = np.where(returns, last_product, _fresh(rng, chances, liked, rows))
    kind = np.full(len(rows), VIEW)
    columns = [(rows, np.zeros_like(rows), product, kind)]
    for step in range(1, _MOST_EVENTS):
        going_on = rng.random(len(rows)) < CONTINUE
        rows, product, kind = rows[going_on], product[going_on], kind[going_on]
        if not len(rows):
            break
        luck = rng.random(len(rows))
        carts, buys = (kind == VIEW) & (luck < CART), (kind == ADD_TO_CART) & (luck < PURCHASE)
        follows = rng.random(len(rows)) < MOMENTUM
        after_last = catalogue.following[product, _draw(rng, chances.following[product])]
        after_last[~follows] = _fresh(rng, chances, liked, rows[~follows])
        product = np.where(carts | buys, product, after_last)
        kind = np.where(carts, ADD_TO_CART, np.where(buys, BUY, VIEW))
        columns.append((rows, np.full_like(rows, step), product, kind))
    row, steps, products, kinds = (np.concatenate(column) for column in zip(*columns, strict=True))
    return row, steps, products, kinds


def _fresh(
    rng: np.random.Generator, chances: _Chances, liked: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """A product for each of the rows of `liked` that does not depend on the last one: by taste, or noise."""
    product = np.searchsorted(chances.popular, rng.random(len(rows)))
    by_taste = rng.random(len(rows)) < TASTE / (TASTE + NOISE)
    product[by_taste] = _draw(rng, liked[rows[by_taste]])
    return np.minimum(product, len(chances.popular) - 1)


def _draw(rng: np.random.Generator, cumulative: NDArray[np.floating]) -> NDArray[np.int64]:
    """One draw from each row of cumulative probabilities."""
    drawn: NDArray[np.int64] = (cumulative < rng.random((len(cumulative), 1)).astype(cumulative.dtype)).sum(axis=1)
    return drawn.clip(max=cumulative.shape[1] - 1)


def _times(
    rng: np.random.Generator,
    visits: NDArray[np.int64],
    customer: NDArray[np.int64],
    round_: NDArray[np.int64],
    step: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Visits on different days and mostly in the evening; a minute, more or less, from event to event."""
    joined = rng.integers(_DAYS - _MOST_VISITS, size=len(visits))
    n_visits = int(visits.sum())
    who = np.repeat(np.arange(len(visits)), visits)
    nth = np.arange(n_visits) - np.repeat(np.cumsum(visits) - visits, visits)
    free = (_DAYS - joined - visits + 1)[who]
    day = np.floor(rng.random(n_visits) * free)
    # sorted draws from the free days, each pushed on by the visits before it, are different days
    day = day[np.lexsort((day, who))] + joined[who] + nth
    hour = np.clip(rng.normal(18.0, 3.5, size=n_visits), 6.0, 22.5)
    start = END - _DAYS * _DAY + day * _DAY + hour * 3_600
    gap = np.where(step > 0, 5.0 + rng.exponential(50.0, size=len(step)), 0.0)
    elapsed = np.cumsum(gap)
    first = step == 0
    elapsed -= np.repeat(elapsed[first], np.diff(np.append(np.flatnonzero(first), len(step))))
    visit = (np.cumsum(visits) - visits)[customer] + round_
    times: NDArray[np.int64] = np.floor(start[visit] + elapsed).astype(np.int64)
    return times
