"""The Lambda functions of the embedded cloud: one worker process each, and the rules of the Invoke API.

A function runs, and times out, in real time: its code can't be made to wait on another clock. The pauses between the
attempts of an asynchronous invocation go by the clock that was injected.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tastemaker.cloud import functions
from tastemaker.cloud.function_logs import LogLine, LogSink
from tastemaker.cloud.functions import FunctionSpec, process_environment
from tastemaker.cloud.identity import Credentials
from tastemaker.cloud.worker import Invocation, Worker
from tastemaker.personalize.clock import Clock

__all__ = [
    "FunctionNotFound",
    "FunctionSpec",
    "InvalidPayload",
    "Invocation",
    "InvokeError",
    "PayloadTooLarge",
    "Workers",
]

_SYNCHRONOUS_LIMIT = 6 * 1024 * 1024
_ASYNCHRONOUS_LIMIT = 1024 * 1024
# Lambda waits a minute before the second attempt and two before the third
_RETRY_SECONDS = (60, 120)


class InvokeError(Exception):
    """An invocation that was refused before any code ran. `code` and `status` are those of the Invoke API."""

    code = "ServiceException"
    status = 500


class FunctionNotFound(InvokeError):
    """No function of that name was registered."""

    code = "ResourceNotFoundException"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"Function not found: {name}")


class InvalidPayload(InvokeError):
    """The payload isn't JSON."""

    code = "InvalidRequestContentException"
    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(f"Could not parse request body into json: {reason}")


class PayloadTooLarge(InvokeError):
    """The payload is over 6 MB, or over 1 MB for an asynchronous invocation."""

    code = "RequestTooLargeException"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")


class Workers:
    """All functions by name. Every method may be called from any thread."""

    def __init__(
        self,
        *,
        endpoint_url: Callable[[], str],
        credentials: Callable[[FunctionSpec], Credentials],
        clock: Clock,
        log: LogSink,
    ) -> None:
        """`endpoint_url` and `credentials` are asked whenever a process starts; `log` gets every line of every
        function at once, from the thread that invokes."""
        self._endpoint_url = endpoint_url
        self._credentials = credentials
        self._clock = clock
        self._log = log
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._background: set[threading.Thread] = set()

    def register(self, spec: FunctionSpec) -> None:
        """Make a function known, or change it; no process starts yet. Waits for a running invocation of the old one.

        Raises `FunctionUnusable`.
        """
        functions.check(spec)
        with self._lock:
            worker = self._workers.setdefault(spec.name, Worker(spec, self._environment, self._log))
        worker.configure(spec)

    def warm(self, names: Iterable[str]) -> None:
        """Start the processes of these functions side by side, and return when all of them wait for work."""
        workers = [self._worker(name) for name in names]
        with ThreadPoolExecutor(max_workers=max(1, len(workers))) as pool:
            list(pool.map(Worker.warm, workers))

    def invoke(self, name_or_arn: str, payload: bytes, *, asynchronous: bool = False) -> Invocation:
        """Run a function on a JSON payload; an empty one counts as `{}`.

        Returns when the function has ended or, if asynchronous, as soon as the event is accepted. Raises `InvokeError`.
        """
        worker = self._worker(name_or_arn)
        payload = payload or b"{}"
        _check(payload, _ASYNCHRONOUS_LIMIT if asynchronous else _SYNCHRONOUS_LIMIT)
        request_id = str(uuid.uuid4())
        arn = f"{worker.spec.arn}{_qualifier(name_or_arn)}"
        if not asynchronous:
            return worker.invoke(payload, arn=arn, request_id=request_id)
        thread = threading.Thread(
            target=self._attempt, args=(worker, payload, arn, request_id), name=f"event-{request_id}", daemon=True
        )
        with self._lock:
            self._background.add(thread)
        thread.start()
        return Invocation(b"", None, "", request_id)

    def close(self) -> None:
        """End every process. Invocations under way fail, and events that wait for their next attempt are given up."""
        self._closing.set()
        with self._lock:
            workers, threads = tuple(self._workers.values()), tuple(self._background)
        for worker in workers:
            worker.close()
        for thread in threads:
            thread.join()

    def _attempt(self, worker: Worker, payload: bytes, arn: str, request_id: str) -> None:
        """An event's first attempt and its retries, up to the function's maximum."""
        pauses = (*_RETRY_SECONDS[: worker.spec.maximum_retries], None)
        for pause in pauses:
            if worker.invoke(payload, arn=arn, request_id=request_id).function_error is None:
                break
            if pause is None or self._clock.wait(self._closing, pause):
                message = "the event is given up: its last attempt failed" if pause is None else "the event is given up"
                self._log(LogLine(worker.spec.name, request_id, time.time(), message))
                break
        with self._lock:
            self._background.discard(threading.current_thread())

    def _worker(self, name_or_arn: str) -> Worker:
        with self._lock:
            worker = self._workers.get(function_name(name_or_arn))
        if worker is None:
            raise FunctionNotFound(name_or_arn)
        return worker

    def _environment(self, spec: FunctionSpec, runtime_api: str) -> Mapping[str, str]:
        return process_environment(
            spec,
            runtime_api=runtime_api,
            endpoint_url=self._endpoint_url(),
            credentials=self._credentials(spec),
        )


def function_name(name_or_arn: str) -> str:
    """The plain name out of what the Invoke API takes: a name or a (partial) ARN, with or without qualifier."""
    _, separator, end = name_or_arn.rpartition("function:")
    return (end if separator else name_or_arn).split(":")[0]


def _qualifier(name_or_arn: str) -> str:
    """The qualifier with its colon, as it ends an invoked function's ARN; empty where there is none."""
    return name_or_arn.rpartition("function:")[2][len(function_name(name_or_arn)) :]


def _check(payload: bytes, limit: int) -> None:
    if len(payload) > limit:
        raise PayloadTooLarge(limit)
    try:
        json.loads(payload)
    except ValueError as error:
        raise InvalidPayload(str(error)) from error
