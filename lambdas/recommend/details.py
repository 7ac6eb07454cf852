"""What the items table says of items: an ornament of the answers, which never fails them and hardly delays them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import error_code
from lambdas.common.logs import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES: Final = 3
PATIENCE_SECONDS: Final = 0.3
_PAUSE_SECONDS: Final = 0.08
# the answers' own, whatever the table has under these names
_OURS: Final = frozenset({"itemId", "score"})
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Details:
    """The attributes `shown` of the items in `table`, whose partition key is the attribute `key`.

    `now` and `pause` go by seconds, `luck` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        *,
        table: str,
        key: str,
        shown: Sequence[str],
        now: Callable[[], float],
        pause: Callable[[float], None],
        luck: Callable[[], float],
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._key = key
        self._shown = [name for name in shown if name not in _OURS]
        self._names = {f"#{place}": name for place, name in enumerate(dict.fromkeys([key, *self._shown]))}
        self._key_type: Literal["S", "N"] = "S"
        self._now = now
        self._pause = pause
        self._luck = luck

    def of(self, item_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The details of at most 100 items by their ids; what is not there, or cannot be read in time, is left out."""
        if not self._shown:
            return {}
        found: list[Mapping[str, Any]] = []
        try:
            # one by one: what came before a failure counts
            for item in self._items(list(dict.fromkeys(item_ids))):
                found.append(item)
        except (ClientError, BotoCoreError) as error:
            reason = error_code(error) if isinstance(error, ClientError) else type(error).__name__
            logger.warning("details of items are missing", extra={"table": self._table, "reason": reason})
        return {
            item[self._key][self._key_type]: plain({name: item[name] for name in self._shown if name in item})
            for item in found
        }

    def _items(self, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """A table that was there before may have numbers for ids, which shows when it is asked for texts."""
        asked = ids if self._key_type == "S" else [each for each in ids if _NUMBER.fullmatch(each)]
        try:
            yield from self._read(asked)
            return
        except ClientError as error:
            if self._key_type == "N" or error_code(error) != "ValidationException":
                raise
        self._key_type = "N"
        yield from self._items(ids)

    def _read(self, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """The items; those that DynamoDB leaves for later are asked for again while there is patience."""
        if not ids:
            return
        deadline = self._now() + PATIENCE_SECONDS
        pending: Mapping[str, Any] = {
            self._table: {
                "Keys": [{self._key: {self._key_type: each}} for each in ids],
                "ProjectionExpression": ",".join(self._names),
                "ExpressionAttributeNames": self._names,
            }
        }
        for attempt in range(TRIES):
            if attempt:
                pause = _PAUSE_SECONDS * attempt * self._luck()
                if self._now() + pause > deadline:
                    break
                self._pause(pause)
            answer = self._dynamodb.batch_get_item(RequestItems=pending)
            for found in answer["Responses"].values():
                yield from found
            pending = answer.get("UnprocessedKeys", {})
            if not pending:
                return
        left = sum(len(rest["Keys"]) for rest in pending.values())
        logger.warning("details of some items came too late", extra={"table": self._table, "items": left})


def plain(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """DynamoDB's attributes as JSON has them, without those that are binary."""
    return {
        name: _READERS[kind](value)
        for name, attribute in attributes.items()
        for kind, value in attribute.items()
        if kind in _READERS
    }


def _list(values: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [_READERS[kind](value) for each in values for kind, value in each.items() if kind in _READERS]


def _number(digits: str) -> int | float:
    """A whole number exactly, another to the 17 digits of a double."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


# an attribute has one kind; B and BS are binary
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "S": str,
    "SS": list,
    "N": _number,
    "NS": lambda numbers: [_number(digits) for digits in numbers],
    "BOOL": bool,
    "NULL": lambda _: None,
    "L": _list,
    "M": plain,
}
