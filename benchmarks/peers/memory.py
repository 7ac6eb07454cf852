"""How much memory this process holds, and held at most."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_PROCESS = Path("/proc/self")


def start_peak() -> float:
    """Megabytes held now; from here on the peak counts anew where the system can do that (Linux)."""
    if not _PROCESS.exists():
        return peak()
    # 5: forget the peak so far, of which a child inherits its parent's
    (_PROCESS / "clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> float:
    """Megabytes held at most, since `start_peak` or else since the process began."""
    if _PROCESS.exists():
        return _status("VmHWM")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def _status(name: str) -> float:
    lines = (_PROCESS / "status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kibibytes) * 1024 / 1e6
