"""One worker process from its start to its end: AWS's runtime client, its output, its memory and its death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tastemaker.cloud.functions import FunctionSpec
from tastemaker.cloud.runtime_api import Call, Kind, RuntimeApi

# How often a busy process is looked at: soon enough to stop one that eats the machine, too seldom to be felt
_TICK_SECONDS = 0.02
_MEGABYTE = 1024 * 1024


class SandboxEnded(Exception):
    """The process is gone, or must go. `error_type` and the message are AWS's, the latter without the request id."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class TimedOut(Exception):
    """The process didn't say anything within the time it was given."""


class Sandbox:
    """A running worker process.

    Its memory limit holds for the process itself, by its peak resident size where the system tells it (Linux).
    Between invocations nobody reads its output, so a thread of the function that writes then waits, as it does on
    AWS, where the whole environment is frozen.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        environment: Callable[[str], Mapping[str, str]],
        output: Callable[[bytes], None],
    ) -> None:
        """Start the process. `environment` is given the Runtime API's address; `output` gets what is written."""
        self.output = output
        # the most memory that the process was seen to hold, in bytes; stays 0 where the system doesn't tell
        self.peak_memory = 0
        self._limit = spec.memory_mb * _MEGABYTE
        self._api = RuntimeApi()
        try:
            self._process = _start(spec, environment(self._api.address))
        except BaseException:
            self._api.close()
            raise
        self._status = Path(f"/proc/{self._process.pid}/status")
        assert self._process.stdout is not None  # noqa: S101  # narrows the type: a pipe was asked for
        self._pipe = self._process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self._api.watch(self._pipe.fileno(), self._read)
        self._reading = True

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def await_call(self, seconds: float) -> Call:
        """What the process says next. Raises `TimedOut` after `seconds` of real time, and `SandboxEnded`."""
        deadline = time.monotonic() + seconds
        while True:
            remaining = deadline - time.monotonic()
            call = self._api.poll(max(0.0, min(_TICK_SECONDS, remaining)))
            if call is None or call.kind is not Kind.NEXT:
                self._check_memory()
            if call is not None:
                return call
            if not self.alive:
                raise SandboxEnded("Runtime.ExitError", _reason(self._process.returncode))
            if remaining <= 0:
                raise TimedOut

    def _check_memory(self) -> None:
        with suppress(OSError, IndexError):
            status = self._status.read_bytes()
            self.peak_memory = int(status.split(b"VmHWM:", 1)[1].split(None, 1)[0]) * 1024
        if self.peak_memory > self._limit:
            raise SandboxEnded("Runtime.OutOfMemory", _reason(-signal.SIGKILL))

    def drain(self) -> None:
        """Read what has been written so far."""
        while self._reading and self._read():
            pass

    def kill(self) -> None:
        """End the process and its children at once. Any thread may call this."""
        if self.alive:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the process if it still runs, read its last words, and free its port."""
        self.kill()
        self._process.wait()
        self.drain()
        self._api.close()
        self._pipe.close()

    def _read(self) -> bool:
        """Pass on what the pipe holds; whether there may be more."""
        try:
            data = os.read(self._pipe.fileno(), 65_536)
        except BlockingIOError:
            return False
        if data:
            self.output(data)
        else:
            self._reading = False
            self._api.unwatch(self._pipe.fileno())
        return bool(data)


def _start(spec: FunctionSpec, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # Without `site` no .pth file of the user's environment adds to the path: the function sees its code, the
    # standard library and the directories named in the environment
    return subprocess.Popen(
        [sys.executable, "-S", "-m", "awslambdaric", spec.handler],
        cwd=spec.code_directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,
    )


def _reason(returncode: int) -> str:
    """AWS's words for how a process ended."""
    if returncode == 0:
        return "Error: Runtime exited without providing a reason"
    if returncode < 0:
        with suppress(ValueError):
            name = signal.strsignal(-returncode) or str(-returncode)
            return f"Error: Runtime exited with error: signal: {name.lower()}"
    return f"Error: Runtime exited with error: exit status {returncode}"
