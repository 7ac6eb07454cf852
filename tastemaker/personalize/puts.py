"""Streamed records of items, users and actions: on disk before they are acknowledged, and at hand."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tastemaker.personalize.append_log import AppendLog, Line, LogFolder, Mark, Prefix, StreamClosed, line_of


@dataclass(frozen=True, slots=True)
class PutRecord:
    """All that is known of an item, a user or an action from one Put operation.

    `values` holds the fields of the dataset's schema that are not null, as text, by the schema's names.
    `position` is the length in bytes of the log with this record: of two records, the greater one came later.
    """

    record_id: str
    values: Mapping[str, str]
    position: int = 0


class Puts:
    """The streams of all datasets of records, each a log in `directory`. Safe to use from several threads.

    A record is the operating system's when `put` returns, and with `fsync` the disk's. Raises LogUnreadable.
    """

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        self._logs = LogFolder(directory, _Stream, fsync=fsync)

    def put(self, dataset_arn: str, records: Sequence[PutRecord]) -> None:
        """Add records, all or none of them.

        Raises StreamClosed, UnicodeEncodeError for text that is no Unicode, and OSError.
        """
        self._logs.get_or_create(dataset_arn).put(records)

    def mark(self, dataset_arn: str) -> Mark | None:
        """How much has come; None where nothing has."""
        stream = self._logs.get(dataset_arn)
        return None if stream is None else stream.prefix.mark

    def share(self, dataset_arn: str, directory: Path) -> None:
        """Copy what has come until now, if anything has, for another `Puts(directory)`."""
        stream = self._logs.get(dataset_arn)
        if stream is not None:
            stream.prefix.copy_into(directory)

    def revision(self, dataset_arn: str) -> str:
        """What changes when records are taken away, and not when some are added."""
        stream = self._logs.get(dataset_arn)
        return "" if stream is None else stream.revision

    def latest(self, dataset_arn: str, *, after: int = 0) -> list[PutRecord]:
        """The latest record of each id, in the order in which they came; only those that came after that position."""
        stream = self._logs.get(dataset_arn)
        return [] if stream is None else stream.latest(after)

    def versions(self, dataset_arn: str) -> list[PutRecord]:
        """All that came, in the order in which it came."""
        stream = self._logs.get(dataset_arn)
        return [] if stream is None else stream.versions()

    def forget(self, dataset_arn: str, record_ids: Collection[str]) -> int:
        """Remove all versions of some records, and count them. Marks stay what they are.

        Raises StreamClosed and, with nothing removed, OSError.
        """
        stream = self._logs.get(dataset_arn)
        return 0 if stream is None else stream.forget(record_ids)

    def delete(self, dataset_arn: str) -> None:
        """Forget the stream of a dataset, if there is one."""
        self._logs.delete(dataset_arn)

    def close(self) -> None:
        """Close the files. May be called again."""
        self._logs.close()


class _Stream:
    """The stream of one dataset, with the latest record of each id, the latest of all at the end."""

    def __init__(self, log: AppendLog, lines: Iterable[Line]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._closed = False
        self._times_rewritten = 0
        self._latest: dict[str, PutRecord] = {}
        for record in _records(lines):
            self._take(record)

    @property
    def prefix(self) -> Prefix:
        with self._lock:
            return self._log.prefix

    @property
    def revision(self) -> str:
        with self._lock:
            return f"{self._log.mark.log_id} {self._times_rewritten}"

    def put(self, records: Sequence[PutRecord]) -> None:
        lines = [line_of([record.record_id, dict(record.values)]) for record in records]
        with self._lock:
            self._need_open()
            position = self._log.mark.position
            self._log.append(lines)
            for record, line in zip(records, lines, strict=True):
                position += len(line)
                self._take(PutRecord(record.record_id, record.values, position))

    def latest(self, after: int) -> list[PutRecord]:
        found = []
        with self._lock:
            for record in reversed(self._latest.values()):
                if record.position <= after:
                    break
                found.append(record)
        return found[::-1]

    def versions(self) -> list[PutRecord]:
        with self._lock:
            return _records(self._log.read())

    def forget(self, record_ids: Collection[str]) -> int:
        wanted = frozenset(record_ids)
        with self._lock:
            self._need_open()
            gone = {record.position for record in _records(self._log.read()) if record.record_id in wanted}
            if gone:
                self._log.blank(gone)
                self._times_rewritten += 1
                self._latest = {id_: record for id_, record in self._latest.items() if id_ not in wanted}
            return len(gone)

    def delete(self) -> None:
        self.close()
        self._log.remove()

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._log.close()

    def _take(self, record: PutRecord) -> None:
        self._latest.pop(record.record_id, None)  # so that it goes to the end
        self._latest[record.record_id] = record

    def _need_open(self) -> None:
        if self._closed:
            raise StreamClosed(f"{self._log.dataset_arn} takes no records any more.")


def _records(lines: Iterable[Line]) -> list[PutRecord]:
    return [PutRecord(record_id, values, position) for (record_id, values), position in lines]
