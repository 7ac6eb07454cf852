"""The Lambda API's Invoke: functions run in their workers, everything else about them is moto's."""

from __future__ import annotations

import base64
import json
import re
from typing import Protocol
from urllib.parse import unquote

from tastemaker.cloud.endpoint import Answer
from tastemaker.cloud.wire import Request, Response
from tastemaker.cloud.workers import Invocation, InvokeError

_INVOKE_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_LONGEST_LOG = 4096


class Functions(Protocol):
    """What runs functions, and refuses with an InvokeError."""

    def invoke(self, name_or_arn: str, payload: bytes, *, asynchronous: bool = False) -> Invocation: ...


class LambdaApi:
    """Answers Lambda's requests: invocations by `functions`, the others by `others`."""

    def __init__(self, functions: Functions, others: Answer) -> None:
        self._functions = functions
        self._others = others

    def answer(self, service: str, request: Request) -> Response:
        match = _INVOKE_PATH.fullmatch(request.path)
        if not match or request.method != "POST":
            return self._others(service, request)
        name = unquote(match[1])
        if qualifier := request.arguments.get("Qualifier"):
            name = f"{name.removesuffix(f':{qualifier}')}:{qualifier}"
        return self._invoke(name, request)

    def _invoke(self, name: str, request: Request) -> Response:
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind not in ("RequestResponse", "Event"):
            return _error(400, "InvalidParameterValueException", f"The invocation type {kind} is not supported here")
        try:
            invocation = self._functions.invoke(name, request.body, asynchronous=kind == "Event")
        except InvokeError as refusal:
            return _error(refusal.status, refusal.code, str(refusal))
        if kind == "Event":
            return Response(202)
        return _result(invocation, log=request.headers.get("x-amz-log-type") == "Tail")


def _result(invocation: Invocation, *, log: bool) -> Response:
    headers = [("content-type", "application/json"), ("x-amz-executed-version", "$LATEST")]
    if invocation.function_error:
        headers.append(("x-amz-function-error", invocation.function_error))
    if log:
        tail = invocation.log_tail.encode()[-_LONGEST_LOG:]
        headers.append(("x-amz-log-result", base64.b64encode(tail).decode()))
    return Response(200, invocation.payload, headers)


def _error(status: int, code: str, message: str) -> Response:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Response(status, body, [("content-type", "application/json"), ("x-amzn-errortype", code)])
