"""The virtual environments of the libraries that we are compared with, each from its own lock, made on first use."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

import bootstrap

_HERE: Final = Path(__file__).resolve().parent
_ENVIRONMENTS: Final = bootstrap.SETUP / "peers"
_COST: Final = {
    "implicit": "60 MB of downloads",
    "lenskit": "PyTorch comes with it, on Linux with CUDA's libraries: 2.5 GB of downloads, 5.6 GB on the disk",
}


def python_of(library: str) -> Path:
    """The interpreter that has the library, after installing it where it is not there or its lock has changed.

    Raises bootstrap.SetupError where it does not install.
    """
    lock = _HERE / f"{library}.lock"
    python = _ENVIRONMENTS / library / "bin" / "python"
    stamp = _ENVIRONMENTS / library / ".ready"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    bootstrap.say(f"setting up {library} in {python.parents[1].relative_to(bootstrap.ROOT)} ({_COST[library]}; once)")
    uv, environment = bootstrap.find_uv(), bootstrap.uv_environment()
    if not python.exists():
        bootstrap.run([*uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])], environment)
    install = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "--require-hashes"]
    bootstrap.run([*install, "-r", str(lock)], environment)
    stamp.write_text(wanted)
    return python
