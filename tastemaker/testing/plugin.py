"""The embedded Personalize as pytest fixtures, for whoever names this module as a plugin.

That is a line in the root conftest.py: `pytest_plugins = ["tastemaker.testing.plugin"]`. Nothing registers it by
itself, so that installing Tastemaker gives no test suite names or import time that it did not ask for. Both fixtures
begin anew for each test. For models that a whole module shares, or for another clock, write a fixture of your own
around `embedded_personalize` or `embedded_aws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tastemaker.testing.aws import embedded_aws
from tastemaker.testing.personalize import EmbeddedPersonalize, embedded_personalize

if TYPE_CHECKING:
    from tastemaker.cloud.embedded import EmbeddedCloud


@pytest.fixture(name="personalize")
def _personalize() -> Iterator[EmbeddedPersonalize]:
    """An empty Personalize without a socket: it has `client(service)` and `put_object(location, text)`."""
    with embedded_personalize() as personalize:
        yield personalize


@pytest.fixture(name="aws_endpoint")
def _aws_endpoint() -> Iterator[EmbeddedCloud]:
    """An empty AWS with Personalize in it, where every AWS client that the test makes leads to."""
    with embedded_aws() as aws:
        yield aws
