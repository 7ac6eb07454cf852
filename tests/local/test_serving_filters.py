"""Filters, similar and popular items over HTTP, each from a model of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tastemaker.cloud.embedded import EmbeddedCloud
from tests.cloud.synthesis import edited, synthesised
from tests.local.conftest import Engine
from tests.local.test_serving import ITEMS, N_ITEMS, ask, events

ODD_CATEGORY = "Home, \\ 'garden' 🎬"
FILTERS = """
[[filters]]
name = "unseen"
expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("View")'
default = true

[[filters]]
name = "category"
expression = 'INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)'

[[filters]]
name = "above"
expression = 'INCLUDE ItemID WHERE Items.PRICE > $PRICE'

[[filters]]
name = "cheaper"
expression = 'INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE'

[retrain]
"""


def products() -> list[dict[str, Any]]:
    """A third of the items in an odd category, an item's price is its number."""
    return [
        {
            "itemId": {"S": item},
            "price": {"N": str(number)},
            "category": {"S": ODD_CATEGORY if number % 3 == 0 else f"{number % 3}"},
        }
        for number, item in enumerate(ITEMS)
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A deployment with filters and three models, after a run."""
    folder = tmp_path_factory.mktemp("filters")
    assembly = synthesised(folder / "out", config=edited(folder, ("default = true\n", ""), ("\n[retrain]\n", FILTERS)))
    with EmbeddedCloud() as cloud:
        stacks = cloud.deploy(assembly)
        engine = Engine(cloud, {key: value for stack in stacks.values() for key, value in stack.items()})
        engine.load(events())
        cloud.seed_table(engine.outputs["ItemsTable"], products())
        run = engine.run("run-1")
        assert run["status"] == "SUCCEEDED", run.get("cause")
        yield engine


def ids(engine: Engine, path: str, **query: str) -> set[str]:
    """The items of an answer that Personalize gave."""
    status, _, body = ask(engine, path, **query)
    assert (status, body.get("source")) == (200, "personalize"), body
    return {item["itemId"] for item in body["recommendations"]}


def test_the_default_filter_hides_what_the_user_has_seen(shop: Engine) -> None:
    seen = {ITEMS[(1 + step) % N_ITEMS] for step in range(20)}
    assert ids(shop, "/recommendations", userId="user-1", count="100") == set(ITEMS) - seen
    assert not seen & ids(shop, "/similar-items", userId="user-1", itemId=ITEMS[3], count="100")
    assert seen & ids(shop, "/similar-items", itemId=ITEMS[3], count="100")


def test_a_named_filter_takes_its_place_and_values_keep_their_characters(shop: Engine) -> None:
    query = {"count": "100", "filter": "category", "filter.CATEGORY": ODD_CATEGORY}
    odd = {item for number, item in enumerate(ITEMS) if number % 3 == 0}
    assert ids(shop, "/recommendations", userId="user-1", **query) == odd
    assert ids(shop, "/popular-items", **query) == odd


def test_numbers_are_values_too_and_words_in_their_place_are_told(shop: Engine) -> None:
    query = {"userId": "user-1", "filter": "above"}
    dearest = set(ITEMS[-2:])
    assert ids(shop, "/recommendations", **query, **{"filter.PRICE": str(N_ITEMS - 3)}) == dearest
    status, _, body = ask(shop, "/recommendations", **query, **{"filter.PRICE": "cheap"})
    assert (status, body["error"]["code"]) == (400, "invalidFilterValue")


def test_similar_items_are_compared_with_the_current_one(shop: Engine) -> None:
    found = ids(shop, "/similar-items", itemId=ITEMS[5], count="100", filter="cheaper")
    assert found
    assert found <= set(ITEMS[:5])


def test_an_item_never_heard_of_has_an_answer(shop: Engine) -> None:
    status, headers, body = ask(shop, "/similar-items", itemId="never heard of")
    assert (status, body["itemId"]) == (200, "never heard of")
    assert headers["cache-control"] == "public, max-age=60"


def test_popular_items_come_from_their_model(shop: Engine) -> None:
    assert len(ids(shop, "/popular-items", count="7")) == 7


def test_health_names_all_routes_and_filters(shop: Engine) -> None:
    body = ask(shop, "/health")[2]
    assert body["routes"] == ["popular-items", "recommendations", "similar-items"]
    assert body["filters"] == ["above", "category", "cheaper", "in-category", "not-purchased", "unseen"]
