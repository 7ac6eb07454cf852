"""The functions that Step Functions adds to JSONata: $partition, $range, $hash, $random, $uuid and $parse.

$eval does not exist there, and $now and $millis tell the time of the execution's clock.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata
from jsonata.functions import Functions

from tastemaker.cloud.states.values import from_jsonata, to_jsonata

if TYPE_CHECKING:
    from collections.abc import Callable

    from tastemaker.personalize.clock import Clock

_HASHES: dict[str, Callable[[bytes], Any]] = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


def partition(array: Any, size: Any) -> list[Any]:
    """`array` in pieces of `size`; the last one may be shorter."""
    items = from_jsonata(array)
    if not isinstance(items, list):
        raise ValueError("$partition: the first argument must be an array")
    if not _is_whole(size) or size < 1:
        raise ValueError("$partition: the size of a part must be a positive whole number")
    width = int(size)
    return [items[start : start + width] for start in range(0, len(items), width)]


def number_range(first: Any, last: Any, step: Any) -> list[Any]:
    """The numbers from `first` to `last`, both included, `step` apart."""
    if not all(_is_number(value) for value in (first, last, step)):
        raise ValueError("$range: first, last and step must be numbers")
    if step == 0:
        raise ValueError("$range: the step must not be 0")
    count = max(0, int((last - first) / step) + 1) if (last - first) * step >= 0 else 0
    return [first + index * step for index in range(count)]


def digest(value: Any, algorithm: Any) -> str:
    """The hexadecimal digest of a string (of anything else: of its JSON)."""
    if algorithm not in _HASHES:
        raise ValueError(f"$hash: the algorithm must be one of {', '.join(_HASHES)}, not {algorithm!r}")
    plain = from_jsonata(value)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return str(_HASHES[algorithm](text.encode()).hexdigest())


def random_number(seed: Any = None) -> float:
    """A number from 0 up to and without 1: the same one for the same seed."""
    if seed is None:
        return random.random()  # noqa: S311 - a number for workflows, no secret
    if not _is_number(seed):
        raise ValueError("$random: the seed must be a number")
    return random.Random(seed).random()  # noqa: S311 - a number for workflows, no secret


def parse(text: Any) -> Any:
    """The value that a JSON text stands for; undefined stays undefined."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("$parse: the argument must be a string")
    return to_jsonata(json.loads(text))


def bindings(clock: Clock) -> dict[str, Any]:
    """What every expression finds besides JSONata's own functions, by name without the dollar sign."""

    def millis() -> int:
        return int(clock.now() * 1000)

    def now(picture: Any = None, timezone: Any = None) -> Any:
        return Functions.datetime_from_millis(millis(), picture, timezone)

    return {
        "partition": Jsonata.JLambda(partition),
        "range": Jsonata.JLambda(number_range),
        "hash": Jsonata.JLambda(digest),
        "random": Jsonata.JLambda(random_number),
        "uuid": Jsonata.JLambda(lambda: str(uuid.uuid4())),
        "parse": Jsonata.JLambda(parse),
        "now": Jsonata.JLambda(now),
        "millis": Jsonata.JLambda(millis),
        "eval": None,  # hides JSONata's own: on AWS it does not exist
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and float(value).is_integer()
