"""Time in executions: the clock's, never the machine's."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.unit.cloud.states.interpreter import (
    PATIENCE_SECONDS,
    Answer,
    FakeAws,
    Json,
    Machines,
    WatchedClock,
    invoke,
    jsonata,
    part,
)

MANY = 5_000
THROTTLED = Answer.function_error({"errorType": "RetryableError", "errorMessage": "later"})


def wait(seconds: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds}


class Stuck:
    """A function that has begun and does not answer until it is released."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.released = threading.Event()

    def __call__(self, _: Json) -> Answer:
        self.begun.set()
        self.released.wait(PATIENCE_SECONDS)
        return Answer({})


@pytest.fixture
def stuck(aws: FakeAws) -> Any:
    function = Stuck()
    aws.on("lambda", "stuck", function)
    yield function
    function.released.set()


def test_a_wait_lasts_until_its_seconds_have_passed_on_the_clock(watched: Machines, clock: WatchedClock) -> None:
    execution = watched.start(jsonata(("Wait", wait("{% $states.input.seconds %}"))), {"seconds": 3600})
    clock.someone_waits()
    clock.advance(3599)
    assert watched.client.describe_execution(executionArn=execution)["status"] == "RUNNING"

    clock.advance(1)

    ended = watched.end_of(execution)
    assert ended["status"] == "SUCCEEDED"
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() == 3600


def test_a_wait_of_nothing_asks_no_clock(watched: Machines, clock: WatchedClock) -> None:
    watched.output(jsonata(("Wait", wait(0))))

    assert clock.waits == []


def test_a_timestamp_in_utc_is_waited_for(watched: Machines, clock: WatchedClock) -> None:
    execution = watched.start(jsonata(("Wait", {"Type": "Wait", "Timestamp": "2023-11-14T22:14:20Z"})))
    clock.pass_the_next_wait()

    watched.end_of(execution)

    assert clock.waits == [60]


def test_a_week_passes_at_once_on_an_eager_clock(machines: Machines) -> None:
    ended = machines.run(jsonata(("Wait", wait(7 * 86_400))))

    assert (ended["stopDate"] - ended["startDate"]).days == 7


def test_stopping_an_execution_ends_its_wait_at_once(watched: Machines, clock: WatchedClock) -> None:
    execution = watched.start(jsonata(("Wait", wait(3600))))
    clock.someone_waits()

    stopped = watched.client.stop_execution(executionArn=execution, error="Changed", cause="my mind 🎉")

    ended = watched.end_of(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Changed", "my mind 🎉")
    assert ended["stopDate"] == stopped["stopDate"]
    assert watched.history(execution)[-1]["type"] == "ExecutionAborted"


def test_stopping_an_execution_does_not_wait_for_its_task(watched: Machines, stuck: Stuck) -> None:
    execution = watched.start(jsonata(("Call", invoke("stuck"))))
    stuck.begun.wait(PATIENCE_SECONDS)

    watched.client.stop_execution(executionArn=execution)

    assert watched.end_of(execution)["status"] == "ABORTED"
    assert not stuck.released.is_set()


HOUR = part(("Wait", wait(3600)))
TWICE = {"Type": "Map", "Items": [1, 2]}
DISTRIBUTED = {**HOUR, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Parallel", "Branches": [HOUR, HOUR]},
        {**TWICE, "ItemProcessor": HOUR},
        {**TWICE, "ItemProcessor": DISTRIBUTED},
        {"Type": "Parallel", "Branches": [part(("Each", {**TWICE, "ItemProcessor": DISTRIBUTED}))]},
    ],
    ids=["parallel", "map", "distributed map", "distributed map in a branch"],
)
def test_stopping_an_execution_ends_the_waits_within(
    watched: Machines, clock: WatchedClock, state: dict[str, Any]
) -> None:
    before = set(threading.enumerate())
    execution = watched.start(jsonata(("Both", state)))
    clock.someone_waits()
    clock.someone_waits()

    watched.client.stop_execution(executionArn=execution)

    assert watched.end_of(execution)["status"] == "ABORTED"
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_stopping_an_execution_ends_its_wait_for_a_retry(watched: Machines, clock: WatchedClock, aws: FakeAws) -> None:
    aws.on("lambda", "f", THROTTLED)
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600}
    execution = watched.start(jsonata(("Call", invoke("f", Retry=[retry]))))
    clock.someone_waits()

    watched.client.stop_execution(executionArn=execution)

    assert watched.end_of(execution)["status"] == "ABORTED"
    assert len(aws.requests) == 1


def test_retries_wait_longer_each_time_up_to_the_longest(watched: Machines, clock: WatchedClock, aws: FakeAws) -> None:
    answers = iter([THROTTLED, THROTTLED, THROTTLED, THROTTLED, Answer({"done": True})])
    aws.on("lambda", "f", lambda _: next(answers))
    retry = {
        "ErrorEquals": ["RetryableError"],
        "IntervalSeconds": 2,
        "BackoffRate": 3,
        "MaxAttempts": 4,
        "MaxDelaySeconds": 20,
    }
    execution = watched.start(jsonata(("Call", invoke("f", Retry=[retry]))))

    for _ in range(4):
        clock.pass_the_next_wait()

    assert watched.end_of(execution)["status"] == "SUCCEEDED"
    assert clock.waits == [2, 6, 18, 20]


def test_full_jitter_waits_at_most_the_interval(watched: Machines, clock: WatchedClock, aws: FakeAws) -> None:
    answers = iter([THROTTLED, THROTTLED, Answer({})])
    aws.on("lambda", "f", lambda _: next(answers))
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "BackoffRate": 1, "JitterStrategy": "FULL"}
    execution = watched.start(jsonata(("Call", invoke("f", Retry=[retry]))))

    clock.pass_the_next_wait()
    clock.pass_the_next_wait()

    assert watched.end_of(execution)["status"] == "SUCCEEDED"
    first, second = clock.waits
    assert 0 <= first <= 100
    assert 0 <= second <= 100
    assert first != second


def test_retries_end_after_the_most_attempts(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", THROTTLED)
    retry = {"ErrorEquals": ["RetryableError"], "MaxAttempts": 2}

    error, _ = machines.failure(jsonata(("Call", invoke("f", Retry=[retry]))))

    assert error == "RetryableError"
    assert len(aws.requests) == 3


def test_the_retry_count_is_in_the_context(machines: Machines, aws: FakeAws) -> None:
    answers = iter([THROTTLED, THROTTLED, Answer({})])
    aws.on("lambda", "f", lambda _: next(answers))
    task = invoke("f", {"try": "{% $states.context.State.RetryCount %}"}, Retry=[{"ErrorEquals": ["RetryableError"]}])

    machines.output(jsonata(("Call", task)))

    assert [payload["try"] for _, payload in aws.requests] == [0, 1, 2]


def test_a_task_times_out_on_the_clock(watched: Machines, clock: WatchedClock, stuck: Stuck) -> None:
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught", "Output": "{% $states.errorOutput.Error %}"}]
    execution = watched.start(
        jsonata(("Call", invoke("stuck", TimeoutSeconds=300, Catch=caught)), ("Caught", {"Type": "Pass"}))
    )
    stuck.begun.wait(PATIENCE_SECONDS)

    clock.advance(300)

    assert watched.end_of(execution)["output"] == '"States.Timeout"'


def test_a_task_that_is_at_work_does_not_time_out_on_an_eager_clock(machines: Machines, aws: FakeAws) -> None:
    aws.on("lambda", "f", Answer({}))

    machines.output(jsonata(("Call", invoke("f", TimeoutSeconds=1))))


def test_an_execution_times_out_on_the_clock(watched: Machines, clock: WatchedClock) -> None:
    execution = watched.start(jsonata(("Wait", wait(3600)), TimeoutSeconds=60))
    clock.someone_waits()

    clock.advance(60)

    ended = watched.end_of(execution)
    assert ended["status"] == "TIMED_OUT"
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() == 60
    assert watched.history(execution)[-1]["type"] == "ExecutionTimedOut"


def waiting_for_token(function: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": function, "Payload": {"token": "{% $states.context.Task.Token %}"}},
        "HeartbeatSeconds": 30,
        "TimeoutSeconds": 600,
    }


def test_a_task_that_sends_no_heartbeat_times_out_on_the_clock(
    watched: Machines, clock: WatchedClock, aws: FakeAws
) -> None:
    answered = threading.Event()

    def answer(_: Json) -> Answer:
        answered.set()
        return Answer({})

    aws.on("lambda", "f", answer)
    execution = watched.start(jsonata(("Call", waiting_for_token("f"))))
    answered.wait(PATIENCE_SECONDS)
    submitted(watched, execution)

    # the task begins to count when it is submitted, in its own thread, so time goes on until it has
    for _ in range(MANY):
        clock.advance(31)
        if watched.client.describe_execution(executionArn=execution)["status"] != "RUNNING":
            break

    ended = watched.end_of(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")


def test_a_task_ends_with_what_is_sent_for_its_token(watched: Machines, aws: FakeAws) -> None:
    tokens: list[str] = []

    def answer(payload: Json) -> Answer:
        tokens.append(payload["token"])
        return Answer({})

    aws.on("lambda", "f", answer)
    execution = watched.start(jsonata(("Call", waiting_for_token("f"))))
    submitted(watched, execution)

    watched.client.send_task_success(taskToken=tokens[0], output='{"sent": "🎉"}')

    assert watched.end_of(execution)["output"] == '{"sent":"🎉"}'


def submitted(machines: Machines, execution: str) -> None:
    """Return once the task has been handed over."""
    for _ in range(MANY):
        if any(event["type"] == "TaskSubmitted" for event in machines.history(execution)):
            return
    pytest.fail("the task was not submitted")
