"""The embedded Personalize that the control plane's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.personalize.scene import Scene
from tests.unit.personalize.solution_scene import EVERY_RECIPE


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A fresh embedded Personalize with clients; its jobs end when the test says so."""
    scene = Scene()
    yield scene
    scene.personalize.close()


@pytest.fixture
def shop() -> Iterator[Scene]:
    """The same with an empty dataset group, `shop`, and every recipe trainable."""
    shop = Scene(trainable=EVERY_RECIPE)
    shop.group()
    yield shop
    shop.personalize.close()
