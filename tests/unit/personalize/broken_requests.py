"""What becomes of a good request in the hands of a broken client: other members, other types, other bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

DEEPEST: Final = 100_000
_STRANGE: Final[tuple[object, ...]] = (
    None,
    True,
    "",
    " ",
    "\x00",
    "\ud800",
    "é" * 300,
    "x" * 30_000,
    "$LATEST",
    "arn:aws:personalize:::",
    "../../etc/passwd",
    "{}",
    "[]",
    '{"type": "record"}',
    '{"a": ' * 5_000,
    "1e999",
    0,
    -1,
    2**31,
    10**400,
    -(10**30),
    0.1,
    1e308,
    -1e-320,
    [],
    [None],
    [[]],
    [1, "a", {}],
    {},
    {"": ""},
    {"\ud800": 1},
    {"a": {"b": {"c": [{}]}}},
)


def with_broken_members(members: dict[str, Any], luck: Random) -> object:
    """The input with one to three of its parts replaced, left out, repeated or added."""
    broken: Any = copy.deepcopy(members)
    for _ in range(luck.randint(1, 3)):
        places = list(_places(broken))
        if not places:
            return luck.choice(_STRANGE)
        parent, key = luck.choice(places)
        turn = luck.randrange(6)
        if turn == 0:
            del parent[key]
        elif turn == 1 and isinstance(parent, dict):
            parent[f"{key}X"] = parent[key]
        elif turn == 2 and isinstance(parent[key], list):
            parent[key] = parent[key] * luck.choice([0, 2, 300])
        else:
            parent[key] = copy.deepcopy(luck.choice(_STRANGE))
    return broken


def broken_bytes(body: bytes, luck: Random) -> bytes:
    """A body that is not what was meant, and as a rule no JSON."""
    place = luck.randrange(len(body) + 1)
    breaks: tuple[Callable[[], bytes], ...] = (
        lambda: body[:place],
        lambda: body[:place] + luck.randbytes(3) + body[place:],
        lambda: luck.randbytes(40),
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body.decode().encode("utf-16"),
        lambda: b"\xff\xfe" + body,
        lambda: body.replace(b'"', b"'"),
        lambda: body + body,
        lambda: b"[" * DEEPEST,
        lambda: b'{"a":' * DEEPEST,
        lambda: b"[" * 900 + b"]" * 900,
        lambda: b'{"maxResults": ' + b"9" * 10_000 + b"}",
        lambda: b'{"maxResults": 1e999, "numResults": NaN}',
        lambda: b'{"maxResults": -Infinity}',
        lambda: b'{"name": "\\ud800\\udfff\\ud800"}',
        lambda: b"null",
        lambda: b"0",
        lambda: b'"text"',
        lambda: b"",
        lambda: b"Action=ListCampaigns&Version=2018-05-22",
        lambda: b"<xml/>",
    )
    return luck.choice(breaks)()


def encoded(members: object) -> bytes:
    """As a client would: with lone surrogates as escapes, and numbers of any size."""
    return json.dumps(members).encode()


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every part that can be replaced, as what holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    keys: Any = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        found += _places(value[key])  # type: ignore[index] # whatever has keys has an index
    return found
