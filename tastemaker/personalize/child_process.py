"""Child processes for work that must not slow the serving: a module of this package that works on a directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import tastemaker

_THREAD_SETTINGS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def start_child(module: str, directory: Path, *, log: int) -> subprocess.Popen[bytes]:
    """Run `python -m module directory` in the background; what it prints goes to the file descriptor `log`."""
    return subprocess.Popen(
        [sys.executable, "-m", module, str(directory)],
        stdin=subprocess.PIPE,  # its end tells the child that this process is gone
        stdout=log,
        stderr=log,
        env=_environment(),
        start_new_session=True,  # a Ctrl-C in the terminal is for this process, which then ends its children
    )


def serve_parent() -> None:
    """What a child calls first: from now on it ends when its parent does, and gives way to all who are asked."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(10)


def crash_reason(status: int, log: str, *, work: str, remedy: str) -> str:
    """In words, why a child ended without a report. `work`: what it did, `remedy`: what to do if memory ran out."""
    process = f"{work} failed: the {work.lower()} process"
    if status == -signal.SIGKILL:
        return f"{process} was killed, most often because memory ran out. {remedy}"
    if status < 0:
        return f"{process} was ended by the signal {signal.Signals(-status).name}."
    last = log.splitlines()[-1] if log else "it left no message"
    return f"{process} ended with status {status}: {last}"


def _environment() -> dict[str, str]:
    """This process's own environment, with half of the cores for linear algebra: the rest is for serving."""
    threads = str(max(1, (os.cpu_count() or 1) // 2))
    package = str(Path(tastemaker.__file__).parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **dict.fromkeys(_THREAD_SETTINGS, threads), "PYTHONPATH": os.pathsep.join(paths)}


def _end_with_parent() -> None:
    # the parent holds the other end of this pipe and never writes: it ends when the parent does
    os.read(0, 1)
    os._exit(1)
