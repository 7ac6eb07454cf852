"""What the demo knows of the items that it loads: names to show, and the field of categories to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tastemaker.cli.attributes import Attributes
    from tastemaker.example import Shop

TITLES = ("TITLE", "NAME", "PRODUCT_NAME", "ITEM_NAME")
"""Fields that name an item."""

_BETWEEN = "|"


@dataclass(frozen=True)
class Catalogue:
    """`labels` by item; `field` is the attribute that holds `categories`, those of each item; None without any."""

    labels: Mapping[str, str]
    field: str | None
    categories: Mapping[str, frozenset[str]]

    def label(self, item_id: str) -> str:
        return self.labels.get(item_id) or item_id

    @classmethod
    def of_shop(cls, shop: Shop) -> Catalogue:
        """The example shop's products."""
        products = shop.catalogue.products
        return cls(
            labels={p.item_id: f"{p.title} ({p.category}, {p.price:.2f})" for p in products},
            field="category",
            categories={p.item_id: frozenset({p.category}) for p in products},
        )

    @classmethod
    def of_file(cls, items: Attributes) -> Catalogue:
        """The items of a file, by its title and its first categorical column."""
        named = next((column for column in items.columns if column.field.upper() in TITLES), None)
        grouped = next((column for column in items.columns if column.categorical), None)
        return cls(
            labels=_by_item(items.ids, named.values) if named else {},
            field=grouped.attribute if grouped else None,
            categories={
                item: frozenset(text.split(_BETWEEN)) for item, text in _by_item(items.ids, grouped.values).items()
            }
            if grouped
            else {},
        )

    @classmethod
    def unknown(cls) -> Catalogue:
        return cls({}, None, {})


def _by_item(ids: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    return {item: value for item, value in zip(ids, values, strict=True) if value}
