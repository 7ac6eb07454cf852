"""What the tests of the interpreter stand on: running definitions, AWS faked at the wire, and a clock one can watch."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tastemaker.personalize.clock import ManualClock

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/pipeline"
PATIENCE_SECONDS = 60.0

Json = Any


@dataclass(frozen=True)
class Answer:
    """What the faked AWS says: a JSON body, or a text as it is."""

    body: Json = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, code: str, message: str = "no", status: int = 400) -> Answer:
        return cls({"__type": code, "message": message}, status)

    @classmethod
    def function_error(cls, payload: Json) -> Answer:
        return cls(payload, headers={"X-Amz-Function-Error": "Unhandled"})


Reply = Callable[[Json], Answer]


class FakeAws:
    """Answers requests by service and operation (a function's name for Lambda); the rest goes on to moto."""

    def __init__(self) -> None:
        self._replies: dict[tuple[str, str], Reply] = {}
        self.requests: list[tuple[str, Json]] = []
        self.authorizations: list[str] = []

    def endpoint_url(self) -> None:
        """AWS's own addresses, whose requests end here or in moto."""

    def on(self, service: str, operation: str, reply: Reply | Answer) -> None:
        self._replies[service, operation] = reply if callable(reply) else lambda _: reply

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        url = urlsplit(request.url)
        service = (url.hostname or "").split(".")[0]
        target = request.headers.get("X-Amz-Target", "")
        operation = _text(target).rpartition(".")[2] if target else _operation(url.path, request.body)
        reply = self._replies.get((service, operation))
        if reply is None:
            return None
        self.authorizations.append(_text(request.headers["Authorization"]))
        body = _json(request.body)
        self.requests.append((operation, body))
        answer = reply(body)
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
        headers = HTTPHeaders.from_dict({"x-amzn-RequestId": "request-1", **answer.headers})
        return AWSResponse(request.url, answer.status, headers, _Raw(text.encode()))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _operation(path: str, body: Any) -> str:
    if "/functions/" in path:
        return unquote(path.split("/")[3]).rpartition(":")[2]
    return parse_qs(_text(body or b"")).get("Action", [""])[0]


def _json(body: Any) -> Json:
    try:
        return json.loads(_text(body or b"null"))
    except ValueError:
        return parse_qs(_text(body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, (bytes, bytearray)) else str(value)


class WatchedClock(ManualClock):
    """A manual clock that tells when somebody has begun to wait on it, and for how long they waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._begun = threading.Semaphore(0)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        deadline = self.now() + seconds
        self._begun.release()
        return super().wait(event, deadline - self.now())

    def pass_the_next_wait(self) -> None:
        """Wait until somebody waits, then let just that time pass."""
        self.someone_waits()
        self.advance(self.waits[-1])

    def someone_waits(self) -> None:
        assert self._begun.acquire(timeout=PATIENCE_SECONDS), "nobody waits on the clock"


@cache
def _client(name: str) -> Any:
    """A client of moto's; one for all tests, since making one takes longer than most of them."""
    return boto3.client(name, REGION)  # type: ignore[call-overload] # the stubs want a literal


class Machines:
    """Creates state machines and runs them to their end."""

    def __init__(self) -> None:
        self.client: SFNClient = _client("stepfunctions")
        self._made = 0

    @staticmethod
    def service(name: str) -> Any:
        """A client for what moto runs beside the machines."""
        return _client(name)

    def create(self, definition: Json) -> str:
        self._made += 1
        text = definition if isinstance(definition, str) else json.dumps(definition)
        created = self.client.create_state_machine(name=f"machine-{self._made}", definition=text, roleArn=ROLE)
        return created["stateMachineArn"]

    def start(self, definition: Json, given: Json = None, **options: Any) -> str:
        started = self.client.start_execution(
            stateMachineArn=self.create(definition), input=json.dumps(given or {}), **options
        )
        return started["executionArn"]

    def stop_all(self) -> None:
        """Leave no execution running, which would go on in the next test's world."""
        for thread in threading.enumerate():
            if thread.name.startswith("arn:"):
                self.client.stop_execution(executionArn=thread.name)
                thread.join(PATIENCE_SECONDS)
                assert not thread.is_alive(), thread.name

    def end_of(self, execution: str) -> dict[str, Any]:
        """Its description once it has ended."""
        for thread in threading.enumerate():
            if thread.name == execution:
                thread.join(PATIENCE_SECONDS)
        description: dict[str, Any] = dict(self.client.describe_execution(executionArn=execution))
        assert description["status"] != "RUNNING", "the execution did not end"
        return description

    def run(self, definition: Json, given: Json = None) -> dict[str, Any]:
        return self.end_of(self.start(definition, given))

    def output(self, definition: Json, given: Json = None) -> Json:
        """The output of a run that succeeds."""
        description = self.run(definition, given)
        assert description["status"] == "SUCCEEDED", (description.get("error"), description.get("cause"))
        return json.loads(description["output"])

    def failure(self, definition: Json, given: Json = None) -> tuple[str, str]:
        """Error and cause of a run that fails."""
        description = self.run(definition, given)
        assert description["status"] == "FAILED", description
        return description["error"], description["cause"]

    def history(self, execution: str) -> list[dict[str, Any]]:
        page: Any = self.client.get_execution_history(executionArn=execution, maxResults=1000)
        return list(page["events"])


def part(*states: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The states of a branch or an item processor, each followed by the next, unless one says where it goes."""
    built: dict[str, Any] = {}
    for position, (name, state) in enumerate(states):
        onward = {"Next": states[position + 1][0]} if position + 1 < len(states) else {"End": True}
        ends = state["Type"] in {"Fail", "Succeed", "Choice"} or "Next" in state or "End" in state
        built[name] = state if ends else {**state, **onward}
    return {"StartAt": states[0][0], "States": built}


def jsonata(*states: tuple[str, dict[str, Any]], **top: Any) -> dict[str, Any]:
    """A JSONata definition of those states."""
    return {"QueryLanguage": "JSONata", **part(*states), **top}


def part_with_output(expression: Json) -> dict[str, Any]:
    """A branch or an item processor whose output is just that."""
    return part(("Only", {"Type": "Pass", "Output": expression}))


def output_of(expression: Json) -> dict[str, Any]:
    """A definition whose output is just that."""
    return {"QueryLanguage": "JSONata", **part_with_output(expression)}


def invoke(function: str, payload: Json = None, **state: Any) -> dict[str, Any]:
    """A Task that invokes a function by the optimised integration."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload or {}},
        **state,
    }


def sdk(action: str, arguments: Json = None, **state: Any) -> dict[str, Any]:
    """A Task that calls an AWS SDK integration, such as `personalize:describeCampaign`."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Arguments": arguments or {},
        **state,
    }
