"""A synthesis that is given up leaves nobody behind who writes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tastemaker.cli.synth import synthesis

if TYPE_CHECKING:
    from pathlib import Path

_APP = """
import subprocess, sys

subprocess.run([sys.executable, "node.py"])
"""
_NODE = """
import itertools, os, pathlib, time

for number in itertools.count():
    (pathlib.Path(os.environ["TMPDIR"]) / str(number)).touch()
    time.sleep(0.01)
"""


def test_what_the_app_has_started_ends_with_it(tmp_path: Path) -> None:
    root, written = tmp_path / "root", tmp_path / "written"
    for folder in (root, written):
        folder.mkdir()
    (root / "app.py").write_text(_APP, encoding="utf-8")
    (root / "node.py").write_text(_NODE, encoding="utf-8")

    with synthesis(root, written / "cdk.out"):
        until = time.monotonic() + 30
        while not any(written.iterdir()):
            assert time.monotonic() < until
            time.sleep(0.01)

    there = len(list(written.iterdir()))
    time.sleep(0.2)
    assert len(list(written.iterdir())) == there
