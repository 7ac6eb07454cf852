"""Schedule expressions, by EventBridge Scheduler's rules."""

from __future__ import annotations

import re

import pytest

from lambdas.common.config.schedule import check_schedule


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 3 ? * MON *)",
        "cron(0/15 * * * ? *)",
        "cron(*/15 8-17 ? * mon-fri 2026-2030)",
        "cron(0 0 1,15 JAN,JUL ? *)",
        "cron(30 4 L * ? *)",
        "cron(30 4 L-2 * ? *)",
        "cron(30 4 15W * ? *)",
        "cron(30 4 ? * 6#3 *)",
        "cron(30 4 ? * FRIL *)",
        "rate(1 day)",
        "rate(7 days)",
        "rate(36 hours)",
    ],
)
def test_what_the_scheduler_takes_is_taken(expression: str) -> None:
    check_schedule(expression)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("every monday", "neither `cron(…)` nor `rate(…)`"),
        ("at(2026-01-01T00:00:00)", "neither `cron(…)` nor `rate(…)`"),
        ("0 3 * * 1", "neither `cron(…)` nor `rate(…)`"),
        ("cron(0 3 * * 1)", "six fields (minutes, hours, day of the month, month, day of the week, year), not 5"),
        ("cron(60 3 ? * MON *)", "'60' in the minutes is not in 0-59"),
        ("cron(0 24 ? * MON *)", "'24' in the hours is not in 0-23"),
        ("cron(0 3 32 * ? *)", "'32' in the day of the month is not in 1-31"),
        ("cron(0 3 ? 13 MON *)", "'13' in the month is not in 1-12 or JAN-DEC"),
        ("cron(0 3 ? * 0 *)", "'0' in the day of the week is not in 1-7 or SUN-SAT"),
        ("cron(0 3 ? * MON 1969)", "'1969' in the year is not in 1970-2199"),
        ("cron(0 3 ? * FRI-MON *)", "'FRI-MON' in the day of the week is not a range that goes upwards"),
        ("cron(*,5 3 ? * MON *)", "'*' in the minutes is not in 0-59"),
        ("cron(\u0663 3 ? * MON *)", "in the minutes is not in 0-59"),
        ("cron(0 3 ? * XYZL *)", "'XYZL' in the day of the week"),
        ("cron(0 3 L-99 * ? *)", "in the day of the month"),
        ("cron(0/x 3 ? * MON *)", "the step of '0/x' in the minutes"),
        ("cron(0/0 3 ? * MON *)", "the step of '0/0' in the minutes"),
        ("cron(0 3 * * MON *)", "exactly one of day of the month and day of the week is ?"),
        ("cron(0 3 ? * ? *)", "exactly one of day of the month and day of the week is ?"),
        ("cron(? 3 ? * MON *)", "exactly one of day of the month and day of the week is ?"),
        ("rate(1 days)", "`rate(1 day)`, or `rate(n days)`"),
        ("rate(2 day)", "`rate(1 day)`, or `rate(n days)`"),
        ("rate(0 days)", "`rate(1 day)`, or `rate(n days)`"),
        ("rate(2 weeks)", "neither `cron(…)` nor `rate(…)`"),
    ],
)
def test_what_the_scheduler_refuses_is_refused_with_what_is_wrong(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        check_schedule(expression)
