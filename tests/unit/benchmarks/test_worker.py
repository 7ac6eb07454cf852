"""What a contender's process measures: its answers as they are, its time and its peak of memory."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.own_recipes import contender
from benchmarks.peers.exchange import DEPTH, Task
from benchmarks.peers.worker import answered
from benchmarks.quality_draws import task_of
from tastemaker.evaluation import PERSONALIZE
from tests.unit.recommenders.planted import random_interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MEGABYTES = 80


@pytest.fixture
def task() -> Task:
    split = PERSONALIZE.split(random_interactions(n_users=40, n_items=60, n_events=600, seed=2), 0)
    return task_of(split, seed=0, with_repeats=True, items_file=None)


class TakesMemory:
    """Holds much for a moment of its training; answers with one item, whatever is asked."""

    def fit(self, task: Task) -> TakesMemory:  # noqa: ARG002 - it learns nothing
        np.ones(_MEGABYTES * 1_000_000, dtype=np.int8).sum()
        return self

    def recommend(self, request: int, k: int, *, repeats: bool) -> NDArray[np.int32]:  # noqa: ARG002 - likewise
        return np.array([7], dtype=np.int32)


def test_a_task_is_read_as_it_was_written(task: Task, tmp_path: Path) -> None:
    task.save(tmp_path / "task.npz")

    again = Task.load(tmp_path / "task.npz")

    for field in fields(Task):
        assert np.array_equal(getattr(again, field.name), getattr(task, field.name)), field.name


def test_lists_end_where_the_answer_ends(task: Task) -> None:
    answers = answered(TakesMemory(), task)

    assert answers.lists.shape == answers.new_lists.shape == (len(task), DEPTH)
    assert (answers.lists[:, 0] == 7).all()
    assert (answers.lists[:, 1:] == -1).all()
    assert answers.latencies.shape == (len(task),)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak cannot start anew within a process")
def test_memory_that_was_given_back_counts(task: Task) -> None:
    assert answered(TakesMemory(), task).peak_megabytes == pytest.approx(_MEGABYTES, rel=0.2)


def test_lists_without_repeats_hold_nothing_of_the_history_and_the_others_do(task: Task) -> None:
    answers = answered(contender(task, "repeat-last"), task)

    for request in range(len(task)):
        history = task.history_of(request)
        assert answers.lists[request, 0] == history[-1]
        assert not np.isin(answers.new_lists[request], history).any()


def test_related_items_are_asked_of_the_last_item_alone(task: Task) -> None:
    last = np.array([task.history_of(request)[-1] for request in range(len(task))])
    forgetful = replace(task, history=last, starts=np.arange(len(task) + 1))

    whole, short = (answered(contender(each, "aws-similar-items"), each).lists for each in (task, forgetful))

    assert (whole >= 0).any()
    assert np.array_equal(whole, short)
