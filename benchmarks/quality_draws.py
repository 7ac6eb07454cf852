"""One draw after the other: the split, each contender's answers to it, and what they are worth by the protocol."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

import bootstrap
from benchmarks.contenders import Contender, LeftOut, Settings
from benchmarks.peers.exchange import DEPTH, Answers, Task
from tastemaker.cli.errors import CommandError
from tastemaker.evaluation import LEAVE_ONE_OUT, PERSONALIZE, Evaluation, OfflineProtocol, Ranker, Request, Split
from tastemaker.recommenders import Interactions, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROTOCOLS: Final[dict[str, OfflineProtocol]] = {
    "personalize": PERSONALIZE,
    # lists are of 25 here, so that a large catalogue is no large file: nothing but the reciprocal rank looks further
    "leave-one-out": replace(LEAVE_ONE_OUT, depth=DEPTH),
}
ProtocolName = Literal["personalize", "leave-one-out"]
MAIN_METRIC: Final = {
    "personalize": "normalized_discounted_cumulative_gain_at_25",
    "leave-one-out": "ndcg_at_10",
}
"""By protocol, what settings are chosen by and contenders compared in."""

# seeds of the hold-outs that settings are chosen on: one of sixty users is too much luck
_INNER_SEEDS: Final = {"personalize": (1_000, 1_001, 1_002), "leave-one-out": (1_000,)}
_MOST_INNER_REQUESTS: Final = 2_000


@dataclass
class Measured:
    """One contender's draws, in order: what it was worth, and what it cost. `settings`: those that were chosen."""

    name: str
    library: str
    settings: Settings
    evaluations: list[Evaluation] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    peak_megabytes: list[float] = field(default_factory=list)

    def add(self, evaluation: Evaluation, answers: Answers) -> None:
        self.evaluations.append(evaluation)
        self.latencies += answers.latencies.tolist()
        self.peak_megabytes.append(answers.peak_megabytes)

    @property
    def fit_seconds(self) -> list[float]:
        return [evaluation.fit_seconds for evaluation in self.evaluations]

    def values(self, metric: str, *, new_items: bool) -> list[float]:
        """One a draw; `new_items`: with repeats removed."""
        return [(each.metrics_new_items if new_items else each.metrics)[metric] for each in self.evaluations]


@dataclass(frozen=True)
class Contest:
    """The draws of one protocol on one file. `items_file`: attributes of items, for recipes that learn from them."""

    protocol: ProtocolName
    interactions: Interactions
    items_file: Path | None
    draws: int
    directory: Path

    def run(self, contenders: Sequence[Contender]) -> tuple[list[Measured], dict[str, str]]:
        """Every contender's figures, and why those without any have none. All answer the same splits."""
        found: dict[str, Measured] = {}
        left_out: dict[str, str] = {}
        for draw in range(self.draws):
            split = PROTOCOLS[self.protocol].split(self.interactions, draw)
            if not split.test or not len(split.train):
                raise CommandError(
                    f"draw {draw}: nobody can be asked, or nothing trained on: give events of more users"
                )
            with_repeats = self.protocol == "personalize"
            task = self._write(split, draw, self.directory / "draw.npz", with_repeats=with_repeats)
            for contender in contenders:
                if contender.name in left_out:
                    continue
                _say(f"draw {draw + 1} of {self.draws}: {contender.name}")
                try:
                    if contender.name not in found:
                        settings = self._chosen(contender, split)
                        found[contender.name] = Measured(contender.name, contender.library, settings)
                    measured = found[contender.name]
                    directory = self.directory / f"{draw}" / contender.name
                    (answers,) = contender.answers(task, [measured.settings], directory)
                    measured.add(self._judged(answers, split), answers)
                except (LeftOut, bootstrap.SetupError) as reason:
                    left_out[contender.name] = str(reason)
                    found.pop(contender.name, None)
        return list(found.values()), left_out

    def _chosen(self, contender: Contender, split: Split) -> Settings:
        """The best of its settings, without repeats, on hold-outs of what it may train on, drawn by the protocol."""
        if len(contender.grid) == 1:
            return contender.grid[0]
        worth = np.zeros(len(contender.grid))
        for seed in _INNER_SEEDS[self.protocol]:
            inner = PROTOCOLS[self.protocol].split(split.train, seed)
            if not inner.test:
                continue
            asked = np.linspace(0, len(inner.test) - 1, min(len(inner.test), _MOST_INNER_REQUESTS)).astype(int)
            inner = replace(inner, test=tuple(inner.test[place] for place in asked))
            task = self._write(inner, seed, self.directory / "inner.npz", with_repeats=False)
            answers = contender.answers(task, contender.grid, self.directory / f"{seed}" / contender.name)
            worth += [self._judged(each, inner).metrics_new_items[MAIN_METRIC[self.protocol]] for each in answers]
        return contender.grid[int(np.argmax(worth))]

    def _write(self, split: Split, seed: int, path: Path, *, with_repeats: bool) -> Path:
        task_of(split, seed=seed, with_repeats=with_repeats, items_file=self.items_file).save(path)
        return path

    def _judged(self, answers: Answers, split: Split) -> Evaluation:
        return PROTOCOLS[self.protocol].judge(_replay(answers, split), split, fit_seconds=answers.fit_seconds)


def task_of(split: Split, *, seed: int, with_repeats: bool, items_file: Path | None) -> Task:
    """What a contender is told of a split: all but the truth."""
    users = np.array([request.user_id for request in split.test], dtype=np.str_)
    return task(
        split.train,
        [request.history for request in split.test],
        locate(split.train.user_ids, users),
        seed=seed,
        with_repeats=with_repeats,
        items_file="" if items_file is None else str(items_file.resolve()),
    )


def task(
    train: Interactions,
    histories: Sequence[NDArray[np.int32]],
    asked: NDArray[np.int32],
    *,
    seed: int = 0,
    with_repeats: bool = False,
    items_file: str = "",
) -> Task:
    """Train on these interactions and answer the histories, of the users `asked`."""
    return Task(
        user_ids=train.user_ids,
        item_ids=train.item_ids,
        user=train.user,
        item=train.item,
        timestamp=train.timestamp,
        event_type=train.event_type,
        event_types=np.asarray(train.event_types, dtype=np.str_),
        history=np.concatenate(histories),
        starts=np.cumsum([0, *map(len, histories)]),
        asked=asked,
        with_repeats=np.array(with_repeats),
        items_file=np.array(items_file),
        seed=np.array(seed),
    )


def _replay(answers: Answers, split: Split) -> Ranker:
    """Gives the answers again; where lists with repeats were not asked for, those without stand for them."""
    place = {request.user_id: row for row, request in enumerate(split.test)}

    def ranker(request: Request, candidates: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        lists = answers.lists if candidates is None and len(answers.lists) else answers.new_lists
        row: NDArray[np.int32] = lists[place[request.user_id]]
        return row[row >= 0]

    return ranker


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
