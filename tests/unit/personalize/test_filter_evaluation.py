"""Masks are what an evaluator says that looks at one item at a time and knows nothing of arrays."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from tastemaker.personalize.filters import Attributes, Facts, bind, check, mask, parse
from tastemaker.personalize.filters.events import OF_ITEMS, Events, items_with_events
from tastemaker.personalize.schemas import Field, Schema
from tastemaker.recommenders import Interactions
from tests.unit.personalize.naive_filters import (
    CATALOGUE,
    ITEM_FIELDS,
    USER_FIELDS,
    Event,
    Part,
    Row,
    World,
    draw_parts,
    draw_world,
    given_values,
    naive,
)

SCHEMAS = {
    "ITEMS": Schema("ITEMS", ITEM_FIELDS),
    "USERS": Schema("USERS", USER_FIELDS),
    "INTERACTIONS": Schema("INTERACTIONS", (Field("EVENT_TYPE", "string"),)),
}
TYPES = {"string": pa.string(), "float": pa.float32(), "long": pa.int64()}


@dataclass(frozen=True)
class Streamed:
    item_id: str | None
    event_type: str
    timestamp: int


def attributes(rows: Sequence[Row], fields: tuple[Field, ...], dataset_type: str, chunks: int = 1) -> Attributes:
    """The rows as they lie on the disk, in one chunk or several."""
    schema = pa.schema([(field.name, TYPES[field.type]) for field in fields])
    size = max(1, len(rows) // chunks)
    parts = [pa.Table.from_pylist(list(rows[start : start + size]), schema) for start in range(0, len(rows), size)]
    table = pa.concat_tables(parts) if parts else schema.empty_table()
    return Attributes(table, Schema(dataset_type, fields))


def events(given: Sequence[Event]) -> Events:
    users, items, types, times = zip(*given, strict=True)
    return Events(Interactions.from_columns(users, items, times, types), OF_ITEMS)


def evaluated(world: World, parts: Sequence[Part], user_id: str, current: str, chunks: int) -> list[bool]:
    expression = bind(check(parse(" | ".join(part.text() for part in parts)), SCHEMAS), given_values(parts))
    imported = events(world.imported)
    streamed = [Streamed(*event[1:]) for event in world.streamed if event[0] == user_id]

    def touched_by(types: Collection[str] | None) -> Collection[str]:
        return items_with_events(imported, streamed, user_id, types, OF_ITEMS)

    items = attributes(world.items, ITEM_FIELDS, "ITEMS", chunks)
    users = attributes(world.users, USER_FIELDS, "USERS", chunks)
    found: list[bool] = mask(expression, CATALOGUE, Facts(items, users, touched_by, user_id, current)).tolist()
    return found


@pytest.mark.parametrize("seed", range(15))
def test_random_expressions_let_through_what_the_naive_evaluator_does(seed: int) -> None:
    rng = random.Random(seed)
    world = draw_world(rng)
    seen: set[tuple[bool, ...]] = set()
    for _ in range(30):
        parts = draw_parts(rng)
        user_id = rng.choice(["u0", "u1", "u2", "stranger"])
        current = rng.choice([*CATALOGUE.tolist()[:6], "nothing"])

        found = evaluated(world, parts, user_id, current, chunks=rng.randint(1, 3))

        text = " | ".join(part.text() for part in parts)
        expected = [naive(world, parts, str(item_id), user_id, current) for item_id in CATALOGUE]
        assert found == expected, text
        seen.add(tuple(found))
    # the expressions do differ in what they let through
    assert len(seen) > 10


# --- and what the rules say, by example ---

ITEMS: list[Row] = [
    {"ITEM_ID": "i00", "GENRE": "a|b", "BRAND": "a|b", "PRICE": 0.7, "YEAR": 1990},
    {"ITEM_ID": "i01", "GENRE": "B", "BRAND": "b", "PRICE": 9.0, "YEAR": None},
    {"ITEM_ID": "i02", "GENRE": None, "BRAND": None, "PRICE": None, "YEAR": 2001},
]
PEOPLE: list[Row] = [{"USER_ID": "ann", "TIER": "gold|old", "AGE": 20.0}, {"USER_ID": "bob", "TIER": None, "AGE": None}]


def through(text: str, *, user_id: str = "ann", item_id: str | None = None, touched: Sequence[str] = ()) -> str:
    """The numbers of the four items that the expression lets through; i03 has no record."""
    facts = Facts(
        attributes(ITEMS, ITEM_FIELDS, "ITEMS"),
        attributes(PEOPLE, USER_FIELDS, "USERS"),
        lambda _: touched,
        user_id=user_id,
        item_id=item_id,
    )
    found = mask(bind(check(parse(text), SCHEMAS), {}), CATALOGUE[:4], facts)
    return "".join(str(number) for number in np.flatnonzero(found))


@pytest.mark.parametrize(
    ("condition", "matching"),
    [
        ("Items.GENRE IN ('b')", "0"),
        ("Items.GENRE IN ('a|b')", ""),
        ("Items.BRAND IN ('a|b')", "0"),
        ("Items.GENRE NOT IN ('b')", "123"),
        ("Items.PRICE = 0.7", "0"),
        ("Items.PRICE <= 0.7", "0"),
        ("Items.PRICE > 0.7", "1"),
        ("Items.PRICE != 9", "023"),
        ("Items.PRICE < 1e300", "01"),
        ("Items.YEAR >= 1990", "02"),
        ("Items.YEAR IN (1990, 2001)", "02"),
        ("Items.YEAR = '1990'", "0"),
    ],
)
def test_null_meets_no_condition_but_a_negation_and_categories_are_matched_one_by_one(
    condition: str, matching: str
) -> None:
    assert through(f"INCLUDE ItemID WHERE {condition}") == matching
    assert set(through(f"EXCLUDE ItemID WHERE {condition}")) == set("0123") - set(matching)


@pytest.mark.parametrize(
    ("item_id", "matching"), [("i00", "0"), ("i01", "1"), ("i02", ""), ("i03", ""), ("elsewhere", ""), (None, "")]
)
def test_items_are_held_against_the_current_one(item_id: str | None, matching: str) -> None:
    text = "INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE AND Items.PRICE <= CurrentItem.PRICE"

    assert through(text, item_id=item_id) == matching


@pytest.mark.parametrize(
    ("condition", "user_id", "applies"),
    [
        ("CurrentUser.TIER IN ('old', 'new')", "ann", True),
        ("CurrentUser.TIER = 'silver'", "ann", False),
        ("CurrentUser.AGE > 18 AND CurrentUser.AGE < 21", "ann", True),
        ("CurrentUser.AGE > 18 AND CurrentUser.TIER IN ('silver')", "ann", False),
        ("CurrentUser.AGE > 18", "bob", False),
        ("CurrentUser.TIER NOT IN ('silver')", "ann", True),
        ("CurrentUser.TIER NOT IN ('silver')", "bob", False),
        ("CurrentUser.TIER NOT IN ('silver')", "nobody", False),
    ],
)
def test_an_expression_whose_if_does_not_hold_is_as_if_it_were_not_there(
    condition: str, user_id: str, applies: bool
) -> None:
    include = f"INCLUDE ItemID WHERE Items.PRICE = 9 IF {condition}"

    assert through(include, user_id=user_id) == ("1" if applies else "0123")
    assert through(f"{include} | INCLUDE ItemID WHERE Items.PRICE < 1", user_id=user_id) == ("01" if applies else "0")
    assert through(include.replace("IN", "EX", 1), user_id=user_id) == ("023" if applies else "0123")


def test_joined_expressions_unite_what_they_include_and_then_what_they_exclude() -> None:
    includes = "INCLUDE ItemID WHERE Items.YEAR = 1990 | INCLUDE ItemID WHERE Items.YEAR = 2001"
    excludes = "EXCLUDE ItemID WHERE Items.YEAR = 2001 | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('x')"

    assert through(includes) == "02"
    assert through(excludes, touched=["i03"]) == "01"
    assert through(f"{includes} | {excludes}", touched=["i03"]) == "0"
    assert through(f"{excludes} | {includes}", touched=["i03"]) == "0"


def test_without_records_only_negations_are_true() -> None:
    facts = Facts(None, None, lambda _: [], user_id="ann")

    def alone(text: str) -> list[bool]:
        return mask(bind(check(parse(text), SCHEMAS), {}), CATALOGUE[:2], facts).tolist()  # type: ignore[no-any-return] # numpy's own

    assert alone("INCLUDE ItemID WHERE Items.YEAR > 1") == [False, False]
    assert alone("EXCLUDE ItemID WHERE Items.GENRE NOT IN ('a')") == [False, False]
    assert alone("EXCLUDE ItemID WHERE Items.GENRE NOT IN ('a') IF CurrentUser.AGE > 1") == [True, True]


def test_a_field_that_the_records_were_imported_without_is_null() -> None:
    older = tuple(field for field in ITEM_FIELDS if field.name not in ("GENRE", "YEAR"))
    rows: list[Row] = [{"ITEM_ID": "i00", "BRAND": "b", "PRICE": 1.0}]
    table = pa.Table.from_pylist(rows, pa.schema([(field.name, TYPES[field.type]) for field in older]))
    items = Attributes(table, SCHEMAS["ITEMS"])

    assert items.column("GENRE").among(["a"]).tolist() == [False, False]
    assert items.column("YEAR").at(0) == ()


EARLY = [("ann", f"old-{n}", "View", n) for n in range(150)]


def test_the_hundred_most_recent_events_of_each_type_count_imported_and_streamed_together() -> None:
    imported = events([*EARLY, ("ann", "bought", "Buy", 0), ("bob", "bobs", "View", 500)])
    streamed = [Streamed(f"new-{n}", "view", 1000 + n) for n in range(30)] + [Streamed(None, "view", 2000)]

    viewed = items_with_events(imported, streamed, "ann", ["VIEW"], OF_ITEMS)

    assert viewed == {f"old-{n}" for n in range(80, 150)} | {f"new-{n}" for n in range(30)}
    assert items_with_events(imported, streamed, "ann", None, OF_ITEMS) == viewed | {"bought"}
    assert items_with_events(imported, streamed, "ann", ["buy", "none"], OF_ITEMS) == {"bought"}
    assert items_with_events(imported, [], "nobody", None, OF_ITEMS) == set()
    assert items_with_events(None, streamed[:1], "ann", ["view"], OF_ITEMS) == {"new-0"}


def test_an_event_that_was_streamed_late_takes_its_place_in_time() -> None:
    imported, late = events(EARLY), [Streamed("late", "View", 49)]

    assert "late" not in items_with_events(imported, late, "ann", ["View"], OF_ITEMS)
    assert "late" in items_with_events(imported, [Streamed("late", "View", 60)], "ann", ["View"], OF_ITEMS)


def test_the_rows_of_a_catalogue_are_remembered_for_that_catalogue_only() -> None:
    items = attributes(ITEMS, ITEM_FIELDS, "ITEMS")

    for number in range(20):
        catalogue = np.array([f"i{number % 3:02}", "x"])
        assert items.rows(catalogue).tolist() == [number % 3, -1]
        assert items.rows(catalogue) is items.rows(catalogue)


def test_a_mask_over_ten_thousand_items_costs_a_small_part_of_the_eight_milliseconds_of_a_request() -> None:
    catalogue = np.array([f"i{number:05}" for number in range(10_000)])
    rows: list[Row] = [
        {
            "ITEM_ID": item_id,
            "GENRE": f"g{number % 30}|g{number % 7}",
            "BRAND": "b",
            "PRICE": number / 100,
            "YEAR": number,
        }
        for number, item_id in enumerate(catalogue.tolist())
    ]
    facts = Facts(attributes(rows, ITEM_FIELDS, "ITEMS"), None, lambda _: catalogue[:300].tolist(), user_id="ann")
    text = (
        "INCLUDE ItemID WHERE Items.GENRE IN ('g1', 'g2', 'g20') AND Items.PRICE < 60 OR Items.YEAR >= 9000 "
        "| EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('buy')"
    )
    expression = bind(check(parse(text), SCHEMAS), {})
    allowed = mask(expression, catalogue, facts)
    costs = []
    for _ in range(50):
        began = time.perf_counter()
        mask(expression, catalogue, facts)
        costs.append(time.perf_counter() - began)

    assert 1000 < allowed.sum() < 9000
    assert sorted(costs)[len(costs) // 2] < 0.003
