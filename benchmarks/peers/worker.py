"""The process of one contender: trains it, asks it for every request, and measures both. Needs numpy alone.

python -m benchmarks.peers.worker TASK DIRECTORY MODULE:FUNCTION SETTINGS

`SETTINGS` is a JSON list of keyword arguments of the function, which returns a `Contender`; the answers with the nth
go to DIRECTORY/n.npz. The peak memory is a contender's own where it is the only one.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from benchmarks.peers.exchange import DEPTH, Answers, Task
from benchmarks.peers.memory import peak, start_peak

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WARM = 10


class Trained(Protocol):
    def recommend(self, request: int, k: int, *, repeats: bool) -> NDArray[np.int32]:
        """The k best items for a request of the task, best first, with or without those of its history."""


class Contender(Protocol):
    def fit(self, task: Task) -> Trained:
        """Train on the task's events. Only who cannot fold a user in may learn from the requests' histories, too."""


def main(arguments: list[str]) -> None:
    task_file, directory, name, settings = arguments
    task = Task.load(Path(task_file))
    module, function = name.split(":")
    make = getattr(import_module(module), function)
    for number, each in enumerate(json.loads(settings)):
        answered(make(task, **each), task).save(Path(directory) / f"{number}.npz")


def answered(contender: Contender, task: Task) -> Answers:
    """Train, then ask for one user after the other. The first ten are asked once before, unmeasured."""
    before = start_peak()
    began = time.perf_counter()
    trained = contender.fit(task)
    fit_seconds = time.perf_counter() - began
    for request in range(min(_WARM, len(task))):
        trained.recommend(request, DEPTH, repeats=bool(task.with_repeats))
    lists, latencies = asked(trained, range(len(task) if task.with_repeats else 0), repeats=True)
    new_lists, new_latencies = asked(trained, range(len(task)), repeats=False)
    return Answers(
        lists=lists,
        new_lists=new_lists,
        latencies=latencies if task.with_repeats else new_latencies,
        fit_seconds=fit_seconds,
        peak_megabytes=peak() - before,
    )


def asked(trained: Trained, requests: range, *, repeats: bool) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The lists of the requests (n, DEPTH), and how many milliseconds (n,) each took."""
    lists = np.full((len(requests), DEPTH), -1, dtype=np.int32)
    latencies = np.zeros(len(requests))
    for request in requests:
        began = time.perf_counter()
        items = trained.recommend(request, DEPTH, repeats=repeats)
        latencies[request] = (time.perf_counter() - began) * 1000
        lists[request, : len(items)] = items
    return lists, latencies


if __name__ == "__main__":
    main(sys.argv[1:])
