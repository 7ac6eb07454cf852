"""The engine of this checkout, deployed into an embedded cloud on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tastemaker.cli.cloud import embedded_cloud
from tastemaker.cli.console import Progress
from tastemaker.cli.errors import CommandError
from tastemaker.cli.synth import project_root, synthesise
from tastemaker.cloud.assembly import AssemblyError
from tastemaker.cloud.deployment import DeploymentError
from tastemaker.cloud.embedded import EmbeddedCloud, Outputs


@dataclass(frozen=True)
class Engine:
    """The cloud, and what the stacks put out."""

    cloud: EmbeddedCloud
    state_machine_arn: str
    events_table: str

    @property
    def api_url(self) -> str:
        return self.cloud.api_url


@contextmanager
def deployed(port: int, progress: Progress) -> Iterator[Engine]:
    """Start the embedded cloud on `port` (0: any that is free), synthesise the stacks and deploy them into it."""
    root = project_root(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="tastemaker-") as folder, embedded_cloud(port=port) as cloud:
        assembly = Path(folder) / "cdk.out"
        with progress.phase("synth", "Synthesise the stacks"):
            synthesise(root, assembly)
        with progress.phase("deploy", "Deploy them into the embedded cloud"):
            stacks = _deploy(cloud, assembly)
        outputs = {key: value for stack in stacks.values() for key, value in stack.items()}
        yield Engine(cloud, outputs["StateMachineArn"], outputs["InteractionsTable"])


def _deploy(cloud: EmbeddedCloud, assembly: Path) -> Mapping[str, Outputs]:
    try:
        return cloud.deploy(assembly)
    except (AssemblyError, DeploymentError) as error:
        raise CommandError(str(error)) from error
