"""An interpreter on a given clock, in front of a faked AWS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore import handlers
from moto import mock_aws

from tastemaker.cloud.states import install
from tastemaker.personalize.clock import EagerClock
from tests.unit.cloud.states.interpreter import FakeAws, Machines, WatchedClock


@dataclass(frozen=True)
class RoleCredentials:
    access_key_id: str
    secret_access_key: str = "secret"
    session_token: str | None = None


def credentials(role_arn: str) -> RoleCredentials:
    return RoleCredentials("AKIA" + hashlib.sha256(role_arn.encode()).hexdigest()[:16].upper())


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    fake = FakeAws()
    entry = ("before-send", fake)
    handlers.BUILTIN_HANDLERS.insert(0, entry)
    # botocore asks every handler, and takes the first answer: moto is told to leave these to the fake
    with mock_aws(config={"core": {"passthrough": {"services": ["lambda", "personalize"], "urls": []}}}):
        yield fake
    handlers.BUILTIN_HANDLERS.remove(entry)


@pytest.fixture
def machines(aws: FakeAws) -> Iterator[Machines]:
    """Machines on a clock on which no wait takes time."""
    install(EagerClock(), aws.endpoint_url, credentials)
    made = Machines()
    yield made
    made.stop_all()


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture
def watched(aws: FakeAws, clock: WatchedClock) -> Iterator[Machines]:
    """Machines on the clock that the test moves."""
    install(clock, aws.endpoint_url, credentials)
    made = Machines()
    yield made
    made.stop_all()
