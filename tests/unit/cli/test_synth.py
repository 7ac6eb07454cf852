"""A synthesis that is given up leaves nobody behind who writes."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tastemaker.cli.synth import synthesis

if TYPE_CHECKING:
    from pathlib import Path

_APP = """
import subprocess, sys

subprocess.run([sys.executable, "node.py"])
"""
_NODE = """
import socket, threading

with socket.create_connection(("127.0.0.1", {port})):
    threading.Event().wait()
"""


def test_what_the_app_has_started_ends_with_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        (tmp_path / "app.py").write_text(_APP, encoding="utf-8")
        (tmp_path / "node.py").write_text(_NODE.format(port=server.getsockname()[1]), encoding="utf-8")
        with synthesis(tmp_path, tmp_path / "cdk.out"):
            node, _ = server.accept()
        with node:
            node.settimeout(10)
            # only the end of the process closes its side
            assert node.recv(1) == b""
