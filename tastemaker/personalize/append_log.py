"""Append-only logs on disk: a heading, then a JSON value a line. Every prefix of a log is a snapshot."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from tastemaker.personalize import durable_files

_LOGGER = logging.getLogger(__name__)
_FORMAT: Final = 1
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_NOTHING: Final = b"null"
_PIECE: Final = 1 << 20  # bytes


class LogUnreadable(Exception):
    """A file among the logs is none. The message names it and the remedy."""


class StreamClosed(Exception):
    """A dataset's stream is being deleted, or Personalize closed. The message names the dataset."""


class Line(NamedTuple):
    """A value in a log, and how long, in bytes, the log was with it."""

    value: Any
    position: int


@dataclass(frozen=True)
class Mark:
    """A moment of a log: how long, in bytes, the log of this identity was."""

    log_id: str
    position: int


@dataclass(frozen=True)
class Prefix:
    """The part of the file at `path` that was there at the moment of `mark`. Nothing is added to it any more."""

    path: Path
    mark: Mark

    def copy_into(self, directory: Path) -> None:
        """Make it the whole of a log in another folder of logs."""
        directory.mkdir(parents=True, exist_ok=True)
        with self.path.open("rb") as log, (directory / self.path.name).open("wb") as copy:
            left = self.mark.position
            while left and (piece := log.read(min(left, _PIECE))):
                left -= copy.write(piece)


class AppendLog:
    """The log at `path` of what streams into a dataset, to which one thread at a time may append."""

    def __init__(self, path: Path, *, dataset_arn: str, log_id: str, size: int, fsync: bool) -> None:
        self.dataset_arn = dataset_arn
        self._path = path
        self._id = log_id
        self._size = size
        self._fsync = fsync
        self._file = _opened(path)

    @classmethod
    def create(cls, path: Path, dataset_arn: str, *, fsync: bool) -> AppendLog:
        """An empty log in place of whatever is at `path`."""
        log_id = uuid.uuid4().hex
        heading = line_of({"format": _FORMAT, "id": log_id, "dataset": dataset_arn})
        path.write_bytes(heading)
        if fsync:  # each append sees to the file's content, but the file's name is the directory's
            durable_files.sync(path.parent)
        return cls(path, dataset_arn=dataset_arn, log_id=log_id, size=len(heading), fsync=fsync)

    @classmethod
    def open(cls, path: Path, *, fsync: bool) -> tuple[AppendLog, list[Line]] | None:
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
        return log, _lines(content[:size], path)

    @property
    def mark(self) -> Mark:
        return Mark(self._id, self._size)

    @property
    def prefix(self) -> Prefix:
        """All that is in the log now."""
        return Prefix(self._path, self.mark)

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

    def read(self) -> list[Line]:
        """All that is in the log now."""
        return read_lines(self._path, self._size)

    def blank(self, positions: Collection[int]) -> None:
        """Put nothing in place of the lines of these positions, and see that on the disk: all of it or none.

        The other lines keep their positions, and so do the marks that point among them. Who holds another link to the
        file keeps what was in it.
        """
        gone = frozenset(positions)
        partial = self._path.with_suffix(".partial")
        position = 0
        with self._path.open("rb") as old, partial.open("wb") as new:
            for line in old:
                position += len(line)
                new.write(_NOTHING.ljust(len(line) - 1) + b"\n" if position in gone else line)
            new.flush()
            os.fsync(new.fileno())
        file = _opened(partial)
        partial.replace(self._path)
        # from here on events have to go into the new file, whatever becomes of the next line
        os.close(self._file)
        self._file = file
        durable_files.sync(self._path.parent)

    def close(self) -> None:
        os.close(self._file)

    def remove(self) -> None:
        """Remove the file; who holds another link to it keeps what is in it."""
        self._path.unlink(missing_ok=True)


class Stream(Protocol):
    """What is kept of a log in memory."""

    def close(self) -> None:
        """Take nothing any more. May be called again."""

    def delete(self) -> None:
        """Close, and remove the log."""


AnyStream = TypeVar("AnyStream", bound=Stream)


class LogFolder(Generic[AnyStream]):
    """The logs in `directory`, one a dataset, each `opened` as a stream. Safe to use from several threads.

    Raises LogUnreadable.
    """

    def __init__(
        self, directory: Path, opened: Callable[[AppendLog, Sequence[Line]], AnyStream], *, fsync: bool
    ) -> None:
        self._directory = directory
        self._open = opened
        self._fsync = fsync
        self._lock = threading.Lock()
        self._streams: dict[str, AnyStream] = {}
        directory.mkdir(parents=True, exist_ok=True)
        for abandoned in directory.glob("*.partial"):  # by a process that was killed
            abandoned.unlink()
        for path in sorted(directory.glob("*.log")):
            if (found := AppendLog.open(path, fsync=fsync)) is not None:
                log, lines = found
                self._streams[log.dataset_arn] = opened(log, lines)

    def get(self, dataset_arn: str) -> AnyStream | None:
        """The stream of a dataset; None where nothing has come."""
        return self._streams.get(dataset_arn)

    def get_or_create(self, dataset_arn: str) -> AnyStream:
        stream = self._streams.get(dataset_arn)
        if stream is not None:
            return stream
        with self._lock:
            if dataset_arn not in self._streams:
                path = self._directory / f"{hashlib.sha256(dataset_arn.encode()).hexdigest()[:32]}.log"
                self._streams[dataset_arn] = self._open(AppendLog.create(path, dataset_arn, fsync=self._fsync), ())
            return self._streams[dataset_arn]

    def delete(self, dataset_arn: str) -> None:
        """Forget the stream of a dataset, if there is one."""
        with self._lock:
            stream = self._streams.pop(dataset_arn, None)
            if stream is not None:
                stream.delete()

    def close(self) -> None:
        """Close the files. May be called again."""
        with self._lock:
            for stream in self._streams.values():
                stream.close()


def line_of(value: object) -> bytes:
    """A value as a line. Raises UnicodeEncodeError for text that is no Unicode (a lone surrogate)."""
    return _ENCODE(value).encode() + b"\n"


def read_lines(path: Path, size: int) -> list[Line]:
    """The values in the first `size` bytes of a log, in the order in which they came."""
    with path.open("rb") as file:
        return _lines(file.read(size), path)


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND)


def _heading(content: bytes, path: Path) -> dict[str, Any]:
    try:
        heading: dict[str, Any] = json.loads(content[: content.index(b"\n")])
        if heading["format"] == _FORMAT and heading["id"] and heading["dataset"]:
            return heading
    except (ValueError, KeyError, TypeError):
        pass
    raise LogUnreadable(f"{path} is no log of streamed data that this version can read: move it elsewhere.")


def _lines(content: bytes, path: Path) -> list[Line]:
    lines = content.split(b"\n")[:-1]
    position = len(lines[0]) + 1
    found = []
    for value, line in zip(_parsed(lines[1:], path), lines[1:], strict=True):
        position += len(line) + 1
        if value is not None:
            found.append(Line(value, position))
    return found


def _parsed(lines: Sequence[bytes], path: Path) -> Sequence[Any]:
    """Each line's value; None for a line that is damaged."""
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
