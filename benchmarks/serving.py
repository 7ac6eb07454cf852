"""How fast the embedded Personalize answers: recommendations, filters, events, and all of it during a training.

.venv/bin/python -m benchmarks.serving [--requests 3000] [--users 10000] [--json]

A real `tastemaker endpoint` is pinned to one core and asked from the other over kept-alive connections; its trainings
share its core. 10,000 items, 25 results. The exit status is 1 where a figure misses its limit.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.endpoint_process import Connection, client, endpoint
from benchmarks.figures import Figure, percentile, told
from benchmarks.in_process_cost import beyond_boto3
from benchmarks.shop_engine import Engine, build, start_training

_CONNECTIONS = 8
_EVENT_SECONDS = 3.0
_TRAINING_SECONDS = 60.0
_LOOK_SECONDS = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000, help="how many of each kind (default: %(default)s)")
    parser.add_argument("--users", type=int, default=10_000, help="of 30 events each (default: %(default)s)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="tastemaker-benchmark-") as directory:
        data_dir = Path(directory)
        with endpoint(data_dir) as url:
            engine = build(url, users=arguments.users)
            with Connection(url) as connection:
                figures += _served(connection, engine, url, arguments.requests)
        with endpoint(data_dir, "--fsync") as url, Connection(url) as connection:
            rate = _event_rate(connection, engine, "synced")
            figures.append(Figure("PutEvents, each on the disk first", rate, "calls/s"))
        beyond, own = beyond_boto3(data_dir, engine, arguments.requests)
        figures.append(Figure("in process, boto3's own, p50", own, "ms"))
        figures.append(Figure("in process, beyond boto3's own, p50", beyond, "ms", at_most=0.5))
    return told(figures, as_json=arguments.json)


def _served(connection: Connection, engine: Engine, url: str, requests: int) -> list[Figure]:
    asked = _Asked(connection, engine)
    asked.latencies(itertools.repeat(None, 300))  # the model is loaded, the filter compiled
    asked.latencies(itertools.repeat(None, 300), filtered=True)
    plain = asked.latencies(itertools.repeat(None, requests))
    filtered = asked.latencies(itertools.repeat(None, requests), filtered=True)
    interleaved = asked.latencies(itertools.repeat(None, requests), events_every=3)
    rate = _request_rate(url, engine, requests)
    events = _event_rate(connection, engine, "flushed")
    training = asked.latencies(_while_training(url, engine))
    return [
        Figure("GetRecommendations p50", median(plain), "ms", at_most=2),
        Figure("GetRecommendations p99", percentile(plain, 0.99), "ms", at_most=6),
        Figure("with a filter p50", median(filtered), "ms"),
        Figure("with a filter p99", percentile(filtered, 0.99), "ms", at_most=8),
        Figure("events interleaved p50", median(interleaved), "ms", at_most=2),
        Figure("events interleaved p99", percentile(interleaved, 0.99), "ms", at_most=6),
        Figure(f"{len(training)} requests while a training runs p50", median(training), "ms"),
        Figure("while a training runs p99", percentile(training, 0.99), "ms", at_most=20),
        Figure(f"over {_CONNECTIONS} connections", rate, "requests/s", at_least=800),
        Figure("PutEvents, each flushed to the operating system", events, "calls/s", at_least=500),
    ]


@dataclass
class _Asked:
    """Asks for one user after the other and measures each answer."""

    connection: Connection
    engine: Engine

    def __post_init__(self) -> None:
        self._luck = random.Random(1)

    def latencies(self, turns: Iterator[None], *, filtered: bool = False, events_every: int = 0) -> list[float]:
        """Milliseconds of each GetRecommendations; every so many of them an event of the same user goes before."""
        taken = []
        for turn, _ in enumerate(turns):
            user = self._luck.choice(self.engine.users)
            if events_every and turn % events_every == 0:
                self._timed("/events", self.engine.event(user, self._luck))
            body = self.engine.question(user, filtered=filtered)
            taken.append(self._timed("/recommendations", body))
        return taken

    def _timed(self, path: str, body: bytes) -> float:
        request = self.connection.request(path, body)
        began = time.perf_counter()
        self.connection.send(request)
        self.connection.receive()
        return (time.perf_counter() - began) * 1000


def _request_rate(url: str, engine: Engine, requests: int) -> float:
    """Requests a second over several connections, of which each has one request under way."""
    connections = [Connection(url) for _ in range(_CONNECTIONS)]
    luck = random.Random(2)
    prepared = [
        connections[0].request("/recommendations", engine.question(luck.choice(engine.users), filtered=False))
        for _ in range(requests)
    ]
    began = time.perf_counter()
    for number, request in enumerate(prepared):
        connection = connections[number % _CONNECTIONS]
        if number >= _CONNECTIONS:
            connection.receive()
        connection.send(request)
    for number in range(requests, requests + _CONNECTIONS):
        connections[number % _CONNECTIONS].receive()
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.__exit__(None, None, None)
    return requests / seconds


def _event_rate(connection: Connection, engine: Engine, session: str) -> float:
    """PutEvents calls a second, one after the other, of one new event each."""
    luck = random.Random(session)
    calls = 0
    began = time.perf_counter()
    while (seconds := time.perf_counter() - began) < _EVENT_SECONDS:
        connection.send(connection.request("/events", engine.event(luck.choice(engine.users), luck)))
        connection.receive()
        calls += 1
    return calls / seconds


def _while_training(url: str, engine: Engine) -> Iterator[None]:
    """A turn after the other until a training that starts now has ended, or has gone on for a minute."""
    is_training = start_training(client("personalize", url), engine)
    began = looked = time.perf_counter()
    while looked - began < _TRAINING_SECONDS:
        if time.perf_counter() - looked > _LOOK_SECONDS:
            looked = time.perf_counter()
            if not is_training():
                return
        yield


if __name__ == "__main__":
    sys.exit(main())
