"""Lambda workers: AWS's runtime client in real processes, and what a caller of Invoke sees of them."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tastemaker.cloud.functions import CodeMissing
from tastemaker.cloud.workers import FunctionNotFound, InvalidPayload, PayloadTooLarge
from tastemaker.personalize.clock import EagerClock, ManualClock
from tests.unit.cloud.functions import ENDPOINT, Cloud

ECHO = "def handler(event, context):\n    return event\n"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    cloud = Cloud(tmp_path)
    yield cloud
    cloud.workers.close()


def invoke(cloud: Cloud, event: object = None, name: str = "shop") -> object:
    """What a successful invocation returns."""
    invocation = cloud.workers.invoke(name, json.dumps(event).encode())
    assert invocation.function_error is None, invocation
    return json.loads(invocation.payload)


def test_an_event_reaches_the_handler_and_its_result_the_caller(cloud: Cloud) -> None:
    cloud.function(ECHO)
    assert invoke(cloud, {"text": 'é "☃" \n', "number": 1.5}) == {"text": 'é "☃" \n', "number": 1.5}


def test_a_call_without_payload_gives_the_handler_an_empty_object(cloud: Cloud) -> None:
    cloud.function(ECHO)
    assert cloud.workers.invoke("shop", b"").payload == b"{}"


def test_a_warm_function_keeps_its_process_and_its_state(cloud: Cloud) -> None:
    cloud.function("""
        import os
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            return [os.getpid(), calls]
    """)
    cloud.workers.warm(["shop"])
    first, second = invoke(cloud), invoke(cloud)
    assert isinstance(first, list)
    assert second == [first[0], 2]


def test_the_handler_learns_about_its_invocation_from_the_context(cloud: Cloud) -> None:
    cloud.function("""
        def handler(event, context):
            return [context.aws_request_id, context.invoked_function_arn, context.function_name,
                    context.memory_limit_in_mb, context.get_remaining_time_in_millis()]
    """)
    invocation = cloud.workers.invoke("arn:aws:lambda:eu-west-1:123456789012:function:shop:live", b"{}")
    request_id, arn, name, memory, remaining = json.loads(invocation.payload)
    assert request_id == invocation.request_id
    assert arn == "arn:aws:lambda:eu-west-1:123456789012:function:shop:live"
    assert (name, memory) == ("shop", "256")
    assert 0 < remaining <= 10_000


@pytest.mark.parametrize("name", ["shop", "shop:live", "123456789012:function:shop", "function:shop:$LATEST"])
def test_a_function_answers_to_every_form_of_its_name(cloud: Cloud, name: str) -> None:
    cloud.function(ECHO)
    assert invoke(cloud, 1, name=name) == 1


def test_the_process_sees_the_templates_environment_and_aws_own_but_not_the_users(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("MY_SECRET", "hush")
    cloud.function("""
        import os
        def handler(event, context):
            return dict(os.environ)
    """)
    environment = invoke(cloud)
    assert isinstance(environment, dict)
    expected = {
        "TABLE": "Products",
        "AWS_LAMBDA_FUNCTION_NAME": "shop",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shop",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "ASIATESTTESTTESTTEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    assert expected.items() <= environment.items()
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert environment["LAMBDA_TASK_ROOT"].endswith("/shop")
    assert {"AWS_PROFILE", "MY_SECRET"}.isdisjoint(environment)


def test_the_code_directory_comes_first_on_the_path_and_the_project_is_not_on_it(cloud: Cloud) -> None:
    spec = cloud.function("""
        import importlib.util, sys
        def handler(event, context):
            found = {name: importlib.util.find_spec(name) is not None for name in ("boto3", "tastemaker", "stacks")}
            return [sys.path[0], found]
    """)
    assert invoke(cloud) == [str(spec.code_directory), {"boto3": True, "tastemaker": False, "stacks": False}]


def test_an_exception_of_the_handler_is_an_unhandled_error_with_its_trace(cloud: Cloud) -> None:
    cloud.function("""
        class FailedError(Exception): ...
        def handler(event, context):
            raise FailedError("no such dataset: ☃")
    """)
    invocation = cloud.workers.invoke("shop", b"{}")
    error = json.loads(invocation.payload)
    assert invocation.function_error == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("FailedError", "no such dataset: ☃")
    assert "in handler" in error["stackTrace"][0]
    assert "[ERROR] FailedError: no such dataset: ☃\nTraceback" in "\n".join(cloud.messages())


def test_a_module_that_cannot_be_imported_fails_the_invocation_and_is_tried_again(cloud: Cloud) -> None:
    spec = cloud.function("import nowhere_to_be_found\n")
    failed = cloud.workers.invoke("shop", b"{}")
    assert failed.function_error == "Unhandled"
    assert json.loads(failed.payload)["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'nowhere_to_be_found'" in json.loads(failed.payload)["errorMessage"]
    (spec.code_directory / "app.py").write_text(f"# repaired\n{ECHO}")
    assert invoke(cloud, 2) == 2


def test_a_function_that_takes_too_long_is_stopped_and_starts_afresh(cloud: Cloud) -> None:
    cloud.function(
        """
        import time
        def handler(event, context):
            print("working")
            time.sleep(event)
            return "done"
        """,
        timeout_seconds=1,
    )
    late = cloud.workers.invoke("shop", b"30")
    assert late.function_error == "Unhandled"
    error = json.loads(late.payload)
    assert list(error) == ["errorMessage"]
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(f"{moment} {late.request_id} Task timed out after 1.00 seconds", error["errorMessage"])
    assert "working" in late.log_tail
    assert invoke(cloud, 0) == "done"


def test_a_function_that_wants_more_memory_than_it_has_is_killed(cloud: Cloud) -> None:
    cloud.function("def handler(event, context):\n    return len(b'x' * (event << 20))\n", memory_mb=128)
    killed = cloud.workers.invoke("shop", b"200")
    assert killed.function_error == "Unhandled"
    assert json.loads(killed.payload) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {killed.request_id} Error: Runtime exited with error: signal: killed",
    }
    assert "Max Memory Used: 128 MB" in killed.log_tail
    assert invoke(cloud, 1) == 1 << 20


def test_a_process_that_ends_under_an_invocation_fails_it_and_the_next_one_finds_a_new_process(cloud: Cloud) -> None:
    cloud.function("""
        import os
        def handler(event, context):
            print("last words", flush=True)
            if event is not None:
                os._exit(event)
    """)
    crashed = cloud.workers.invoke("shop", b"3")
    assert json.loads(crashed.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {crashed.request_id} Error: Runtime exited with error: exit status 3",
    }
    assert "last words" in crashed.log_tail
    assert invoke(cloud) is None


def test_a_process_that_died_while_idle_is_replaced_without_a_word(cloud: Cloud) -> None:
    cloud.function("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pid = invoke(cloud)
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    assert invoke(cloud) != pid


def test_payloads_have_the_size_that_lambda_allows(cloud: Cloud) -> None:
    cloud.function("def handler(event, context):\n    return event if isinstance(event, str) else 'x' * event\n")
    fits = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    assert cloud.workers.invoke("shop", fits).payload == fits
    with pytest.raises(PayloadTooLarge, match="smaller than 6291456 bytes"):
        cloud.workers.invoke("shop", fits + b" ")
    with pytest.raises(PayloadTooLarge, match="smaller than 1048576 bytes"):
        cloud.workers.invoke("shop", fits, asynchronous=True)
    too_large = cloud.workers.invoke("shop", b"7000000")
    assert too_large.function_error == "Unhandled"
    assert json.loads(too_large.payload)["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke(cloud, 3) == "xxx"


def test_what_cannot_be_invoked_is_refused(cloud: Cloud) -> None:
    cloud.function(ECHO)
    with pytest.raises(FunctionNotFound, match="Function not found: nobody"):
        cloud.workers.invoke("nobody", b"{}")
    with pytest.raises(InvalidPayload, match="Could not parse request body into json"):
        cloud.workers.invoke("shop", b"{oops")


def test_a_function_without_code_is_refused_when_it_is_registered(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(CodeMissing, match=r"function shop: its code directory .*nowhere does not exist"):
        cloud.function(ECHO, code_directory=tmp_path / "nowhere")


def test_every_line_reaches_the_log_with_its_invocation(cloud: Cloud) -> None:
    cloud.function("""
        import logging, sys
        print("imported")
        def handler(event, context):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            logging.getLogger().warning("logged")
            sys.stdout.write("no end")
    """)
    cloud.workers.warm(["shop"])
    invocation = cloud.workers.invoke("shop", b"{}")
    request_id = invocation.request_id
    assert [(line.message, line.request_id) for line in cloud.lines[:1]] == [("imported", "")]
    written = [line.message for line in cloud.lines if line.request_id == request_id]
    assert written[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert written[1:3] == ["to stdout", "to stderr"]
    assert written[3].endswith(f"{request_id}\tlogged")
    assert written[4:6] == ["no end", f"END RequestId: {request_id}"]
    assert written[6].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert invocation.log_tail.splitlines() == written


def test_a_function_that_writes_a_great_deal_is_never_held_up(cloud: Cloud) -> None:
    cloud.function("def handler(event, context):\n    for number in range(20_000):\n        print(number, 'x' * 90)\n")
    invocation = cloud.workers.invoke("shop", b"{}")
    assert invocation.function_error is None
    assert sum(message.endswith("x" * 90) for message in cloud.messages()) == 20_000
    assert len(invocation.log_tail.encode()) <= 4096


def test_concurrent_invocations_of_one_function_share_its_one_process(cloud: Cloud) -> None:
    cloud.function("""
        import os
        seen = []
        def handler(event, context):
            seen.append(event)
            return [os.getpid(), *sorted(seen)]
    """)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: invoke(cloud, number), range(8)))
    pids = {result[0] for result in results if isinstance(result, list)}
    assert len(pids) == 1
    assert invoke(cloud, 8) == [*pids, *range(9)]


def test_a_response_to_another_invocation_is_refused(cloud: Cloud) -> None:
    cloud.function("""
        import http.client, os
        def handler(event, context):
            connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
            connection.request("POST", "/2018-06-01/runtime/invocation/somebody-elses/response", '"forged"')
            return connection.getresponse().status
    """)
    assert invoke(cloud) == 400


def test_an_asynchronous_event_is_tried_three_times_with_growing_pauses(tmp_path: Path) -> None:
    clock = ManualClock()
    eventful = Cloud(tmp_path, clock)
    eventful.function("def handler(event, context):\n    raise OSError('down')\n")
    accepted = eventful.workers.invoke("shop", b"{}", asynchronous=True)
    assert (accepted.payload, accepted.function_error) == (b"", None)

    try:
        eventful.await_log(lambda: reports(eventful) == 1)
        clock.advance(59)
        assert reports(eventful) == 1
        clock.advance(1)
        eventful.await_log(lambda: reports(eventful) == 2)
        clock.advance(119)
        assert reports(eventful) == 2
        clock.advance(1)
        eventful.await_log(lambda: "the event is given up: its last attempt failed" in eventful.messages())
        assert reports(eventful) == 3
        assert {line.request_id for line in eventful.lines} == {accepted.request_id}
    finally:
        eventful.workers.close()


def test_an_asynchronous_event_that_succeeds_later_is_not_tried_again(tmp_path: Path) -> None:
    eager = Cloud(tmp_path, EagerClock())
    eager.function("""
        attempts = 0
        def handler(event, context):
            global attempts
            attempts += 1
            print("attempt", attempts)
            assert attempts > 1
    """)
    eager.workers.invoke("shop", b"{}", asynchronous=True)
    try:
        eager.await_log(lambda: reports(eager) == 2)
    finally:
        eager.workers.close()
    assert [message for message in eager.messages() if message.startswith("attempt")] == ["attempt 1", "attempt 2"]


def test_a_changed_function_runs_its_new_code_and_environment(cloud: Cloud) -> None:
    code = "import os\ndef handler(event, context):\n    return os.environ['TABLE']\n"
    cloud.function(code)
    assert invoke(cloud) == "Products"
    cloud.function(code, environment={"TABLE": "Users"})
    assert invoke(cloud) == "Users"


def test_closing_ends_an_invocation_that_is_under_way(cloud: Cloud) -> None:
    cloud.function(
        "import time\ndef handler(event, context):\n    print('asleep')\n    time.sleep(60)\n", timeout_seconds=60
    )
    outcome: list[str | None] = []
    thread = threading.Thread(
        target=lambda: outcome.append(cloud.workers.invoke("shop", b"{}").function_error), daemon=True
    )
    thread.start()
    cloud.await_log(lambda: "asleep" in cloud.messages())
    cloud.workers.close()
    thread.join(5)
    assert outcome == ["Unhandled"]


def reports(cloud: Cloud) -> int:
    return sum(message.startswith("REPORT") for message in cloud.messages())
