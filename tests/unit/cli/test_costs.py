"""What `tastemaker endpoint` says at its end."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from tastemaker.cli.endpoint import print_costs
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize


@pytest.fixture
def personalize() -> Iterator[Personalize]:
    personalize = Personalize(objects=MemoryObjects({}))
    yield personalize
    personalize.close()


def printed(personalize: Personalize) -> str:
    output = io.StringIO()
    print_costs(Console(file=output, width=40), personalize)
    return output.getvalue()


def test_each_account_that_would_have_been_billed_has_one_line(personalize: Personalize) -> None:
    personalize.account("123456789012", "us-east-1").meter.add(training_hours=10)
    personalize.account("210987654321", "us-east-1")

    assert printed(personalize) == (
        "On AWS, Personalize would have cost account 123456789012 in us-east-1 about $2.40 (training $2.40; prices of "
        "2026-08).\n"
    )


def test_nothing_is_said_where_nothing_would_have_been_billed(personalize: Personalize) -> None:
    assert printed(personalize) == ""
