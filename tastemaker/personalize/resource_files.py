"""Resources on disk: one JSON file for each account and region, replaced whole before a change is acknowledged."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tastemaker.personalize import durable_files
from tastemaker.personalize.kinds import KINDS
from tastemaker.personalize.lifecycle import Passage
from tastemaker.personalize.store import Resource

_FORMAT: Final = 1


class DataDirectoryInUse(Exception):
    """Another process works with the data directory."""


class ResourcesUnreadable(Exception):
    """A file among the resources is none. The message names it and the remedy."""


class ResourceFiles:
    """The files under `directory`, which this object keeps for itself until it is closed.

    Raises DataDirectoryInUse and ResourcesUnreadable.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._lock = (directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise DataDirectoryInUse(
                f"{directory} is in use by another process: stop that one, or give another directory."
            ) from error
        try:
            contents = [_content(path) for path in sorted(directory.glob("*.json"))]
        except ResourcesUnreadable:
            self._lock.close()
            raise
        self._accounts = [(content["account"], content["region"]) for content in contents]

    def accounts(self) -> list[tuple[str, str]]:
        """The accounts and regions that had a file at the beginning."""
        return self._accounts

    def file(self, account: str, region: str) -> ResourceFile:
        return ResourceFile(self._directory / f"{_name(account, region)}.json", account, region)

    def usage(self, account: str, region: str) -> Path:
        """Where what was counted for a bill is kept, beside the resources."""
        return self._directory / f"{_name(account, region)}.usage"

    def close(self) -> None:
        self._lock.close()


class ResourceFile:
    """The resources of one account in one region."""

    def __init__(self, path: Path, account: str, region: str) -> None:
        self._path = path
        self._heading = {"format": _FORMAT, "account": account, "region": region}
        self._written = ""

    def read(self) -> list[Resource]:
        """The resources in the order of their creation; none where there is no file yet."""
        if not self._path.exists():
            return []
        content = _content(self._path)
        return [_resource(entry) for entry in content["resources"]]

    def write(self, resources: Iterable[Resource]) -> None:
        """Replace the file, and see it on the disk, unless it says the same already."""
        content = json.dumps(self._heading | {"resources": [_entry(resource) for resource in resources]})
        if content == self._written:
            return
        partial = self._path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        durable_files.replace(partial, self._path)
        self._written = content


def _content(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] == _FORMAT and content["account"] and content["region"]:
            return content
    except (ValueError, KeyError, TypeError):
        pass
    raise ResourcesUnreadable(f"{path} holds no resources that this version can read: move it elsewhere.")


def _name(account: str, region: str) -> str:
    # both come with the request, so neither may become part of a path
    return hashlib.sha256(f"{account} {region}".encode()).hexdigest()[:16]


def _entry(resource: Resource) -> dict[str, Any]:
    passage = None if resource.passage is None else vars(resource.passage)
    return vars(resource) | {"kind": resource.kind.word, "passage": passage}


def _resource(entry: dict[str, Any]) -> Resource:
    passage = Passage(**entry["passage"]) if entry["passage"] is not None else None
    return Resource(**entry | {"kind": KINDS[entry["kind"]], "passage": passage})
