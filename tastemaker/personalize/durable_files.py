"""Files that outlive a loss of power: their content, and the directory that has their name, are on the disk."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """See what is at `path` on the disk: a file's content, or a directory's list of names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Move `source`, which is on the disk, to `target`, replacing a file there; on the disk when this returns."""
    source.replace(target)
    sync(target.parent)
