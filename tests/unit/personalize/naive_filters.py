"""Random filters on random data, and an evaluator that looks at one item at a time and knows nothing of arrays."""

from __future__ import annotations

import operator
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tastemaker.personalize.schemas import Field

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
WORDS = ["a", "b", "c", "d|e", "A"]
MEMBERS = ["a", "b", "c", "d", "e", "A"]
NUMBERS = [-1.0, 0.7, 2, 3.5]
EVENT_TYPES = ["click", "Click", "view", "buy"]
CATALOGUE = np.array([f"i{number:02}" for number in range(30)])

Row = Mapping[str, Any]
Event = tuple[str, str, str, int]  # user, item, type, time


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


def draw_parts(rng: random.Random) -> list[Part]:
    numbers = [0]
    return [draw_part(rng, numbers) for _ in range(rng.randint(1, 3))]
