"""How long and how often an endpoint is asked, on a clock of the test's own."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from tastemaker.conformance.waiting import Patience, TookTooLong, attempts
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tests.conformance.embedded import world_at


class Clock:
    """Time that passes only by pauses, which are written down."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def now(self) -> float:
        return sum(self.pauses)

    def patience(self, seconds: float) -> Patience:
        return Patience(first=2.0, longest=5.0, seconds=seconds, sleep=self.sleep, now=self.now)


def test_pauses_grow_to_the_longest_and_end_with_the_patience() -> None:
    clock = Clock()

    with pytest.raises(TookTooLong, match="the campaign took more than 14 seconds"):
        for _ in attempts(clock.patience(14.0), "the campaign"):
            pass

    assert clock.pauses == [2.0, 3.0, 4.5, 5.0]


def test_an_endpoint_that_throttles_is_asked_again_later() -> None:
    clock = Clock()
    objects = MemoryObjects({})
    with closing(Personalize(objects=objects)) as personalize:
        world = replace(world_at(personalize, objects), patience=clock.patience(60.0))
        personalize.faults.throttle("ListSchemas", times=2)

        assert world.call("ListSchemas")["schemas"] == []

    assert clock.pauses == [2.0, 3.0]
    assert [exchange.code for exchange in world.endpoint.exchanges] == [*["ThrottlingException"] * 2, None]
