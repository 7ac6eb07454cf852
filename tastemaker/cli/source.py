"""What the demo loads: the example shop's data, or the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.events import Events, Item, customers, products, shop_events
from tastemaker.cli.own_data import OwnData, rows
from tastemaker.example import Shop, open_shop

_Rows: TypeAlias = Callable[[], Iterable[Item]]


@dataclass(frozen=True)
class Source:
    """`items` and `users` give the rows of their tables, `item_ids` whatever the items' rows are about."""

    events: Events
    items: _Rows
    users: _Rows
    item_ids: Sequence[str]
    catalogue: Catalogue
    shop: Shop | None = None

    @classmethod
    def of_shop(cls) -> Source:
        shop = open_shop()
        return cls(
            events=shop_events(shop),
            items=partial(products, shop),
            users=partial(customers, shop),
            item_ids=[product.item_id for product in shop.catalogue.products],
            catalogue=Catalogue.of_shop(shop),
            shop=shop,
        )

    @classmethod
    def of_files(cls, own: OwnData) -> Source:
        return cls(
            events=own.events,
            items=partial(rows, own.items, "items") if own.items else tuple,
            users=partial(rows, own.users, "users") if own.users else tuple,
            item_ids=own.items.ids if own.items else (),
            catalogue=Catalogue.of_file(own.items) if own.items else Catalogue.unknown(),
        )
