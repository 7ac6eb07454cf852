"""Schedule expressions by EventBridge Scheduler's rules, so that a typing error shows before the deployment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_RATE = re.compile(r"rate\((?P<value>[0-9]{1,9}) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
_NUMBER = re.compile(r"[0-9]{1,4}")
_CRON = re.compile(r"cron\((?P<fields>.*)\)")
_MONTHS: Final = dict(
    zip(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], range(1, 13), strict=True)
)
_DAYS: Final = dict(zip(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], range(1, 8), strict=True))


@dataclass(frozen=True)
class _Field:
    """One field of a cron expression: its bounds, the names for its numbers, and what else it may hold."""

    name: str
    lowest: int
    highest: int
    names: dict[str, int] = field(default_factory=dict)
    special: re.Pattern[str] | None = None

    def check(self, text: str) -> None:
        if text in ("*", "?"):
            return
        for part in text.split(","):
            if not (self.special and self.special.fullmatch(part)):
                self._check_range(part)

    def _check_range(self, part: str) -> None:
        ends, slash, step = part.partition("/")
        if slash and not (_NUMBER.fullmatch(step) and int(step) > 0):
            raise ValueError(f"the step of {part!r} in the {self.name} is not a whole number above 0")
        if ends == "*" and slash:
            return
        numbers = [self._number(end) for end in ends.split("-")]
        if len(numbers) > 2 or numbers != sorted(numbers):
            raise ValueError(f"{part!r} in the {self.name} is not a range that goes upwards")

    def _number(self, text: str) -> int:
        number = self.names.get(text.upper()) or (int(text) if _NUMBER.fullmatch(text) else None)
        if number is None or not self.lowest <= number <= self.highest:
            named = f" or {'-'.join((next(iter(self.names)), list(self.names)[-1]))}" if self.names else ""
            raise ValueError(f"{text!r} in the {self.name} is not in {self.lowest}-{self.highest}{named}")
        return number


_FIELDS: Final = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of the month", 1, 31, special=re.compile(r"L(-([1-9]|[12][0-9]|30))?|LW|([1-9]|[12][0-9]|3[01])W")),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 1, 7, _DAYS, re.compile(r"L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])")),
    _Field("year", 1970, 2199),
)


def check_schedule(expression: str) -> None:
    """Raise a ValueError that says what is wrong; `cron(…)` and `rate(…)` are the recurring kinds."""
    if rate := _RATE.fullmatch(expression):
        value = int(rate["value"])
        if value == 0 or (value == 1) == bool(rate["plural"]):
            raise ValueError("a rate is `rate(1 day)`, or `rate(n days)` with n above 1")
    elif cron := _CRON.fullmatch(expression):
        _check_cron(cron["fields"].split())
    else:
        raise ValueError("it is neither `cron(…)` nor `rate(…)`, such as cron(0 3 ? * MON *) or rate(7 days)")


def _check_cron(fields: list[str]) -> None:
    if len(fields) != len(_FIELDS):
        raise ValueError(
            f"a cron has six fields (minutes, hours, day of the month, month, day of the week, year), not {len(fields)}"
        )
    for kind, text in zip(_FIELDS, fields, strict=True):
        kind.check(text)
    unset = [text == "?" for text in fields]
    if unset[2] == unset[4] or sum(unset) > 1:
        raise ValueError("exactly one of day of the month and day of the week is ?")
