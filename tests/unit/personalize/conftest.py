"""The embedded Personalize that the control plane's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.personalize.scene import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A fresh embedded Personalize with clients; its jobs end when the test says so."""
    scene = Scene()
    yield scene
    scene.personalize.close()
