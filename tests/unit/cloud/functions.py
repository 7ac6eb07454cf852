"""Small Lambda functions for tests: real code in a directory, run by real worker processes."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tastemaker.cloud.function_logs import LogLine
from tastemaker.cloud.functions import FunctionSpec
from tastemaker.cloud.identity import Credentials
from tastemaker.cloud.workers import Workers
from tastemaker.personalize.clock import Clock, RealClock

CREDENTIALS = Credentials("ASIATESTTESTTESTTEST", secret_access_key="secret", session_token="token")
ENDPOINT = "http://127.0.0.1:4566"


class Cloud:
    """Workers, and what they logged."""

    def __init__(self, directory: Path, clock: Clock | None = None) -> None:
        self._directory = directory
        self.lines: list[LogLine] = []
        self._logged = threading.Condition()
        self.workers = Workers(
            endpoint_url=lambda: ENDPOINT,
            credentials=lambda _: CREDENTIALS,
            clock=clock or RealClock(),
            log=self._log,
        )

    def function(self, code: str, *, name: str = "shop", **settings: object) -> FunctionSpec:
        """Register a function with this module as its code."""
        code_directory = self._directory / name
        code_directory.mkdir(exist_ok=True)
        (code_directory / "app.py").write_text(textwrap.dedent(code))
        spec = FunctionSpec(
            name=name,
            arn=f"arn:aws:lambda:eu-west-1:123456789012:function:{name}",
            handler="app.handler",
            code_directory=code_directory,
            environment={"TABLE": "Products"},
            timeout_seconds=10,
            memory_mb=256,
            role_arn="arn:aws:iam::123456789012:role/shop",
        )
        spec = replace(spec, **settings)  # type: ignore[arg-type]  # the caller names fields of FunctionSpec
        self.workers.register(spec)
        return spec

    def await_log(self, condition: Callable[[], bool]) -> None:
        """Wait until what was logged fulfils `condition`."""
        with self._logged:
            assert self._logged.wait_for(condition, timeout=60), self.messages()

    def _log(self, line: LogLine) -> None:
        with self._logged:
            self.lines.append(line)
            self._logged.notify_all()

    def messages(self) -> list[str]:
        return [line.message for line in self.lines]
