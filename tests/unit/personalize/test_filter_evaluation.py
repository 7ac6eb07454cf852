"""Masks are what an evaluator says that looks at one item at a time and knows nothing of arrays."""

from __future__ import annotations

import operator
import random
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tastemaker.personalize.filters import Attributes, Facts, bind, check, mask, parse
from tastemaker.personalize.filters.events import OF_ITEMS, Events, items_with_events
from tastemaker.personalize.schemas import Field, Schema
from tastemaker.recommenders import Interactions

ITEM_FIELDS = (
    Field("ITEM_ID", "string"),
    Field("GENRE", "string", nullable=True, categorical=True),
    Field("BRAND", "string", nullable=True),
    Field("PRICE", "float", nullable=True),
    Field("YEAR", "long", nullable=True),
)
USER_FIELDS = (
    Field("USER_ID", "string"),
    Field("TIER", "string", nullable=True, categorical=True),
    Field("AGE", "float", nullable=True),
)
SCHEMAS = {
    "ITEMS": Schema("ITEMS", ITEM_FIELDS),
    "USERS": Schema("USERS", USER_FIELDS),
    "INTERACTIONS": Schema("INTERACTIONS", (Field("EVENT_TYPE", "string"),)),
}
TYPES = {"string": pa.string(), "float": pa.float32(), "long": pa.int64()}
WORDS = ["a", "b", "c", "d|e", "A"]
MEMBERS = ["a", "b", "c", "d", "e", "A"]
NUMBERS = [-1.0, 0.7, 2, 3.5]
EVENT_TYPES = ["click", "Click", "view", "buy"]
CATALOGUE = np.array([f"i{number:02}" for number in range(30)])

Row = Mapping[str, Any]
Event = tuple[str, str, str, int]  # user, item, type, time


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


# --- the naive evaluator, over the same text ---

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    field: str
    sign: str  # IN, NOT IN or a comparison
    values: tuple[str | float, ...]
    taken: str | None = None
    parameter: str | None = None

    def text(self, dataset: str) -> str:
        quoted = [f'"{value}"' if isinstance(value, str) else repr(value) for value in self.values]
        if self.taken is not None:
            right = f"CurrentItem.{self.taken}"
        elif self.parameter is not None:
            right = f"(${self.parameter})"
        else:
            right = f"({', '.join(quoted)})" if "IN" in self.sign else quoted[0]
        return f"{dataset}.{self.field} {self.sign} {right}"


@dataclass(frozen=True)
class Part:
    include: bool
    dataset: str
    where: list[list[Condition]]
    users: list[Condition]

    def text(self) -> str:
        rows = [" AND ".join(condition.text(self.dataset) for condition in row) for row in self.where]
        tail = " IF " + " AND ".join(each.text("CurrentUser") for each in self.users) if self.users else ""
        return f"{'INCLUDE' if self.include else 'EXCLUDE'} ItemID WHERE {' OR '.join(rows)}{tail}"


@dataclass(frozen=True)
class World:
    items: Sequence[Row]
    users: Sequence[Row]
    imported: Sequence[Event]
    streamed: Sequence[Event]


def values_of(row: Row | None, field: str) -> list[Any]:
    value = None if row is None else row.get(field)
    if value is None:
        return []
    if field in ("GENRE", "TIER"):
        return list(value.split("|"))
    return [np.float32(value) if field in ("PRICE", "AGE") else value]


def holds(values: list[Any], condition: Condition, wanted: Sequence[Any]) -> bool:
    if condition.sign in ("IN", "="):
        return any(value == each for value in values for each in wanted)
    if condition.sign in ("NOT IN", "!="):
        return not any(value == each for value in values for each in wanted)
    return bool(values and wanted and COMPARE[condition.sign](values[0], wanted[0]))


def touched(world: World, user_id: str, types: Sequence[str]) -> set[str]:
    found: set[str] = set()
    mine = sorted((event for event in [*world.imported, *world.streamed] if event[0] == user_id), key=lambda e: e[3])
    for kind in {event[2].lower() for event in mine}:
        if "*" in types or kind in [name.lower() for name in types]:
            found |= {event[1] for event in [event for event in mine if event[2].lower() == kind][-100:]}
    return found


def naive(world: World, parts: Sequence[Part], item_id: str, user_id: str, current: str) -> bool:
    items = {row["ITEM_ID"]: row for row in world.items}
    user = {row["USER_ID"]: row for row in world.users}.get(user_id)

    def applies(part: Part) -> bool:
        has = [(values_of(user, condition.field), condition) for condition in part.users]
        return all(values and holds(values, condition, condition.values) for values, condition in has)

    def matches(part: Part) -> bool:
        return any(all(true_of(part, condition) for condition in row) for row in part.where)

    def true_of(part: Part, condition: Condition) -> bool:
        if part.dataset == "Interactions":
            has = item_id in touched(world, user_id, [str(value) for value in condition.values])
            return has != (condition.sign == "NOT IN")
        wanted = condition.values if condition.taken is None else values_of(items.get(current), condition.taken)
        return holds(values_of(items.get(item_id), condition.field), condition, wanted)

    applying = [part for part in parts if applies(part)]
    includes = [part for part in applying if part.include]
    included = not includes or any(matches(part) for part in includes)
    return included and not any(matches(part) for part in applying if not part.include)


# --- what is drawn ---


def draw_world(rng: random.Random) -> World:
    def maybe(value: object) -> object:
        return None if rng.random() < 0.25 else value

    def members() -> str:
        return "|".join(rng.sample(MEMBERS, rng.randint(1, 3)))

    def draw_events(number: int, start: int) -> list[Event]:
        return [
            (
                rng.choice(["u0", "u1"]),
                str(rng.choice([*CATALOGUE.tolist(), "gone"])),
                rng.choice(EVENT_TYPES),
                start + n,
            )
            for n in range(number)
        ]

    # some items of the catalogue have no record, and some records are of no item of the catalogue
    ids = rng.sample([*CATALOGUE.tolist(), "j0", "j1"], 26)
    return World(
        items=[
            {
                "ITEM_ID": item_id,
                "GENRE": maybe(members()),
                "BRAND": maybe(rng.choice(WORDS)),
                "PRICE": maybe(rng.choice(NUMBERS)),
                "YEAR": maybe(rng.choice([1, 2, 3])),
            }
            for item_id in ids
        ],
        users=[{"USER_ID": f"u{n}", "TIER": maybe(members()), "AGE": maybe(rng.choice(NUMBERS))} for n in range(3)],
        imported=draw_events(rng.choice([5, 40, 900]), 0),
        streamed=draw_events(rng.choice([0, 5, 300]), rng.choice([0, 1000])),
    )


def draw_condition(rng: random.Random, fields: tuple[Field, ...], *, taken: bool, number: int) -> Condition:
    field = rng.choice(fields[1:])
    text = field.type == "string"
    alike = [other.name for other in fields[1:] if (other.type == "string") == text]
    sign = rng.choice(["IN", "NOT IN", "=", "!="] + ([] if text else ["<", "<=", ">", ">="]))
    values: list[Any] = rng.sample(MEMBERS, 2) if text else rng.sample(NUMBERS, 2)
    values = [value if text else float(value) for value in values][: 2 if "IN" in sign else 1]
    source = rng.random()
    return Condition(
        field.name,
        sign,
        tuple(values),
        taken=rng.choice(alike) if taken and source < 0.2 else None,
        parameter=f"P{number}" if source > 0.8 and sign != "NOT IN" else None,
    )


def draw_part(rng: random.Random, numbers: list[int]) -> Part:
    def condition(fields: tuple[Field, ...], *, taken: bool) -> Condition:
        numbers[0] += 1
        return draw_condition(rng, fields, taken=taken, number=numbers[0])

    def event_condition() -> Condition:
        wanted = rng.sample([*EVENT_TYPES, "CLICK", "none", "*"], rng.randint(1, 2))
        return Condition("EVENT_TYPE", rng.choice(["IN", "IN", "NOT IN"]), tuple(wanted))

    dataset = rng.choice(["Items", "Items", "Interactions"])
    rows = [
        [
            condition(ITEM_FIELDS, taken=True) if dataset == "Items" else event_condition()
            for _ in range(rng.randint(1, 3))
        ]
        for _ in range(rng.randint(1, 3))
    ]
    users = [condition(USER_FIELDS, taken=False) for _ in range(rng.choice([0, 0, 1, 2]))]
    return Part(rng.random() < 0.5, dataset, rows, users)


def given_values(parts: Sequence[Part]) -> dict[str, str]:
    conditions = [each for part in parts for row in [*part.where, part.users] for each in row]
    return {
        each.parameter: ",".join(f'"{value}"' for value in each.values)
        for each in conditions
        if each.parameter is not None
    }


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


def draw_parts(rng: random.Random) -> list[Part]:
    numbers = [0]
    return [draw_part(rng, numbers) for _ in range(rng.randint(1, 3))]


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
