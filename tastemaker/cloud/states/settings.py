"""What the interpreter is installed with: its clock and its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tastemaker.cloud.states.clients import ClientPool
    from tastemaker.personalize.clock import Clock


@dataclass(frozen=True)
class Settings:
    """The clock that waits go by, and the clients that tasks call with."""

    clock: Clock
    clients: ClientPool


_current: list[Settings] = []


def use(settings: Settings) -> None:
    """Make `settings` those of every execution from now on."""
    _current[:] = [settings]


def current() -> Settings:
    """The settings in use; it is an error to ask before `install`."""
    if not _current:
        raise RuntimeError("Step Functions is not installed: call tastemaker.cloud.states.install first")
    return _current[0]
