"""One Lambda function at work: a worker process that is started when needed and handed one event after the other."""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tastemaker.cloud.function_logs import InvocationLog, LogSink
from tastemaker.cloud.functions import FunctionSpec
from tastemaker.cloud.runtime_api import Call, Kind
from tastemaker.cloud.sandbox import Sandbox, SandboxEnded, TimedOut
from tastemaker.cloud.turns import Turns

# Lambda gives initialisation ten seconds, and the function's own time-out where that is longer
_INIT_SECONDS = 10
_RESPONSE_LIMIT = 6_291_556
_TOO_LARGE = "Function.ResponseSizeTooLarge"
_TOO_LARGE_MESSAGE = f"Response payload size exceeded maximum allowed payload size ({_RESPONSE_LIMIT} bytes)."
_MEGABYTE = 1024 * 1024

EnvironmentOf = Callable[[FunctionSpec, str], Mapping[str, str]]


@dataclass(frozen=True)
class Invocation:
    """How an invocation ended. `function_error` is "Unhandled" when `payload` describes an error, else None;
    `log_tail` is the end of what was logged, as text. An accepted asynchronous one has no payload."""

    payload: bytes
    function_error: str | None
    log_tail: str
    request_id: str


class _Failed(Exception):
    """The function didn't answer properly; `payload` says so in AWS's words."""

    def __init__(self, payload: bytes, error_type: str) -> None:
        super().__init__(error_type)
        self.payload = payload
        self.error_type = error_type


class Worker:
    """Runs one function's invocations, one at a time, in the order in which they were asked for.

    A function that invokes itself and waits for the answer therefore waits until it times out.
    """

    def __init__(self, spec: FunctionSpec, environment: EnvironmentOf, log: LogSink) -> None:
        """`environment` makes the process's environment from the function and the Runtime API's address."""
        self.spec = spec
        self._environment = environment
        self._log = log
        self._turns = Turns()
        self._sandbox: Sandbox | None = None
        self._request_for_work: Call | None = None
        self._peak_memory = 0
        self._init_took: float | None = None
        self._closed = False

    def configure(self, spec: FunctionSpec) -> None:
        """Run `spec` from the next invocation on; one that is under way ends as it began."""
        with self._turns:
            if spec != self.spec:
                self._discard()
                self.spec = spec

    def warm(self) -> None:
        """Start the process and wait until it asks for work. A failure is logged, and met again at the first invoke."""
        with self._turns:
            log = InvocationLog(self.spec.name, "", self._log)
            try:
                self._await_request(log, request_id="")
            except _Failed as failure:
                log.line(f"the function did not start: {failure.payload.decode(errors='replace')}")
            log.finish()

    def invoke(self, payload: bytes, *, arn: str, request_id: str) -> Invocation:
        """Run the function on `payload` (JSON), within its time and memory."""
        with self._turns:
            log = InvocationLog(self.spec.name, request_id, self._log)
            self._init_took = None
            began = time.perf_counter()
            error_type = ""
            try:
                request = self._await_request(log, request_id)
                began = time.perf_counter()
                log.line(f"START RequestId: {request_id} Version: $LATEST")
                answer = self._run(request, payload, arn=arn, request_id=request_id, log=log)
            except _Failed as failure:
                answer, error_type = failure.payload, failure.error_type
            took = time.perf_counter() - began
            log.line(f"END RequestId: {request_id}")
            log.line(self._report(request_id, took, error_type))
            return Invocation(answer, "Unhandled" if error_type else None, log.tail, request_id)

    def close(self) -> None:
        """Kill the process, also under a running invocation, which then fails. No other one starts."""
        self._closed = True
        sandbox = self._sandbox
        if sandbox is not None:
            sandbox.kill()
        with self._turns:
            self._discard()

    def _await_request(self, log: InvocationLog, request_id: str) -> Call:
        """The process's request for work, from the process that is there or from a new one. Raises `_Failed`."""
        if self._sandbox is not None:
            self._sandbox.output = log.feed
            try:
                return self._next_request(self._sandbox)
            except (SandboxEnded, TimedOut):
                # whatever ended it lies between two events: as on AWS, the next event meets a new process
                self._discard()
        return self._initialise(log, request_id)

    def _initialise(self, log: InvocationLog, request_id: str) -> Call:
        """Start a process; its first request for work. Raises `_Failed`."""
        began = time.perf_counter()
        try:
            request = self._next_request(self._start(log))
        except TimedOut:
            raise self._timed_out(log, request_id, self._init_seconds) from None
        except SandboxEnded as end:
            raise self._ended(log, request_id, end) from None
        if request.kind is Kind.INIT_ERROR:
            request.accept()
            self._discard()
            raise _Failed(request.body, request.error_type or "Runtime.Unknown")
        self._init_took = time.perf_counter() - began
        return request

    def _next_request(self, sandbox: Sandbox) -> Call:
        if self._request_for_work is None:
            self._request_for_work = sandbox.await_call(self._init_seconds)
        if not sandbox.alive:
            raise SandboxEnded("Runtime.ExitError", "the process ended while it was idle")
        return self._request_for_work

    def _start(self, log: InvocationLog) -> Sandbox:
        spec = self.spec
        sandbox = Sandbox(spec, lambda address: self._environment(spec, address), log.feed)
        self._sandbox = sandbox
        if self._closed:
            sandbox.kill()
        return sandbox

    def _run(self, request: Call, payload: bytes, *, arn: str, request_id: str, log: InvocationLog) -> bytes:
        """Hand the event over and wait for the answer. Raises `_Failed`."""
        sandbox, timeout = self._sandbox, self.spec.timeout_seconds
        assert sandbox is not None  # noqa: S101  # narrows the type: `request` came from it
        self._request_for_work = None
        ends = time.monotonic() + timeout
        request.hand_over(request_id, payload, deadline=time.time() + timeout, arn=arn, trace_id=_trace_id())
        try:
            answer = sandbox.await_call(ends - time.monotonic())
            while answer.request_id != request_id:
                answer.refuse(400, "InvalidRequestID", "Invalid request ID")
                answer = sandbox.await_call(ends - time.monotonic())
        except TimedOut:
            raise self._timed_out(log, request_id, timeout) from None
        except SandboxEnded as end:
            raise self._ended(log, request_id, end) from None
        sandbox.drain()
        if len(answer.body) > _RESPONSE_LIMIT:
            # the runtime client would take a refusal as its end: a new process serves the next event
            self._discard()
            raise _Failed(_json({"errorType": _TOO_LARGE, "errorMessage": _TOO_LARGE_MESSAGE}), _TOO_LARGE)
        answer.accept()
        if answer.kind is Kind.ERROR:
            raise _Failed(answer.body, answer.error_type or "Function.Unhandled")
        return answer.body

    def _timed_out(self, log: InvocationLog, request_id: str, seconds: float) -> _Failed:
        self._discard()
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        message = f"{moment}Z {request_id} Task timed out after {seconds:.2f} seconds"
        log.line(message)
        return _Failed(_json({"errorMessage": message}), "Sandbox.Timedout")

    def _ended(self, log: InvocationLog, request_id: str, end: SandboxEnded) -> _Failed:
        self._discard()
        message = f"RequestId: {request_id} {end}"
        log.line(message)
        return _Failed(_json({"errorType": end.error_type, "errorMessage": message}), end.error_type)

    @property
    def _init_seconds(self) -> float:
        return max(_INIT_SECONDS, self.spec.timeout_seconds)

    def _discard(self) -> None:
        sandbox, self._sandbox, self._request_for_work = self._sandbox, None, None
        if sandbox is not None:
            sandbox.close()
            self._peak_memory = sandbox.peak_memory

    def _report(self, request_id: str, took: float, error_type: str) -> str:
        used = self._sandbox.peak_memory if self._sandbox else self._peak_memory
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {took * 1000:.2f} ms",
            f"Billed Duration: {math.ceil((took + (self._init_took or 0)) * 1000)} ms",
            f"Memory Size: {self.spec.memory_mb} MB",
            f"Max Memory Used: {min(math.ceil(used / _MEGABYTE), self.spec.memory_mb)} MB",
        ]
        if self._init_took is not None:
            parts.append(f"Init Duration: {self._init_took * 1000:.2f} ms")
        if error_type:
            parts.append(f"Status: {'timeout' if error_type == 'Sandbox.Timedout' else 'error'}")
            parts.append(f"Error Type: {error_type}")
        return "\t".join(parts)


def _json(value: Mapping[str, str]) -> bytes:
    return json.dumps(value).encode()


def _trace_id() -> str:
    """A trace header that says: not sampled."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage=1:{secrets.token_hex(4)}:0"
