"""Pages of lists: opaque tokens that say after which entry the next page begins."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Final, TypeVar

from tastemaker.personalize.errors import InvalidNextToken

LARGEST_PAGE: Final = 100
T = TypeVar("T")


def page(
    entries: Sequence[tuple[int, T]], *, scope: str, token: str | None, size: int | None
) -> tuple[list[T], str | None]:
    """The entries after `token`, at most `size` of them, and the token of the next page, None on the last.

    `entries` come in ascending order of their numbers, which have to keep their meaning from call to call. `scope`
    names the list and its filters: a token of another list is refused like a garbled one, by `InvalidNextToken`.
    """
    after = _opened(token, scope) if token is not None else None
    rest = [entry for entry in entries if after is None or entry[0] > after]
    shown = rest[: size or LARGEST_PAGE]
    more = len(rest) > len(shown)
    return [entry for _, entry in shown], _sealed(shown[-1][0], scope) if more else None


def _sealed(number: int, scope: str) -> str:
    content = json.dumps([number, _fingerprint(number, scope)])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _opened(token: str, scope: str) -> int:
    try:
        number, fingerprint = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _refused() from error
    if not isinstance(number, int) or fingerprint != _fingerprint(number, scope):
        raise _refused()
    return number


def _fingerprint(number: int, scope: str) -> str:
    return hashlib.blake2b(f"{number} {scope}".encode(), digest_size=8).hexdigest()


def _refused() -> InvalidNextToken:
    return InvalidNextToken("The nextToken is not one that this list gave. Start again without it.")
