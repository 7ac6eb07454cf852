"""How training time, memory and requests grow with the data, beside implicit's ALS on the same data in the same run.

.venv/bin/python -m benchmarks.scale [--most-events 10000000] [--requests 500] [--plot FILE.svg] [--json]

Generated data from 10⁴ events of 10³ items to 10⁷ events of 2·10⁵ items and 10⁶ users. Each model is trained in a
process of its own, whose peak memory is told beyond what the data and the libraries take, and is asked for the 25 best
new items of histories of up to 100 events, with a mask of what is allowed. The sparse path is our recipe without its
regression. The largest size takes some ten minutes. Two sizes more have limits of their own: as many events, items and
users as MovieLens 1M has, and a catalogue of 10,000 items. The exit status is 1 where a figure misses its limit.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.contenders import Contender, LeftOut, als
from benchmarks.figures import Figure, percentile, told
from benchmarks.generated import SIZES, Size, generated
from benchmarks.peers.exchange import Answers, Task
from benchmarks.quality_draws import task
from benchmarks.scale_plot import Line, Panel, plot
from tastemaker.recommenders import Interactions

_LONGEST: Final = 100
_AT_MOST_MEGABYTES: Final = 8_000
_AT_MOST_SECONDS: Final = 300
_OURS, _SPARSE, _ALS = "tastemaker", "tastemaker, sparse", "implicit ALS"
_OWN: Final = "benchmarks.own_recipes:sequence_ridge"
_LIKE_MOVIELENS_1M: Final = Size(1_000_000, 3_700, 6_040)
_TEN_THOUSAND_ITEMS: Final = Size(600_000, 10_000, 6_000)
_MOST_LIKE_MOVIELENS_1M: Final = (15, 1_500)
"""Seconds, megabytes."""
_MOST_MICROSECONDS: Final = 200
_REQUESTS: Final = 3_000
"""Of the 10,000 items: enough for thirty to be beyond the 99th percentile."""
_CONTENDERS: Final = (
    Contender(_OURS, _OWN),
    Contender(_SPARSE, _OWN, grid=({"exact_items": 0},)),
    als(_ALS, factors=64),
)


@dataclass(frozen=True)
class Measured:
    """One model on one size. Milliseconds of requests, megabytes, seconds."""

    contender: str
    events: int
    items: int
    seconds: float
    megabytes: float
    p50: float
    p99: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most-events", type=int, default=SIZES[-1].events, help="leave out larger sizes")
    parser.add_argument("--requests", type=int, default=500, help="of each model (default: %(default)s)")
    parser.add_argument("--plot", type=Path, help="an SVG file to write")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = list(_measured(arguments.most_events, arguments.requests))
    if arguments.plot:
        arguments.plot.write_text(plot(_panels(rows)), encoding="utf-8")
    limits = [
        *_limits(rows),
        *_limits_of_two_sizes(),
        Figure("importing the recommenders", _import_seconds(), "s", at_most=0.5),
    ]
    if not arguments.json:
        Console(width=110).print(_table(rows))
        return told(limits, as_json=False)
    return told([*_figures(rows), *limits], as_json=True)


def _measured(most_events: int, requests: int) -> Iterator[Measured]:
    for size in (each for each in SIZES if each.events <= most_events):
        yield from _of_size(size, requests, _CONTENDERS)


def _of_size(size: Size, requests: int, contenders: Sequence[Contender]) -> Iterator[Measured]:
    interactions = generated(size)
    with tempfile.TemporaryDirectory(prefix="tastemaker-scale-") as directory:
        task = Path(directory) / "task.npz"
        _task(interactions, requests).save(task)
        for number, contender in enumerate(contenders):
            print(f"{len(interactions):,} events: {contender.name}", file=sys.stderr, flush=True)
            try:
                (answers,) = contender.answers(task, contender.grid, Path(directory) / str(number))
            except LeftOut as why:
                print(f"{contender.name} is left out: {why}", file=sys.stderr)
                continue
            yield _row(contender.name, interactions, answers)


def _row(name: str, interactions: Interactions, answers: Answers) -> Measured:
    latencies = answers.latencies.tolist()
    return Measured(
        contender=name,
        events=len(interactions),
        items=len(interactions.item_ids),
        seconds=answers.fit_seconds,
        megabytes=answers.peak_megabytes,
        p50=percentile(latencies, 0.5),
        p99=percentile(latencies, 0.99),
    )


def _task(interactions: Interactions, requests: int) -> Task:
    """Train on everything; the requests are of users spread over all, with their latest events."""
    asked = np.linspace(0, len(interactions.user_ids) - 1, requests).astype(np.int32)
    histories = [interactions.history(user)[-_LONGEST:] for user in asked]
    return task(interactions, histories, asked)


def _limits(rows: Sequence[Measured]) -> list[Figure]:
    """Of the largest size that was measured."""
    largest = {each.contender: each for each in rows if each.events == max(row.events for row in rows)}
    ours, sparse, other = largest[_OURS], largest[_SPARSE], largest.get(_ALS)
    size = f"{ours.events:,} events"
    figures = [
        Figure(f"training on {size}", ours.seconds, "s", at_most=_AT_MOST_SECONDS),
        Figure(f"memory for {size}", ours.megabytes, "MB", at_most=_AT_MOST_MEGABYTES),
    ]
    if other is not None:
        ratio = sparse.seconds / other.seconds
        figures.append(Figure("the sparse path beside implicit's ALS", ratio, "times", at_most=0.5))
    return figures


def _limits_of_two_sizes() -> list[Figure]:
    ours = _CONTENDERS[:1]
    (movies,) = _of_size(_LIKE_MOVIELENS_1M, 100, ours)
    (items,) = _of_size(_TEN_THOUSAND_ITEMS, _REQUESTS, ours)
    seconds, megabytes = _MOST_LIKE_MOVIELENS_1M
    microseconds = 1000 * items.p99
    return [
        Figure("training on as much as MovieLens 1M", movies.seconds, "s", at_most=seconds),
        Figure("memory for as much as MovieLens 1M", movies.megabytes, "MB", at_most=megabytes),
        Figure("request p99 at 10,000 items, with a mask", microseconds, "µs", at_most=_MOST_MICROSECONDS),
    ]


def _import_seconds() -> float:
    """Of an interpreter that imports the recommenders and ends, the best of three."""
    timed = (
        "import time; began = time.perf_counter(); import tastemaker.recommenders; print(time.perf_counter() - began)"
    )
    runs = [subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True) for _ in range(3)]
    return min(float(run.stdout) for run in runs)


def _figures(rows: Sequence[Measured]) -> Iterator[Figure]:
    for row in rows:
        name = f"{row.events} events, {row.items} items, {row.contender}"
        yield Figure(f"{name}: training", row.seconds, "s")
        yield Figure(f"{name}: memory", row.megabytes, "MB")
        yield Figure(f"{name}: request p50", row.p50, "ms")
        yield Figure(f"{name}: request p99", row.p99, "ms")


def _table(rows: Sequence[Measured]) -> Table:
    table = Table("model", box=None)
    for heading in ("events", "items", "training, s", "memory, MB", "request p50, ms", "p99, ms"):
        table.add_column(heading, justify="right")
    for row in rows:
        sizes = (f"{row.events:,}", f"{row.items:,}", f"{row.seconds:,.1f}", f"{row.megabytes:,.0f}")
        table.add_row(row.contender, *sizes, f"{row.p50:.2f}", f"{row.p99:.2f}")
    return table


def _panels(rows: Sequence[Measured]) -> list[Panel]:
    def lines(of: str) -> list[Line]:
        mine = {name: [row for row in rows if row.contender == name] for name in (_OURS, _SPARSE, _ALS)}
        return [Line(name, [(row.events, getattr(row, of)) for row in some]) for name, some in mine.items() if some]

    titles = {"seconds": "training, s", "megabytes": "memory, MB", "p99": "request p99, ms"}
    return [Panel(title, "events", lines(of)) for of, title in titles.items()]


if __name__ == "__main__":
    raise SystemExit(main())
