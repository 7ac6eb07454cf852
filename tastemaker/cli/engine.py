"""The engine of this checkout, deployed into an embedded cloud on this machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tastemaker.cli.console import Progress
from tastemaker.cli.errors import CommandError
from tastemaker.cli.own_data import OwnData
from tastemaker.cli.synth import project_root, synthesis

if TYPE_CHECKING:
    from tastemaker.cloud.embedded import EmbeddedCloud, Outputs


@dataclass(frozen=True)
class Engine:
    """The cloud, and what the stacks put out."""

    cloud: EmbeddedCloud
    state_machine_arn: str
    engine_table: str
    events_table: str
    items_table: str | None
    users_table: str | None

    @property
    def api_url(self) -> str:
        return self.cloud.api_url


@contextmanager
def deployed(port: int, progress: Progress, *, data: OwnData | None = None) -> Iterator[Engine]:
    """Start the embedded cloud on `port` (0: any that is free), synthesise the stacks and deploy them into it.

    The configuration is the checkout's, made to fit `data` where there is any.
    """
    root = project_root(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="tastemaker-") as folder:
        assembly = Path(folder) / "cdk.out"
        began = time.perf_counter()
        config = None
        if data is not None:
            config = Path(folder) / "tastemaker.toml"
            data.write_config(root / "tastemaker.toml", config)
        with synthesis(root, assembly, config=config) as stacks:
            # seconds of imports, which the synthesis hides
            from tastemaker.cli.cloud import embedded_cloud

            with embedded_cloud(port=port) as cloud:
                cloud.prepare()
                with progress.phase("synth", "Synthesise the stacks", began=began):
                    stacks.wait()
                with progress.phase("deploy", "Deploy them into the embedded cloud"):
                    outputs = _deploy(cloud, assembly)
                yield Engine(
                    cloud,
                    state_machine_arn=outputs["StateMachineArn"],
                    engine_table=outputs["EngineTable"],
                    events_table=outputs["InteractionsTable"],
                    items_table=outputs.get("ItemsTable"),
                    users_table=outputs.get("UsersTable"),
                )


def _deploy(cloud: EmbeddedCloud, assembly: Path) -> Outputs:
    from tastemaker.cloud.assembly import AssemblyError
    from tastemaker.cloud.deployment import DeploymentError

    try:
        stacks: Mapping[str, Outputs] = cloud.deploy(assembly)
    except (AssemblyError, DeploymentError) as error:
        raise CommandError(str(error)) from error
    return {key: value for stack in stacks.values() for key, value in stack.items()}
