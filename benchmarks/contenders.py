"""Who is measured: our recipes, the baselines, and other libraries' models with the settings that are tried."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import bootstrap
from benchmarks.own_recipes import BASELINES
from benchmarks.peers.environment import python_of
from benchmarks.peers.exchange import Answers

Settings = Mapping[str, float | str]

_OWN: Final = "benchmarks.own_recipes:contender"
# implicit threads by itself, and asks for a BLAS that does not
_ONE_BLAS_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class LeftOut(Exception):
    """Why a library's model is not measured, in words."""


@dataclass(frozen=True)
class Contender:
    """`function`: MODULE:FUNCTION of the worker's process; `library`: whose environment it runs in, "" for ours.

    `grid`: the settings to choose from, which `Contest` does.
    """

    name: str
    function: str
    library: str = ""
    grid: tuple[Settings, ...] = ({},)
    environment: Mapping[str, str] = field(default_factory=dict)

    def answers(self, task: Path, settings: Sequence[Settings], directory: Path) -> list[Answers]:
        """Train and ask with each of the settings, in one process of its own that works in `directory`.

        Raises LeftOut where it is a library's model and fails, and RuntimeError where it is ours.
        """
        directory.mkdir(parents=True)
        python = str(python_of(self.library)) if self.library else sys.executable
        command = [python, "-m", "benchmarks.peers.worker", str(task), str(directory), self.function]
        environment = {**os.environ, **self.environment, "PYTHONPATH": str(bootstrap.ROOT)}
        command.append(json.dumps(settings))
        done = subprocess.run(command, env=environment, cwd=bootstrap.ROOT, capture_output=True, text=True, check=False)
        if not done.returncode:
            return [Answers.load(directory / f"{number}.npz") for number in range(len(settings))]
        if not self.library:
            raise RuntimeError(f"{self.name} ended with status {done.returncode}:\n{done.stderr}")
        last = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
        raise LeftOut(last)


def recipe(name: str) -> Contender:
    """One of ours, or a baseline, by its name."""
    return Contender(name, _OWN, grid=({"name": name},))


def _every(**values: Sequence[float]) -> tuple[Settings, ...]:
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values()))


def _implicit(name: str, function: str, grid: tuple[Settings, ...]) -> Contender:
    return Contender(name, f"benchmarks.peers.implicit_models:{function}", "implicit", grid, _ONE_BLAS_THREAD)


def als(name: str, **settings: float) -> Contender:
    """implicit's ALS with these settings and the library's own for what is not said."""
    return _implicit(name, "als", (settings,))


def _lenskit(name: str, function: str, grid: tuple[Settings, ...]) -> Contender:
    return Contender(name, f"benchmarks.peers.lenskit_models:{function}", "lenskit", grid)


BASELINE_CONTENDERS: Final = tuple(recipe(name) for name in BASELINES)

PEERS: Final[Mapping[str, tuple[Contender, ...]]] = {
    "implicit": (
        _implicit("implicit ALS", "als", _every(factors=[64, 128, 256], alpha=[1, 10], regularization=[1, 10])),
        _implicit(
            "implicit BM25", "bm25", _every(neighbours=[10, 20, 50, 200], k1=[0.3, 1.2, 10, 100], b=[0, 0.2, 0.75])
        ),
        _implicit(
            "implicit BPR", "bpr", _every(factors=[32, 128], learning_rate=[0.01, 0.05], regularization=[0.001, 0.01])
        ),
    ),
    "lenskit": (
        _lenskit("LensKit ALS", "als", _every(features=[64, 128], weight=[1, 10], regularization=[1, 10])),
        _lenskit("LensKit item-kNN", "item_knn", _every(neighbours=[20, 50, 200, 1_000])),
        _lenskit("LensKit EASE", "ease", _every(regularization=[5, 50, 250, 1_000])),
    ),
}
"""By library, its models for implicit feedback."""
