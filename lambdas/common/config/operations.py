"""What those who run the engine decide: where its notices go, and from where on something is an alarm."""

from __future__ import annotations

import zoneinfo
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

Email = Annotated[str, StringConstraints(strict=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


def check_time_zone(name: str) -> str:
    """Raise a ValueError for what is no name of the IANA time zone database, by which the schedule's hours go."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        if not zoneinfo.available_timezones():
            raise ValueError("this machine has no time zone database; install the package tzdata") from error
        raise ValueError(
            f"{name!r} is not the name of a time zone; expected is one such as Europe/Berlin or UTC"
        ) from error
    return name


TimeZone = Annotated[str, StringConstraints(strict=True, min_length=1), AfterValidator(check_time_zone)]


def _each_once(emails: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [email for email in dict.fromkeys(emails) if emails.count(email) > 1]:
        raise ValueError(f"{twice[0]} is there twice; once is enough")
    return emails


class Notifications(BaseModel):
    """Who is told how a run ended, and of alarms. Each address is asked to confirm first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    emails: Annotated[tuple[Email, ...], AfterValidator(_each_once)] = ()


class Alarms(BaseModel):
    """From where on something is an alarm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_p99_milliseconds: Annotated[StrictInt, Field(ge=1, le=30_000)] = 1000
    """The API's latency, of all but the slowest in a hundred requests."""
    api_error_percent: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    """Of all requests, those answered with a 5xx."""
    run_age_days: Annotated[StrictInt, Field(ge=1, le=400)] = 9
    """Since the models that serve were published."""
