"""The process as an embedded cloud needs it: moto's state empty, its settings made, AWS's own out of sight."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config

_ENVIRONMENT: Mapping[str, str | None] = {
    # SDKs in other languages, and DynamoDB Local's users, like to call their region "local"
    "MOTO_ALLOW_NONEXISTENT_REGION": "true",
    # a profile that only AWS knows would keep moto from making its sessions
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_in_use = threading.Lock()


class AlreadyRunning(RuntimeError):
    """This process has an embedded cloud already."""

    def __init__(self) -> None:
        super().__init__(
            "this process runs an embedded cloud already, and all of them would share one state: close that one first, "
            "or start this one in another process"
        )


@contextmanager
def exclusive_use() -> Iterator[None]:
    """Take the process for one cloud, and give it back as it was. Raises AlreadyRunning."""
    if not _in_use.acquire(blocking=False):
        raise AlreadyRunning
    try:
        with _environment({**_ENVIRONMENT, **_no_proxies()}), _moto_settings():
            BackendDict.reset()
            try:
                yield
            finally:
                BackendDict.reset()
    finally:
        _in_use.release()


@contextmanager
def _moto_settings() -> Iterator[None]:
    before = dict(default_user_config)
    # functions run in workers; nothing here may look for Docker
    default_user_config["lambda"] = {"use_docker": False}
    default_user_config["batch"] = {"use_docker": False}
    try:
        yield
    finally:
        default_user_config.clear()
        default_user_config.update(before)


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _change_environment(changes)
    try:
        yield
    finally:
        _change_environment(before)


def _change_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _no_proxies() -> dict[str, str]:
    """A proxy for the outside has no way back to this machine."""
    return {name: ",".join(filter(None, (os.environ.get(name), *_LOOPBACK))) for name in ("NO_PROXY", "no_proxy")}
