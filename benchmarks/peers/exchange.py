"""What goes into a contender's process and what comes out of it, as files of arrays; needs numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH = 25
"""How many items are asked for."""


@dataclass(frozen=True, eq=False)
class Task:
    """What to train on, and the histories to answer. The truth is not in it.

    The training's events, sorted by user and time, are `user`, `item`, `event_type` (positions in `user_ids`,
    `item_ids`, `event_types`) and `timestamp` (epoch seconds). Request r has the items
    `history[starts[r]:starts[r + 1]]`, oldest first, and is of the training's user `asked[r]`; −1: of one who is not
    in it. `with_repeats`: whether lists are wanted that may hold items of the history, beside those that may not.
    `items_file`: of items' attributes; empty: none.
    """

    user_ids: NDArray[np.str_]
    item_ids: NDArray[np.str_]
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    timestamp: NDArray[np.int64]
    event_type: NDArray[np.int16]
    event_types: NDArray[np.str_]
    history: NDArray[np.int32]
    starts: NDArray[np.int64]
    asked: NDArray[np.int32]
    with_repeats: NDArray[np.bool_]
    items_file: NDArray[np.str_]
    seed: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of requests."""
        return len(self.asked)

    def history_of(self, request: int) -> NDArray[np.int32]:
        """The items of one request, oldest first, repeats included."""
        return self.history[self.starts[request] : self.starts[request + 1]]

    def save(self, path: Path) -> None:
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Task:
        with np.load(path, allow_pickle=False) as file:
            return cls(**{field.name: file[field.name] for field in fields(cls)})


@dataclass(frozen=True, eq=False)
class Answers:
    """`lists` (requests or 0, DEPTH): the items that may be repeats, best first; −1: no more of them. `new_lists`
    (requests, DEPTH): the same without the history's. `latencies`: milliseconds of each request. `fit_seconds`,
    `peak_megabytes`: of the training and the answers, beyond what was there once data and libraries were loaded.
    """

    lists: NDArray[np.int32]
    new_lists: NDArray[np.int32]
    latencies: NDArray[np.float64]
    fit_seconds: float
    peak_megabytes: float

    def save(self, path: Path) -> None:
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Answers:
        with np.load(path, allow_pickle=False) as file:
            return cls(
                lists=file["lists"],
                new_lists=file["new_lists"],
                latencies=file["latencies"],
                fit_seconds=float(file["fit_seconds"]),
                peak_megabytes=float(file["peak_megabytes"]),
            )
