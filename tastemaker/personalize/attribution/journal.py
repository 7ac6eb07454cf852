"""What a metric attribution has counted and not yet sent: on disk before an event is acknowledged, and in memory."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from tastemaker.personalize.attribution.counting import BUCKET_SECONDS, UNDEFINED_SOURCE, Cell, Counts, added

_LOGGER = logging.getLogger(__name__)

MOST_SOURCES: Final = 100
REPORTED_SECONDS: Final = 14 * 24 * 3600
"""CloudWatch takes no records that are older."""
_REMEMBERED: Final = 20_000
"""At least so many keys of what was counted last are known, so that what comes again counts once."""

Counted: TypeAlias = tuple[Sequence[str], Counts]
"""What tells that something has been counted (any of the keys does), and what it adds."""


class Journals:
    """The journals of all metric attributions, in `directory`. Safe to use from several threads."""

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        self._directory = directory
        self._fsync = fsync
        self._lock = threading.Lock()
        self._journals: dict[str, Journal] = {}
        directory.mkdir(parents=True, exist_ok=True)

    def of(self, attribution_arn: str) -> Journal:
        """The journal of an attribution, with what an earlier process left in it."""
        with self._lock:
            journal = self._journals.get(attribution_arn)
            if journal is None:
                path = self._directory / f"{hashlib.sha256(attribution_arn.encode()).hexdigest()[:32]}.journal"
                journal = self._journals[attribution_arn] = Journal(path, fsync=self._fsync)
            return journal

    def delete(self, attribution_arn: str) -> None:
        """Forget the journal of an attribution, if there is one."""
        journal = self.of(attribution_arn)
        with self._lock:
            del self._journals[attribution_arn]
            journal.delete()


class Journal:
    """The journal at `path`: an append-only file, made anew when what is in it has been sent.

    A line is `{"keys", "cells", "sources"?}`. It holds no ids of users.
    """

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self._path = path
        self._fsync = fsync
        self._lock = threading.Lock()
        self._counts: Counts = {}
        self._known: dict[str, None] = {}
        self._sources: dict[str, None] = {}
        self._deleted = False
        self.retry_at = 0.0
        """The moment before which sending is not tried again, after it has failed."""
        self.is_sending = False
        for line in self._lines():
            self._take(line)

    def add(self, counted: Iterable[Counted]) -> None:
        """Count what is not known yet. It is on disk when this returns. Raises OSError."""
        with self._lock:
            keys: dict[str, None] = {}
            fresh: list[Counts] = []
            for these, counts in counted:
                if counts and not any(key in self._known or key in keys for key in these):
                    keys.update(dict.fromkeys(these))
                    fresh.append(self._within_sources(counts))
            if fresh and not self._deleted:
                line = {"keys": list(keys), "cells": _listed(added(fresh))}
                self._append(line)
                self._take(line)

    def due(self, now: float) -> Counts:
        """The cells whose quarter of an hour has passed."""
        with self._lock:
            return {cell: value for cell, value in self._counts.items() if cell.bucket + BUCKET_SECONDS <= now}

    def sent(self, counts: Mapping[Cell, float]) -> None:
        """Take off what has been sent. Where the process ends before this, it is sent again."""
        with self._lock:
            left = added([self._counts, {cell: -value for cell, value in counts.items()}])
            # what came in the meantime for a cell that was being sent stays; sums of floats leave dust
            self._counts = {cell: value for cell, value in left.items() if abs(value) > 1e-9}
            if not self._deleted:
                self._write_anew()

    def delete(self) -> None:
        with self._lock:
            self._deleted = True
            self._path.unlink(missing_ok=True)

    def _within_sources(self, counts: Counts) -> Counts:
        """The counts, with the source undefined of those of one source too many."""
        kept: list[Counts] = []
        for cell, value in counts.items():
            if cell.source not in self._sources and len(self._sources) >= MOST_SOURCES:
                cell = cell._replace(source=UNDEFINED_SOURCE)  # noqa: PLW2901 # the same cell, elsewhere
            elif cell.source != UNDEFINED_SOURCE:
                self._sources[cell.source] = None
            kept.append({cell: value})
        return added(kept)

    def _take(self, line: Mapping[str, Any]) -> None:
        cells = {Cell(*cell): value for *cell, value in line["cells"]}
        for cell, value in cells.items():
            self._counts[cell] = self._counts.get(cell, 0.0) + value
        self._known.update(dict.fromkeys(line["keys"]))
        self._sources.update(dict.fromkeys(line.get("sources", ())))
        self._sources.update({cell.source: None for cell in cells if cell.source != UNDEFINED_SOURCE})
        if len(self._known) > 2 * _REMEMBERED:
            self._known = dict.fromkeys(list(self._known)[-_REMEMBERED:])

    def _lines(self) -> list[Mapping[str, Any]]:
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        size = content.rfind(b"\n") + 1
        if size < len(content):
            _LOGGER.warning("the last line of %s is unfinished and is passed over", self._path)
            os.truncate(self._path, size)
        return [json.loads(line) for line in content[:size].splitlines()]

    def _append(self, line: Mapping[str, Any]) -> None:
        content = json.dumps(line).encode() + b"\n"
        with self._path.open("ab") as file:
            size = file.tell()
            try:
                file.write(content)
                file.flush()
                if self._fsync:
                    os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise

    def _write_anew(self) -> None:
        line = {
            "keys": list(self._known)[-_REMEMBERED:],
            "cells": _listed(self._counts),
            "sources": list(self._sources),
        }
        partial = self._path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)


def _listed(counts: Counts) -> list[list[object]]:
    return [[*cell, value] for cell, value in counts.items()]
