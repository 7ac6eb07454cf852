"""The streamed events of one dataset on disk: an append-only log, a line an event, whose every prefix is a snapshot."""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

_LOGGER = logging.getLogger(__name__)
_FORMAT: Final = 1
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class LogUnreadable(Exception):
    """A file among the logs is none. The message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """What a user did. `timestamp` is in whole epoch seconds, with the rest of the second in `fraction`.

    `properties` holds the values of the other fields of the dataset's schema, as text, by the schema's names:
    `{"DEVICE": "phone", "EVENT_VALUE": "4.5"}`. `position` is the length in bytes of the log from which on the event
    is its user's: that at which it came, or, for one of an anonymous session, that at which the user was known.
    """

    item_id: str | None
    event_type: str
    timestamp: int
    event_id: str
    properties: Mapping[str, str]
    fraction: float = 0.0
    position: int = 0


class Entry(NamedTuple):
    """A line of a log: an event, and who sent it. `user_id` is None for an anonymous session."""

    user_id: str | None
    session_id: str
    event: StreamedEvent


@dataclass(frozen=True)
class Mark:
    """A moment of a log: how long, in bytes, the log of this identity was."""

    log_id: str
    position: int


@dataclass(frozen=True)
class Prefix:
    """The part of the file at `path` that was there at the moment of `mark`. Nothing changes it any more."""

    path: Path
    mark: Mark


class StreamLog:
    """The log at `path`, to which one thread at a time may append."""

    def __init__(self, path: Path, *, dataset_arn: str, log_id: str, size: int, fsync: bool) -> None:
        self.dataset_arn = dataset_arn
        self._path = path
        self._id = log_id
        self._size = size
        self._fsync = fsync
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    @classmethod
    def create(cls, path: Path, dataset_arn: str, *, fsync: bool) -> StreamLog:
        """An empty log in place of whatever is at `path`."""
        log_id = uuid.uuid4().hex
        heading = _ENCODE({"format": _FORMAT, "id": log_id, "dataset": dataset_arn}).encode() + b"\n"
        path.write_bytes(heading)
        return cls(path, dataset_arn=dataset_arn, log_id=log_id, size=len(heading), fsync=fsync)

    @classmethod
    def open(cls, path: Path, *, fsync: bool) -> tuple[StreamLog, list[Entry]] | None:
        """The log and what is in it; None where a process ended before it had made the log.

        A line that a process left unfinished when it was killed is cut off. Raises LogUnreadable.
        """
        content = path.read_bytes()
        size = content.rfind(b"\n") + 1
        if not size:
            return None
        if size < len(content):
            _LOGGER.warning("the last line of %s is unfinished and is passed over", path)
            os.truncate(path, size)
        heading = _heading(content, path)
        log = cls(path, dataset_arn=heading["dataset"], log_id=heading["id"], size=size, fsync=fsync)
        return log, _entries(content[:size], path)

    @property
    def log_id(self) -> str:
        return self._id

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    def prefix(self) -> Prefix:
        """All that is in the log now."""
        return Prefix(self._path, Mark(self._id, self._size))

    def append(self, lines: Iterable[bytes]) -> None:
        """Hand lines to the operating system (and with `fsync` to the disk). Nothing is left of them on an OSError."""
        content = b"".join(lines)
        try:
            if os.write(self._file, content) < len(content):
                raise OSError(f"{self._path} cannot be written to: the disk is full")
            if self._fsync:
                os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(content)

    def close(self) -> None:
        os.close(self._file)

    def remove(self) -> None:
        """Remove the file; who holds another link to it keeps what is in it."""
        self._path.unlink(missing_ok=True)


def line_of(user_id: str | None, session_id: str, event: StreamedEvent) -> bytes:
    """An event as a line. Raises UnicodeEncodeError for text that is no Unicode (a lone surrogate)."""
    when = [event.timestamp, event.fraction]
    what = [event.item_id, event.event_type, event.event_id, dict(event.properties)]
    return _ENCODE([*when, user_id, session_id, *what]).encode() + b"\n"


def read_prefix(path: Path, size: int) -> list[Entry]:
    """The events in the first `size` bytes of a log, in the order in which they came."""
    with path.open("rb") as file:
        return _entries(file.read(size), path)


def _heading(content: bytes, path: Path) -> dict[str, Any]:
    try:
        heading: dict[str, Any] = json.loads(content[: content.index(b"\n")])
        if heading["format"] == _FORMAT and heading["id"] and heading["dataset"]:
            return heading
    except (ValueError, KeyError, TypeError):
        pass
    raise LogUnreadable(f"{path} is no log of streamed events that this version can read: move it elsewhere.")


def _entries(content: bytes, path: Path) -> list[Entry]:
    lines = content.split(b"\n")[:-1]
    position = len(lines[0]) + 1
    entries = []
    for fields, line in zip(_parsed(lines[1:], path), lines[1:], strict=True):
        position += len(line) + 1
        if fields is not None:
            entries.append(_entry(fields, position))
    return entries


def _parsed(lines: Sequence[bytes], path: Path) -> Sequence[Any]:
    """Each line's fields; None for a line that is damaged."""
    try:
        parsed: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
        return parsed
    except ValueError:
        _LOGGER.exception("%s is damaged; the lines that cannot be read are passed over", path)
        return [_parsed_line(line) for line in lines]


def _parsed_line(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _entry(fields: Any, position: int) -> Entry:
    timestamp, fraction, user_id, session_id, item_id, event_type, event_id, properties = fields
    event = StreamedEvent(item_id, event_type, timestamp, event_id, properties, fraction, position)
    return Entry(user_id, session_id, event)
