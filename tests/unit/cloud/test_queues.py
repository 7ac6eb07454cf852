"""Queues that feed functions: batches, redelivery, partial failures, dead letters, and nothing lost."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws
from moto.sqs.models import sqs_backends

from tastemaker.cloud import sqs
from tastemaker.cloud.deployed import EventSource
from tastemaker.cloud.queue_events import events
from tastemaker.cloud.queues import QueuePoller
from tastemaker.cloud.worker import Invocation
from tastemaker.personalize.clock import ManualClock, RealClock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef

VISIBILITY_SECONDS = 30
Record = dict[str, Any]  # a record of an SQS event, as a handler sees it


class Function:
    """The consumer: remembers what it was given; `answer` decides what it returns, or raises to fail."""

    def __init__(self, answer: Callable[[list[Record]], object] = lambda _: None) -> None:
        self._answer = answer
        self.batches: list[list[Record]] = []
        self._called = threading.Condition()

    def invoke(self, name: str, payload: bytes) -> Invocation:
        assert name == "deliver"
        records = json.loads(payload)["Records"]
        with self._called:
            self.batches.append(records)
            self._called.notify_all()
        try:
            result = self._answer(records)
        except ValueError:
            return Invocation(b'{"errorType":"ValueError"}', "Unhandled", "", "id")
        return Invocation(result if isinstance(result, bytes) else json.dumps(result).encode(), None, "", "id")

    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in batch] for batch in self.batches]

    def await_bodies(self, count: int) -> None:
        with self._called:
            assert self._called.wait_for(lambda: sum(map(len, self.batches)) >= count, timeout=60), self.bodies()


class Feed:
    """A queue with its dead letters and its poller, on a clock that is moved by hand."""

    def __init__(self, client: SQSClient, name: str) -> None:
        self.clock = ManualClock()
        sqs.install(self.clock)
        self.client = client
        self.name = name
        self.dead_url, dead_arn = self._queue(f"{name}-dead", {})
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
        self.url, arn = self._queue(name, {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": redrive})
        self.source = EventSource(
            queue_arn=arn,
            function="deliver",
            batch_size=10,
            window_seconds=0,
            reports_batch_item_failures=True,
            maximum_concurrency=None,
        )

    def _queue(self, name: str, attributes: Mapping[QueueAttributeNameType, str]) -> tuple[str, str]:
        url = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def poller(self, function: Function, **settings: object) -> QueuePoller:
        source = replace(self.source, **settings)  # type: ignore[arg-type]  # the caller names fields of EventSource
        return QueuePoller(source, client=self.client, invoke=function.invoke, clock=self.clock)

    def send(self, *bodies: str) -> list[str]:
        return [self.client.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"] for body in bodies]

    def after_visibility(self) -> None:
        self.clock.advance(VISIBILITY_SECONDS + 1)

    def left(self, url: str = "") -> int:
        """How many messages the queue holds, visible or not."""
        attributes = self.client.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=["All"])["Attributes"]
        visible = attributes["ApproximateNumberOfMessages"]
        return int(visible) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


@pytest.fixture(scope="module")
def client() -> Iterator[SQSClient]:
    """One moto for all tests, which costs more than any of them; each test has queues of its own."""
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret")


@pytest.fixture
def feed(client: SQSClient) -> Iterator[Feed]:
    yield Feed(client, f"events-{uuid4()}")
    sqs.install(RealClock())


def fail(_: list[Record]) -> object:
    raise ValueError


def report(*bodies: str) -> Callable[[list[Record]], object]:
    """A consumer that reports the messages with these bodies as failed."""
    return lambda records: {
        "batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records if record["body"] in bodies]
    }


def test_a_message_is_kept_as_long_as_the_queue_says_and_not_longer(feed: Feed) -> None:
    function = Function()
    feed.client.set_queue_attributes(QueueUrl=feed.url, Attributes={"MessageRetentionPeriod": "3600"})
    feed.send("in time", "too late")

    feed.clock.advance(3599)
    assert feed.poller(function, batch_size=1).poll() == 1
    feed.clock.advance(2)
    assert feed.poller(function).poll() == 0

    assert function.bodies() == [["in time"]]


def test_a_message_reaches_the_function_as_an_sqs_event_and_is_deleted(feed: Feed) -> None:
    function = Function()
    sent = feed.client.send_message(
        QueueUrl=feed.url,
        MessageBody='{"é": 1}',
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "view"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    assert feed.poller(function).poll() == 1
    ((record,),) = function.batches
    now = str(int(feed.clock.now() * 1000))
    assert record.pop("receiptHandle")
    assert record.pop("attributes") == {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": now,
        "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
        "ApproximateFirstReceiveTimestamp": now,
    }
    assert record == {
        "messageId": sent["MessageId"],
        "body": '{"é": 1}',
        "messageAttributes": {
            "kind": {"stringValue": "view", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "raw": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": feed.source.queue_arn,
        "awsRegion": "eu-west-1",
    }
    assert feed.left() == 0


def test_a_failed_batch_comes_back_after_the_visibility_timeout_and_not_before(feed: Feed) -> None:
    function = Function(fail)
    poller = feed.poller(function)
    feed.send("a", "b")
    assert [poller.poll(), poller.poll()] == [2, 0]
    feed.clock.advance(VISIBILITY_SECONDS - 1)
    assert poller.poll() == 0
    feed.clock.advance(2)
    assert poller.poll() == 2
    assert function.bodies() == [["a", "b"], ["a", "b"]]
    assert [batch[0]["attributes"]["ApproximateReceiveCount"] for batch in function.batches] == ["1", "2"]
    assert feed.left() == 2


def test_only_the_messages_that_are_reported_as_failed_come_back(feed: Feed) -> None:
    function = Function(report("b"))
    poller = feed.poller(function)
    feed.send("a", "b", "c")
    poller.poll()
    assert feed.left() == 1
    feed.after_visibility()
    poller.poll()
    assert function.bodies() == [["a", "b", "c"], ["b"]]


def test_reports_are_ignored_where_the_mapping_does_not_ask_for_them(feed: Feed) -> None:
    feed.send("a", "b")
    feed.poller(Function(report("a", "b")), reports_batch_item_failures=False).poll()
    assert feed.left() == 0


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"ok": 1}, b""])
def test_an_answer_without_failures_is_success(feed: Feed, answer: object) -> None:
    feed.send("a", "b")
    feed.poller(Function(lambda _: answer)).poll()
    assert feed.left() == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"{oops",
        "text",
        ["id"],
        {"batchItemFailures": "id"},
        {"batchItemFailures": ["id"]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"ItemIdentifier": "id"}]},
        {"batchItemFailures": [{"itemIdentifier": "of-another-batch"}]},
    ],
)
def test_a_malformed_answer_brings_the_whole_batch_back(feed: Feed, answer: object) -> None:
    feed.send("a", "b")
    feed.poller(Function(lambda _: answer)).poll()
    assert feed.left() == 2


def test_a_function_that_cannot_be_invoked_leaves_the_messages_where_they_are(feed: Feed) -> None:
    def invoke(_: str, __: bytes) -> Invocation:
        raise LookupError("no such function")

    feed.send("a")
    QueuePoller(feed.source, client=feed.client, invoke=invoke, clock=feed.clock).poll()
    assert feed.left() == 1


def test_a_message_that_fails_too_often_ends_as_a_dead_letter(feed: Feed) -> None:
    function = Function(report("poison"))
    poller = feed.poller(function)
    feed.send("poison", "good")
    for _ in range(5):
        poller.poll()
        feed.after_visibility()
    assert function.bodies() == [["poison", "good"], ["poison"], ["poison"]]
    assert feed.left() == 0
    dead = feed.client.receive_message(QueueUrl=feed.dead_url)["Messages"]
    assert [message["Body"] for message in dead] == ["poison"]


@pytest.mark.parametrize("seed", range(3))
def test_a_consumer_that_fails_now_and_then_loses_nothing(feed: Feed, seed: int) -> None:
    chance = random.Random(seed)
    processed: list[str] = []

    def sometimes(records: list[Record]) -> object:
        outcome = chance.random()
        if outcome < 0.2:
            raise ValueError
        if outcome < 0.3:
            return {"batchItemFailures": [{"wrong": "key"}]}
        failed = [record for record in records if chance.random() < 0.3]
        processed.extend(record["body"] for record in records if record not in failed)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}

    bodies = [str(number) for number in range(40)]
    feed.send(*bodies)
    poller = feed.poller(Function(sometimes), batch_size=7)
    while feed.left():
        while poller.poll():
            pass
        feed.after_visibility()
    dead: list[MessageTypeDef] = []
    while more := feed.client.receive_message(QueueUrl=feed.dead_url, MaxNumberOfMessages=10).get("Messages"):
        dead += more
    assert sorted(processed + [message["Body"] for message in dead]) == sorted(bodies)
    assert len(processed) > len(dead)


def test_a_batch_is_no_larger_than_asked_for_and_may_be_larger_than_one_receive(feed: Feed) -> None:
    function = Function()
    feed.send(*map(str, range(30)))
    poller = feed.poller(function, batch_size=25)
    assert [poller.poll(), poller.poll(), poller.poll()] == [25, 5, 0]
    assert list(map(len, function.batches)) == [25, 5]
    assert feed.left() == 0


def test_a_batching_window_gathers_what_arrives_in_time(feed: Feed) -> None:
    function = Function()
    poller = feed.poller(function, window_seconds=5)
    feed.send("first")
    poller.start()
    try:
        while (
            feed.client.get_queue_attributes(QueueUrl=feed.url, AttributeNames=["All"])["Attributes"][
                "ApproximateNumberOfMessagesNotVisible"
            ]
            == "0"
        ):
            pass
        feed.send("second")
        feed.clock.advance(4)
        assert function.batches == []
        feed.clock.advance(2)
        function.await_bodies(2)
        assert function.bodies() == [["first", "second"]]
    finally:
        poller.stop()


def test_a_full_batch_does_not_wait_for_its_window(feed: Feed) -> None:
    function = Function()
    feed.send("a", "b")
    assert feed.poller(function, batch_size=2, window_seconds=300).poll() == 2


def test_a_delayed_message_comes_when_its_time_has_come(feed: Feed) -> None:
    poller = feed.poller(Function())
    feed.client.send_message(QueueUrl=feed.url, MessageBody="later", DelaySeconds=60)
    feed.clock.advance(59)
    assert poller.poll() == 0
    feed.clock.advance(2)
    assert poller.poll() == 1


def test_messages_are_delivered_in_the_background_while_others_are_sent(feed: Feed) -> None:
    function = Function()
    poller = feed.poller(function)
    poller.start()
    senders = [
        threading.Thread(target=feed.send, args=[f"{sender}-{number}" for number in range(40)]) for sender in range(4)
    ]
    try:
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        function.await_bodies(160)
    finally:
        poller.stop()
    bodies = [body for batch in function.bodies() for body in batch]
    assert (len(bodies), len(set(bodies)), feed.left()) == (160, 160, 0)


def test_stopping_lets_the_batch_under_way_end_and_takes_no_other(feed: Feed) -> None:
    entered, released = threading.Event(), threading.Event()

    def slowly(_: list[Record]) -> object:
        entered.set()
        released.wait(10)
        return None

    poller = feed.poller(Function(slowly), batch_size=1)
    feed.send("a", "b")
    poller.start()
    assert entered.wait(10)
    stopping = threading.Thread(target=poller.stop)
    stopping.start()
    released.set()
    stopping.join(10)
    assert feed.left() == 1


def test_a_queue_that_does_not_exist_is_waited_for(feed: Feed) -> None:
    function = Function()
    poller = feed.poller(function, queue_arn=f"{feed.source.queue_arn}-later")
    poller.start()
    try:
        url = feed.client.create_queue(QueueName=f"{feed.name}-later")["QueueUrl"]
        feed.client.send_message(QueueUrl=url, MessageBody="at last")
        function.await_bodies(1)
    finally:
        poller.stop()


def test_moto_itself_calls_no_function_when_a_message_is_sent(feed: Feed) -> None:
    queue = sqs_backends["123456789012"]["eu-west-1"].queues[feed.name]
    queue.lambda_event_source_mappings["arn:aws:lambda:eu-west-1:123456789012:function:deliver"] = object()
    feed.send("a")
    assert queue.lambda_event_source_mappings == {}
    assert feed.left() == 1


def test_messages_that_exceed_one_invocation_are_split() -> None:
    body = "x" * 1_000_000
    messages: list[MessageTypeDef] = [
        {"MessageId": str(number), "ReceiptHandle": "handle", "Body": body, "MD5OfBody": "md5"} for number in range(10)
    ]
    batches = list(events(messages, "arn:aws:sqs:eu-west-1:123456789012:events"))
    assert [len(batch) for batch, _ in batches] == [6, 4]
    assert all(len(event) <= 6 * 1024 * 1024 for _, event in batches)
    ids = [record["messageId"] for _, event in batches for record in json.loads(event)["Records"]]
    assert ids == [str(number) for number in range(10)]
