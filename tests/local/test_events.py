"""Events over HTTP, through the queue, into the table and to Personalize; none lost, whatever fails on the way."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request as Post
from urllib.request import urlopen

import pytest

from tastemaker.cloud import dynamodb, moto_bridge
from tastemaker.cloud.embedded import EmbeddedCloud
from tastemaker.cloud.function_logs import LogLine
from tastemaker.cloud.identity import ADMIN_CREDENTIALS
from tastemaker.cloud.permissions import policies_of_roles, replay
from tastemaker.cloud.wire import Request, Response
from tastemaker.testing import await_active
from tests.local.conftest import Engine
from tests.local.test_pipeline import OF_EVENTS

ACCOUNT = "123456789012"
DELIVERY = "example-shop-deliver-events"
SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0",
    "fields": [
        {"name": name, "type": "long" if name == "TIMESTAMP" else "string"}
        for name in ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
    ],
}
N_EVENTS, N_AT_ONCE, N_THREADS = 10_000, 100, 4
VISIBILITY_SECONDS = 360
PATIENCE_SECONDS = 120
Answer = Callable[[str, Request], Response]


class Clock:
    """Real time, and what was skipped of it."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        return time.time() + self._skipped

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds)

    def skip(self, seconds: float) -> None:
        self._skipped += seconds


class Outages:
    """Makes calls fail now and then while `on`: some before they did anything, some after they did everything.

    A call fails twice, which is as often as an SDK tries it, so its message has to come again.
    """

    def __init__(self) -> None:
        self.on = False
        self.count: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._tries: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def of(self, answer: Answer, operation: str, every: int) -> Answer:
        def answered(service: str, request: Request) -> Response:
            if not self.on or operation not in (request.target or request.path):
                return answer(service, request)
            with self._lock:
                self._calls[operation] += 1
                unlucky = self._tries[request.body] or self._calls[operation] % every == 0
                self._tries[request.body] += bool(unlucky)
                fails = unlucky and self._tries[request.body] <= 2
                self.count[operation] += bool(fails)
            if not fails:
                return answer(service, request)
            if self._calls[operation] % 2:
                answer(service, request)
            return Response(500, b'{"__type": "InternalServerError"}', [("content-type", "application/x-amz-json-1.0")])

        return answered


class Cloud(EmbeddedCloud):
    """The embedded cloud with failing services, and a Personalize that refuses the item `bad`, noting what it took."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock, function_log=self._log)
        self.skip = clock.skip
        self.is_delivering = False
        self.outages = Outages()
        self.put: dict[str, dict[str, Any]] = {}
        self._put_events = self.outages.of(self._take, "/events", every=293)

    def _answer_personalize(self, service: str, request: Request) -> Response:
        if request.path == "/events":
            return self._put_events(service, request)
        return super()._answer_personalize(service, request)

    def _take(self, service: str, request: Request) -> Response:
        body = json.loads(request.body)
        if any(event["itemId"] == "bad" for event in body["eventList"]):
            return Response(400, b'{"message": "the item is bad"}', [("x-amzn-errortype", "InvalidInputException")])
        response = super()._answer_personalize(service, request)
        if response.status == 200:
            for event in body["eventList"]:
                self.put.setdefault(event["eventId"], {**event, "userId": body.get("userId")})
        return response

    def receiving(self, answer: Answer) -> Answer:
        """Notice what the function is given; until it has ended, its messages must not come again."""

        def answered(service: str, request: Request) -> Response:
            response = answer(service, request)
            is_test = request.signature is None or request.signature.access_key_id == ADMIN_CREDENTIALS.access_key_id
            if (
                request.target == "AmazonSQS.ReceiveMessage"
                and not is_test
                and json.loads(response.body).get("Messages")
            ):
                self.is_delivering = True
            return response

        return answered

    def _log(self, line: LogLine) -> None:
        if line.function_name == DELIVERY and line.message.startswith("END "):
            self.is_delivering = False

    def crash(self, function: str) -> None:
        """Kill the function's process, whatever it is doing."""
        sandbox = self._workers._workers[function]._sandbox
        if sandbox is not None:
            sandbox.kill()


class Shop:
    """The deployed engine as a front end and its operator see it."""

    def __init__(self, engine: Engine, cloud: Cloud) -> None:
        self.cloud = cloud
        self._engine = engine
        self._outputs = engine.outputs
        self._sqs = cloud.client("sqs")
        self.dataset = ""

    def post(self, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = Post(f"{self.cloud.api_url}/events", raw, {"content-type": "application/json", **headers})
        try:
            with urlopen(request) as answer:
                return int(answer.status), json.load(answer)
        except HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    def publish(self) -> None:
        """What the workflow does: the dataset and its event tracker, and the tracker's id in the engine's table."""
        personalize = self.cloud.client("personalize")
        group = personalize.create_dataset_group(name="example-shop")["datasetGroupArn"]
        await_active(personalize, group)
        schema = personalize.create_schema(name="events", schema=json.dumps(SCHEMA))["schemaArn"]
        self.dataset = personalize.create_dataset(
            name="events", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS"
        )["datasetArn"]
        await_active(personalize, self.dataset)
        tracker = personalize.create_event_tracker(name="tracker", datasetGroupArn=group)
        await_active(personalize, tracker["eventTrackerArn"])
        item = {"key": {"S": "published"}, "trackingId": {"S": tracker["trackingId"]}}
        self.cloud.client("dynamodb").put_item(TableName=self._outputs["EngineTable"], Item=item)

    def rows(self, *users: str) -> list[dict[str, Any]]:
        """The events table, or the events of some users in it."""
        pages = (
            self.cloud.client("dynamodb").get_paginator("scan").paginate(TableName=self._outputs["InteractionsTable"])
        )
        return [row for page in pages for row in page["Items"] if not users or row["userId"]["S"] in users]

    def send(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self._outputs["EventsQueueUrl"], MessageBody=body)

    def dead(self) -> list[dict[str, Any]]:
        """The dead letters, which are taken out."""
        url, found = self._outputs["EventsDeadLettersUrl"], []
        while messages := self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            found += messages
            for message in messages:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def settle(self) -> None:
        """Return when the queue is empty; time that would only be waited for a message to come again is skipped."""
        pause, idle, ends = threading.Event(), 0, time.monotonic() + PATIENCE_SECONDS
        while (left := self._left()) != (0, 0):
            assert time.monotonic() < ends, f"visible and under way: {left}"
            pause.wait(0.25 if self.cloud.is_delivering else 0.05)
            idle = idle + 1 if left[0] == 0 and not self.cloud.is_delivering else 0
            if idle > 3:
                self.cloud.skip(VISIBILITY_SECONDS)
                idle = 0

    def _left(self) -> tuple[int, int]:
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._outputs["EventsQueueUrl"], AttributeNames=["All"])
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        visible, under_way = (int(attributes["Attributes"][name]) for name in names)
        return visible, under_way


@pytest.fixture(scope="module")
def shop(assembly: Path) -> Iterator[Shop]:
    cloud = Cloud(Clock())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamodb, "handle", cloud.outages.of(dynamodb.handle, "TransactWriteItems", every=131))
        failing = cloud.outages.of(moto_bridge.handle, "SendMessageBatch", every=29)
        patch.setattr(moto_bridge, "handle", cloud.receiving(failing))
        with cloud:
            stacks = cloud.deploy(assembly)
            engine = Engine(cloud, {key: value for stack in stacks.values() for key, value in stack.items()})
            yield Shop(engine, cloud)


def visit(user: str | None, *events: dict[str, Any]) -> dict[str, Any]:
    return {"sessionId": f"session of {user}", **({"userId": user} if user else {}), "events": list(events)}


def view(item: str, event_id: str, **more: Any) -> dict[str, Any]:
    return {"eventType": "View", "itemId": item, "eventId": event_id, **more}


def test_before_the_first_run_an_event_is_in_the_table_and_nowhere_else(shop: Shop) -> None:
    sent_at = int(time.time()) - 60
    status, body = shop.post(visit("early", view('é, "quoted"', "early-1", sentAt=sent_at)))
    shop.settle()

    assert (status, body) == (202, {"accepted": 1})
    assert shop.rows("early") == [
        {
            "userId": {"S": "early"},
            "eventKey": {"S": f"{sent_at}#early-1"},
            "itemId": {"S": 'é, "quoted"'},
            "timestamp": {"N": str(sent_at)},
            "eventType": {"S": "View"},
        }
    ]
    assert shop.cloud.put == {}
    assert shop.dead() == []


def test_before_the_first_run_a_visitor_without_a_name_is_not_lost(shop: Shop) -> None:
    shop.post(visit(None, view("i1", "nameless-1")))
    shop.settle()

    (letter,) = shop.dead()
    assert letter["MessageAttributes"]["code"]["StringValue"] == "noEventTracker"
    assert json.loads(letter["Body"])["events"][0]["eventId"] == "nameless-1"


def test_an_event_reaches_personalize_as_soon_as_there_is_a_tracker(shop: Shop) -> None:
    shop.publish()
    shop.post(visit("ann", view("i1", "ann-1")))
    shop.post(visit(None, view("i2", "nameless-2")))
    shop.settle()

    assert {event_id: shop.cloud.put[event_id]["userId"] for event_id in ("ann-1", "nameless-2")} == {
        "ann-1": "ann",
        "nameless-2": None,
    }
    assert len(shop.rows("ann")) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "invalidJson"),
        (b"\xff", {}, 400, "invalidJson"),
        (b"", {}, 400, "invalidJson"),
        (b"{}", {"content-type": "text/plain"}, 415, "unsupportedMediaType"),
        (b"[" + b" " * 300_000 + b"]", {}, 413, "tooLarge"),
        ({"sessionId": "s", "events": []}, {}, 400, "invalidEvents"),
        (visit("ann", {"eventType": "View"}), {}, 400, "invalidEvents"),
        (visit("ann", view("i", "e"), view("i" * 257, "e")), {}, 400, "invalidEvents"),
    ],
)
def test_a_bad_request_is_refused_whole_and_in_words(
    shop: Shop, body: object, headers: dict[str, str], status: int, code: str
) -> None:
    answered, answer = shop.post(body, **headers)

    assert (answered, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"]
    assert ("details" in answer["error"]) == (code == "invalidEvents")


def test_a_page_may_post(shop: Shop) -> None:
    origin = "http://localhost:3000"
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    with urlopen(Post(f"{shop.cloud.api_url}/events", headers=asked, method="OPTIONS")) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "content-type" in answer.headers["Access-Control-Allow-Headers"]


def test_a_poisoned_message_and_a_bad_event_end_as_dead_letters_and_keep_nobody(shop: Shop) -> None:
    shop.send("no message")
    shop.post(visit("bob", view("i1", "bob-1"), view("bad", "bob-2"), view("i3", "bob-3")))
    shop.settle()

    letters = {
        letter["Body"] if "MessageAttributes" not in letter else json.loads(letter["Body"])["events"][0]["eventId"]
        for letter in shop.dead()
    }
    assert letters == {"no message", "bob-2"}
    assert {"bob-1", "bob-3"} <= shop.cloud.put.keys()


def test_none_of_ten_thousand_events_is_lost_or_doubled_by_what_fails_now_and_then(shop: Shop) -> None:
    users = [f"user-{number}" for number in range(N_EVENTS // N_AT_ONCE)]
    visits = [
        visit(user, *(view(f"item-{number % 500}", f"{user}-{number}") for number in range(N_AT_ONCE)))
        for user in users
    ]
    # a client that heard nothing sends again, without a time both times
    deliveries = [*visits, *visits[::10]]
    shop.cloud.outages.on = True

    with ThreadPoolExecutor(N_THREADS) as pool:
        accepted = list(pool.map(lambda each: insist(shop, each), deliveries))
        shop.cloud.crash(DELIVERY)
    shop.settle()
    shop.cloud.outages.on = False

    assert accepted == [N_AT_ONCE] * len(deliveries)
    wanted = {event["eventId"] for each in visits for event in each["events"]}
    assert Counter(ids(shop.rows(*users))) == Counter(wanted)
    assert wanted <= shop.cloud.put.keys()
    # each of them about another item, so no two are the same record
    recorded = shop.cloud.personalize.interactions(shop.dataset)
    of_users = set(users)
    assert sum(str(recorded.user_ids[user]) in of_users for user in recorded.user) == N_EVENTS
    assert shop.dead() == []
    assert min(shop.cloud.outages.count[name] for name in ("TransactWriteItems", "/events", "SendMessageBatch")) > 3


def insist(shop: Shop, each: dict[str, Any]) -> int:
    """Send until it is acknowledged, as a front end does: the stage throttles, and the queue fails."""
    pause = threading.Event()
    while True:
        status, body = shop.post(each)
        if status == 202:
            accepted: int = body["accepted"]
            return accepted
        assert status in {429, 503}, body
        pause.wait(0.2)


def ids(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["eventKey"]["S"].partition("#")[2] for row in rows]


def test_every_call_is_allowed_by_the_policy_of_whoever_made_it(shop: Shop) -> None:
    shop.post(visit("cleo", view("i1", "cleo-1")))
    shop.settle()

    replayed = replay(shop.cloud.calls, policies_of_roles(ACCOUNT))

    assert replayed.denied == ()
    unused = {p.action for p in replayed.unused if any(name in p.role_arn for name in OF_EVENTS)}
    assert {action for action in unused if not action.startswith(("logs:", "xray:"))} == {
        # Lambda asks how long a queue is before it decides how many pollers it needs
        "sqs:GetQueueAttributes"
    }
