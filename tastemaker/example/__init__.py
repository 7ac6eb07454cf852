"""The example shop: events, products and customers to try an engine with, and the best that any model could do."""

from tastemaker.example.oracle import Oracle
from tastemaker.example.products import Product
from tastemaker.example.shop import Customer, EventRow, Shop, open_shop

__all__ = ["Customer", "EventRow", "Oracle", "Product", "Shop", "open_shop"]
