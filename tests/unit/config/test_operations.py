"""Who is told, and from where on something is an alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.test_config import changed, problems

NOTIFIED = ('# [notifications]\n# emails = ["on-call@shop.example"]', "[notifications]\nemails = {}")
ALARMS = ("# [alarms]\n", "[alarms]\n{}\n")


def with_value(replacement: tuple[str, str], value: str) -> tuple[str, str]:
    return replacement[0], replacement[1].format(value)


def test_without_a_word_nobody_gets_mail_hours_are_utc_and_alarms_have_their_usual_bounds(tmp_path: Path) -> None:
    config = changed(tmp_path)

    assert config.notifications.emails == ()
    assert config.retrain.time_zone == "UTC"
    assert config.alarms.model_dump() == {"api_p99_milliseconds": 1000, "api_error_percent": 1, "run_age_days": 9}


def test_the_commented_lines_of_the_example_are_what_they_say_to_be(tmp_path: Path) -> None:
    config = changed(
        tmp_path,
        ('# time_zone = "Europe/Berlin"', 'time_zone = "Europe/Berlin"'),
        with_value(NOTIFIED, '["on-call@shop.example"]'),
        ("# [alarms]\n# api_p99_milliseconds = 1000\n# api_error", "[alarms]\napi_p99_milliseconds = 1000\napi_error"),
        ("# run_age_days", "run_age_days"),
    )

    assert config.retrain.time_zone == "Europe/Berlin"
    assert config.notifications.emails == ("on-call@shop.example",)
    assert config.alarms == changed(tmp_path).alarms


@pytest.mark.parametrize("name", ["Berlin", "Europe/", "../UTC", ""])
def test_what_is_no_time_zone_is_refused(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, ('# time_zone = "Europe/Berlin"', f'time_zone = "{name}"'))

    assert problem.startswith("retrain.time_zone: ")
    assert (f"{name!r} is not the name of a time zone" in problem) == bool(name)


@pytest.mark.parametrize(
    ("emails", "problem"),
    [
        ('["nobody"]', "notifications.emails[1]: 'nobody' is not possible; expected is an address such as "),
        ('["a@b.example", "a@b.example"]', "notifications.emails: a@b.example is there twice; once is enough"),
    ],
)
def test_addresses_that_are_none_or_there_twice_are_told(tmp_path: Path, emails: str, problem: str) -> None:
    (told,) = problems(tmp_path, with_value(NOTIFIED, emails))

    assert told.startswith(problem)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("api_error_percent = 0", "alarms.api_error_percent: 0 is too small; at least 1 is needed"),
        ("run_age_days = 9.5", "alarms.run_age_days: expected is a whole number, not 9.5"),
        ("run_age = 9", "alarms.run_age: unknown key; did you mean run_age_days?"),
    ],
)
def test_bounds_that_are_none_are_told(tmp_path: Path, line: str, problem: str) -> None:
    (told,) = problems(tmp_path, with_value(ALARMS, line))

    assert told.startswith(problem)
