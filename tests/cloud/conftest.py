"""One synthesis a session, and a world for the workflow to run in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdas.common.config import Config, load
from stacks.workflow.definition import definition
from tastemaker.cloud.states import install
from tastemaker.personalize.clock import EagerClock
from tests.cloud.synthesis import ROOT, Template, edited, synthesised
from tests.cloud.world import ARNS, World
from tests.unit.cloud.states.conftest import aws, credentials, machines
from tests.unit.cloud.states.interpreter import FakeAws, Machines

__all__ = ["aws", "machines"]


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The example shop's configuration with its first model alone: what a run does is told apart by it."""
    text = (ROOT / "tastemaker.toml").read_text(encoding="utf-8")
    others = text[text.index('[[models]]\nname = "similar"') : text.index("# When the models")]
    return load(edited(tmp_path_factory.mktemp("config"), (others, "")))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example shop's stacks, synthesised."""
    return synthesised(tmp_path_factory.mktemp("assembly"))


def _template(assembly: Path, stack: str) -> Template:
    return Template(json.loads((assembly / f"example-shop-{stack}.template.json").read_text()))


@pytest.fixture(scope="session")
def data(assembly: Path) -> Template:
    return _template(assembly, "data")


@pytest.fixture(scope="session")
def pipeline(assembly: Path) -> Template:
    return _template(assembly, "pipeline")


@pytest.fixture(scope="session")
def api(assembly: Path) -> Template:
    return _template(assembly, "api")


@pytest.fixture(scope="session")
def monitoring(assembly: Path) -> Template:
    return _template(assembly, "monitoring")


@pytest.fixture
def workflow(config: Config) -> dict[str, Any]:
    return definition(config, ARNS)


@pytest.fixture
def world(aws: FakeAws, machines: Machines) -> World:  # pytest finds fixtures by their names
    clock = EagerClock()
    install(clock, aws.endpoint_url, credentials)
    return World(aws, machines, clock)
