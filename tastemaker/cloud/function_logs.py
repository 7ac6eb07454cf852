"""What a function's process writes, as lines of the invocation during which it was written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

# as much as the Invoke API gives back
_TAIL_BYTES = 4096


@dataclass(frozen=True)
class LogLine:
    """One message of a function's log. `request_id` is empty for what no invocation caused; `timestamp` is real
    time, in seconds since the epoch."""

    function_name: str
    request_id: str
    timestamp: float
    message: str


LogSink = Callable[[LogLine], None]


class InvocationLog:
    """Collects an invocation's output, hands each line to the sink at once and keeps the tail."""

    def __init__(self, function_name: str, request_id: str, sink: LogSink) -> None:
        self._function_name = function_name
        self._request_id = request_id
        self._sink = sink
        self._unfinished = b""
        self._tail = b""

    def feed(self, output: bytes) -> None:
        """Take raw output as it comes; a line that isn't finished yet waits for its end."""
        *lines, self._unfinished = (self._unfinished + output).split(b"\n")
        for line in lines:
            self._emit(line)

    def line(self, message: str) -> None:
        """Add a line of the platform's own."""
        self.finish()
        self._emit(message.encode())

    def finish(self) -> None:
        """Let go of a last line without an end."""
        if self._unfinished:
            self._emit(self._unfinished)
        self._unfinished = b""

    @property
    def tail(self) -> str:
        """The last 4 KB."""
        return self._tail.decode(errors="replace")

    def _emit(self, line: bytes) -> None:
        # awslambdaric separates the lines of one message, a stack trace's, by carriage returns
        line = line.rstrip(b"\r").replace(b"\r", b"\n")
        self._tail = (self._tail + line + b"\n")[-_TAIL_BYTES:]
        message = line.decode(errors="replace")
        self._sink(LogLine(self._function_name, self._request_id, time.time(), message))
