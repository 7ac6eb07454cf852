"""Points in time on the execution's clock, written as AWS writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser import models as backends
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import map_run_record
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.backend import execution

from tastemaker.cloud.states.patching import replace
from tastemaker.cloud.states.settings import current


class Instant(datetime):
    """A moment in UTC whose text has milliseconds and a Z."""

    def isoformat(self, sep: str = "T", timespec: str = "milliseconds") -> str:
        return datetime.isoformat(self.replace(tzinfo=None), sep, timespec) + "Z"

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Instant:  # noqa: ARG003 - the zone is always UTC
        return cls.fromtimestamp(current().clock.now(), tz=UTC)


def iso_text(moment: datetime) -> str:
    """`moment` in UTC, with a fraction only where it has one: `2025-01-31T12:00:00Z`, `…T12:00:00.250Z`."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole_milliseconds = "milliseconds" if utc.microsecond else "seconds"
    precision = "microseconds" if utc.microsecond % 1000 else whole_milliseconds
    return datetime.isoformat(utc.replace(tzinfo=None), timespec=precision) + "Z"


# What the interpreter's modules find under the name `datetime`.
_clock_datetime: Any = SimpleNamespace(datetime=Instant, timezone=timezone, date=date, timedelta=timedelta)


def stamp_by_the_clock() -> None:
    """Let the history, the executions and the context object take their times from the clock."""
    for module in (backends, state, map_run_record, branches_decl, event_manager, execution):
        replace(module, "datetime", _clock_datetime)
