"""What was read from disk and is asked for again and again, kept in memory as long as it is wanted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

Read = TypeVar("Read")


@dataclass
class _Entry(Generic[Read]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    read: Read | None = None


class AtHand(Generic[Read]):
    """What `read` makes of paths, the `capacity` that were asked for last. Safe to use from several threads."""

    def __init__(self, read: Callable[[Path], Read], *, capacity: int) -> None:
        self._read = read
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: OrderedDict[Path, _Entry[Read]] = OrderedDict()

    def get(self, path: Path) -> Read:
        """What is at `path`; whatever `read` raises, and then it is read anew the next time."""
        with self._lock:
            entry = self._entries.get(path)
            if entry is None:
                entry = self._entries[path] = _Entry()
                if len(self._entries) > self._capacity:
                    self._entries.popitem(last=False)
            else:
                self._entries.move_to_end(path)
        # whoever comes first reads; the others wait for this path only
        with entry.lock:
            if entry.read is None:
                entry.read = self._read(path)
            return entry.read

    def forget(self, path: Path) -> None:
        """Read `path` anew when it is asked for again."""
        with self._lock:
            self._entries.pop(path, None)
