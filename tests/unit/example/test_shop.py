"""The example shop is drawn from its recipe, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.example import Shop, open_shop
from tastemaker.example.behaviour import CART, MOMENTUM, PURCHASE, RETURN
from tastemaker.example.shop import END


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop()


def test_the_shop_has_the_size_that_it_promises(shop: Shop) -> None:
    assert len(shop.customers) == 2_000
    assert len(shop.catalogue.products) == 1_200
    assert len({product.category for product in shop.catalogue.products}) == 12
    assert 55_000 < len(shop.events) < 66_000
    assert len(shop.interactions.user_ids) == 2_000
    assert set(shop.interactions.event_types) == {"View", "AddToCart", "Purchase"}


def test_the_same_seed_gives_the_same_shop_and_another_seed_another(shop: Shop) -> None:
    again, other = open_shop(), open_shop(1)

    assert list(again.event_rows()) == list(shop.event_rows())
    assert again.catalogue.products == shop.catalogue.products
    assert again.customers == shop.customers
    assert list(other.event_rows()) != list(shop.event_rows())


def test_rows_have_the_attributes_of_the_events_table_in_order_of_time(shop: Shop) -> None:
    rows = list(shop.event_rows())

    assert set(rows[0]) == {"userId", "itemId", "timestamp", "eventType"}
    assert rows[0]["userId"].startswith("user-")
    assert rows[0]["itemId"].startswith("product-")
    times = [row["timestamp"] for row in rows]
    assert times == sorted(times)
    assert times[0] >= END - 365 * 86_400
    assert times[-1] < END


def test_events_of_one_customer_never_fall_into_one_second(shop: Shop) -> None:
    same_customer = np.diff(shop.events.customer) == 0

    assert (np.diff(shop.events.time)[same_customer] > 0).all()


def test_visits_of_one_customer_are_on_different_days(shop: Shop) -> None:
    events = shop.events
    first = np.append(True, np.diff(events.visit) != 0)
    visits = list(zip(events.customer[first].tolist(), (events.time[first] // 86_400).tolist(), strict=True))

    assert len(visits) == len(set(visits))


def test_popularity_has_a_long_tail(shop: Shop) -> None:
    counts = np.sort(np.bincount(shop.events.product, minlength=1_200))[::-1]

    assert 0.5 < counts[:240].sum() / counts.sum() < 0.75
    assert (counts > 0).mean() > 0.95


def test_events_follow_the_documented_probabilities(shop: Shop) -> None:
    events = shop.events
    within = np.diff(events.visit) == 0
    here, after = events.product[:-1][within], events.product[1:][within]
    kind, next_kind = events.kind[:-1][within], events.kind[1:][within]

    carted = next_kind[kind == 0] == 1
    bought = next_kind[kind == 1] == 2
    fresh = next_kind == 0
    followed = (shop.catalogue.following[here] == after[:, None]).any(axis=1)

    assert carted.mean() == pytest.approx(CART, abs=0.01)
    assert bought.mean() == pytest.approx(PURCHASE, abs=0.02)
    # taste and noise hit one of the 18 products that follow by chance, too
    assert MOMENTUM < followed[fresh].mean() < MOMENTUM + 0.1
    assert (here == after)[~fresh].all()


def test_a_visit_often_begins_where_the_one_before_ended(shop: Shop) -> None:
    events = shop.events
    begins = (np.diff(events.visit) != 0) & (np.diff(events.customer) == 0)

    returned = events.product[1:][begins] == events.product[:-1][begins]

    assert returned.mean() == pytest.approx(RETURN, abs=0.03)


def test_customers_differ_in_taste_and_their_taste_drifts(shop: Shop) -> None:
    first, last = shop.tastes.interests[:2_000], shop.tastes.interests[-1]

    assert (first.max(axis=1) > 0.3).mean() > 0.8
    assert len(set(first.argmax(axis=1).tolist())) == 12
    busiest = int(np.bincount(shop.events.customer).argmax())
    assert np.abs(last - first[busiest]).max() > 0.1


def test_titles_name_things_of_the_category_and_prices_are_positive(shop: Shop) -> None:
    assert all(product.price > 0 for product in shop.catalogue.products)
    coffee = [product.title for product in shop.catalogue.products if product.category == "Coffee & Tea"]
    assert len(set(coffee)) == len(coffee)
