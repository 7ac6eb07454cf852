"""Imports and trainings run in the background, can be called off, and always say how they ended."""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from tastemaker.personalize.jobs import (
    ImportOutcome,
    ImportSpec,
    JobFailure,
    Jobs,
    TrainingOutcome,
    TrainingSpec,
)
from tastemaker.personalize.objects import LocationError, MemoryObjects, ObjectStore
from tastemaker.personalize.runtime import Question, Runtime
from tastemaker.personalize.schemas import parse_schema
from tastemaker.personalize.training_files import TrainingOrder
from tastemaker.personalize.training_process import Cancelled, TrainingFailed, TrainingProcess
from tastemaker.personalize.tuning import Tuning

ARN = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/INTERACTIONS"
ROLE = "arn:aws:iam::123456789012:role/reader"
FIELDS = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]
SCHEMA = parse_schema(
    json.dumps(
        {
            "type": "record",
            "name": "Interactions",
            "fields": [{"name": name, "type": "long" if name == "TIMESTAMP" else "string"} for name in FIELDS],
        }
    ),
    None,
)
SOON = 60.0
"""Seconds after which a test gives up on a job."""


def two_tastes() -> bytes:
    """Sixty users, half of whom take the red items, half the blue; the newest item is from the same half."""
    rng = np.random.default_rng(7)
    rows = [
        f'"{taste}, \\"{user}\\"",{taste}-{item},{1_600_000_000 + 60 * position},View'
        for taste in ("red", "blue")
        for user in range(30)
        for position, item in enumerate(rng.permutation(25)[:20])
    ]
    return "\n".join([",".join(FIELDS), *rows, ""]).encode()


class Outcomes(queue.Queue[object]):
    """What the jobs said when they ended."""

    def next(self) -> object:
        return self.get(timeout=SOON)


class Gate:
    """An object store that answers only when it is opened."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self.reached, self.opened = threading.Event(), threading.Event()

    def list(self, bucket: str, prefix: str, *, role_arn: str) -> list[str]:
        return self._objects.list(bucket, prefix, role_arn=role_arn)

    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:
        self.reached.set()
        assert self.opened.wait(SOON)
        return self._objects.open(bucket, key, role_arn=role_arn)

    def put(self, bucket: str, key: str, body: bytes, *, role_arn: str) -> None:
        self._objects.put(bucket, key, body, role_arn=role_arn)


class Broken(MemoryObjects):
    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:  # noqa: ARG002 - the store's signature
        raise ConnectionResetError("the line is dead")


@pytest.fixture
def outcomes() -> Outcomes:
    return Outcomes()


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects({"b": {"data.csv": two_tastes(), "few.csv": b"USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n"}})


@pytest.fixture
def jobs(objects: MemoryObjects, tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(objects=objects, directory=tmp_path)
    yield jobs
    jobs.close()


@pytest.fixture
def gate(objects: MemoryObjects) -> Iterator[Gate]:
    gate = Gate(objects)
    yield gate
    gate.opened.set()


def import_spec(key: str = "data.csv") -> ImportSpec:
    return ImportSpec(ARN, SCHEMA, f"s3://b/{key}", ROLE)


def training_spec(recipe: str, *, event_type: str | None = None) -> TrainingSpec:
    return TrainingSpec(
        recipe=recipe,
        dataset_arns={"INTERACTIONS": ARN},
        event_type=event_type,
        event_value_threshold=None,
        hyperparameters={},
        seed=1,
    )


def child(directory: Path, behaviour: str) -> TrainingProcess:
    TrainingOrder(behaviour, None, None, {}, 0).write(directory)
    return TrainingProcess(directory, module="tests.unit.personalize.training_children")


def test_an_import_runs_in_the_background_and_tells_its_rows_and_bytes(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.start_import("job", import_spec(), outcomes.put)

    assert outcomes.next() == ImportOutcome(rows=1200, bytes_read=len(two_tastes()))
    records = jobs.datasets.read(ARN)
    assert records is not None
    assert records.num_rows == 1200


def test_a_refused_import_tells_the_reason(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.start_import("job", import_spec("few.csv"), outcomes.put)

    assert outcomes.next() == JobFailure("Dataset has fewer than 1000 interactions.")


def test_an_unexpected_fault_of_an_import_is_told_in_words(tmp_path: Path, outcomes: Outcomes) -> None:
    jobs = Jobs(objects=Broken({"b": {"data.csv": b""}}), directory=tmp_path)

    jobs.start_import("job", import_spec(), outcomes.put)

    assert outcomes.next() == JobFailure("Import failed with an internal error: ConnectionResetError: the line is dead")
    jobs.close()


def test_a_location_is_checked_before_a_job_starts(jobs: Jobs, tmp_path: Path) -> None:
    jobs.check_location("s3://b/data.csv", ROLE)
    with pytest.raises(LocationError, match="Invalid Data location"):
        jobs.check_location("s3://b/nothing/", ROLE)

    closed = Jobs(
        objects=MemoryObjects({"b": {"data.csv": b""}}, readers={"b": frozenset()}), directory=tmp_path / "closed"
    )
    with pytest.raises(LocationError, match="Insufficient privileges"):
        closed.check_location("s3://b/data.csv", ROLE)
    closed.close()


@pytest.mark.parametrize("key", ["data.csv", "few.csv"])
def test_a_cancelled_import_says_nothing_and_changes_nothing(
    gate: Gate, tmp_path: Path, outcomes: Outcomes, key: str
) -> None:
    jobs = Jobs(objects=gate, directory=tmp_path)
    jobs.start_import("job", import_spec(key), outcomes.put)
    assert gate.reached.wait(SOON)

    jobs.cancel("job")
    gate.opened.set()
    jobs.close()

    assert outcomes.empty()
    assert not jobs.datasets.holds(ARN)


def test_a_job_that_has_ended_cannot_be_cancelled(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.start_import("job", import_spec(), outcomes.put)
    outcomes.next()

    jobs.cancel("job")

    assert jobs.datasets.holds(ARN)


def test_one_key_is_one_job_at_a_time(gate: Gate, tmp_path: Path, outcomes: Outcomes) -> None:
    jobs = Jobs(objects=gate, directory=tmp_path)
    jobs.start_import("job", import_spec(), outcomes.put)

    with pytest.raises(RuntimeError, match="job is running already"):
        jobs.start_import("job", import_spec(), outcomes.put)

    gate.opened.set()
    outcomes.next()
    jobs.close()


def test_nothing_starts_after_the_end(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.close()
    jobs.close()

    with pytest.raises(RuntimeError, match="closed"):
        jobs.start_import("job", import_spec(), outcomes.put)


def test_an_answer_that_nobody_can_take_does_not_stop_the_next_job(jobs: Jobs, outcomes: Outcomes) -> None:
    def refuse(outcome: object) -> None:
        outcomes.put(outcome)
        raise KeyError("the resource is gone")

    for key in ("first", "second"):
        jobs.start_import(key, import_spec("few.csv"), refuse)
        assert isinstance(outcomes.next(), JobFailure)


@pytest.mark.parametrize("recipe", ["aws-user-personalization", "aws-user-personalization-v2"])
def test_a_model_trained_in_a_child_process_recommends_what_a_user_likes(
    jobs: Jobs, outcomes: Outcomes, recipe: str
) -> None:
    jobs.start_import("import", import_spec(), outcomes.put)
    outcomes.next()

    jobs.start_training("version", training_spec(recipe), outcomes.put)
    outcome = outcomes.next()

    assert isinstance(outcome, TrainingOutcome), outcome
    assert list(outcome.metrics) == [
        "coverage",
        "mean_reciprocal_rank_at_25",
        "normalized_discounted_cumulative_gain_at_10",
        "normalized_discounted_cumulative_gain_at_25",
        "normalized_discounted_cumulative_gain_at_5",
        "precision_at_10",
        "precision_at_25",
        "precision_at_5",
    ]
    assert outcome.training_seconds > 0
    for user_id, taste in (('red, "3"', "red"), ('blue, "3"', "blue")):
        recommended = Runtime().recommend(outcome.model_path, Question(recipe, 5, user_id=user_id))
        assert [item.item_id.split("-")[0] for item in recommended] == [taste] * 5


def test_trainings_leave_nothing_but_the_model(jobs: Jobs, outcomes: Outcomes, tmp_path: Path) -> None:
    jobs.start_import("import", import_spec(), outcomes.put)
    outcomes.next()
    jobs.start_training("version", training_spec("aws-popularity-count"), outcomes.put)
    outcome = outcomes.next()

    assert isinstance(outcome, TrainingOutcome), outcome
    assert sorted(path.name for path in outcome.model_path.iterdir()) == ["histories.arrow", "model.npz"]
    assert list((tmp_path / "trainings").iterdir()) == []


def test_a_model_that_is_brought_up_to_date_lies_beside_the_one_before_until_that_is_deleted(
    jobs: Jobs, outcomes: Outcomes, tmp_path: Path
) -> None:
    jobs.start_import("import", import_spec(), outcomes.put)
    outcomes.next()
    order = training_spec("aws-user-personalization")
    jobs.start_training("version", order, outcomes.put)
    old = outcomes.next()
    assert isinstance(old, TrainingOutcome)

    jobs.start_training("update", replace(order, extends=old.model_path), outcomes.put)
    new = outcomes.next()
    assert isinstance(new, TrainingOutcome), new
    for outcome in (old, new):
        files = sorted(path.name for path in outcome.model_path.iterdir())
        assert files == ["histories.arrow", "model.npz", "sums.npz"]
    question = Question("aws-user-personalization", 5, user_id='red, "3"')
    after, before = (Runtime().recommend(outcome.model_path, question) for outcome in (new, old))
    assert [item.item_id for item in after] == [item.item_id for item in before]
    # an update counts the users too that the training held out
    assert [item.score for item in after] == pytest.approx([item.score for item in before], rel=0.01)

    (new.model_path / "mean_reward.json").write_text("1.0", encoding="utf-8")
    jobs.delete_sums(new.model_path)
    jobs.delete_sums(new.model_path)
    assert sorted(path.name for path in new.model_path.iterdir()) == ["histories.arrow", "model.npz"]
    jobs.delete_model(old.model_path)
    jobs.delete_model(tmp_path / "datasets")
    assert list((tmp_path / "models").iterdir()) == [new.model_path]
    assert list((tmp_path / "datasets").iterdir()) != []


def test_a_search_reports_what_it_has_found(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.start_import("import", import_spec(), outcomes.put)
    outcomes.next()
    tuning = Tuning(2, numbers={"popularity_discount_factor": (0.25, 0.75)})

    jobs.start_training("version", replace(training_spec("aws-sims"), tuning=tuning), outcomes.put)
    outcome = outcomes.next()

    assert isinstance(outcome, TrainingOutcome), outcome
    assert 0.25 <= float(outcome.tuned["popularity_discount_factor"]) <= 0.75


def test_a_training_that_the_data_do_not_allow_tells_personalizes_reason(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.start_import("import", import_spec(), outcomes.put)
    outcomes.next()

    jobs.start_training("version", training_spec("aws-popularity-count", event_type="Purchase"), outcomes.put)

    assert outcomes.next() == JobFailure(
        "Dataset has fewer than 1000 interactions after filtering by event type: Purchase"
    )


def test_an_exception_in_the_child_is_told_in_words(tmp_path: Path) -> None:
    TrainingOrder("aws-popularity-count", None, None, {}, 0).write(tmp_path)
    (tmp_path / "INTERACTIONS.arrow").write_bytes(b"not an Arrow file")

    with pytest.raises(TrainingFailed, match=r"Training failed with an internal error: ArrowInvalid: .*Arrow file"):
        TrainingProcess(tmp_path).run(tmp_path / "models" / "m")


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("be killed", "the training process was killed, most often because memory ran out"),
        ("crash", "the training process was ended by the signal SIGSEGV"),
        ("leave without a word", "the training process ended with status 3: it left no message"),
        ("leave with a word", "the training process ended with status 1: the disk is full"),
    ],
)
def test_a_child_that_ends_without_a_report_is_a_failure_with_a_reason(
    tmp_path: Path, behaviour: str, says: str
) -> None:
    with pytest.raises(TrainingFailed, match=says):
        child(tmp_path, behaviour).run(tmp_path / "model-of-this-test")


def test_a_child_computes_with_half_of_the_cores(tmp_path: Path) -> None:
    outcome = child(tmp_path, "tell its threads").run(tmp_path / "models" / "m")

    assert outcome == TrainingOutcome({"threads": max(1, (os.cpu_count() or 1) // 2)}, 1.5, tmp_path / "models" / "m")


def test_a_cancelled_training_kills_its_child(tmp_path: Path, outcomes: Outcomes) -> None:
    process = child(tmp_path, "wait for the parent's end")
    os.mkfifo(tmp_path / "started")
    started = os.open(tmp_path / "started", os.O_RDONLY | os.O_NONBLOCK)

    def run() -> None:
        try:
            process.run(tmp_path / "models" / "m")
        except Cancelled as cancelled:
            outcomes.put(cancelled)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert select.select([started], [], [], SOON)[0]
    os.close(started)
    process.cancel()

    assert isinstance(outcomes.next(), Cancelled)
    thread.join()


def test_a_training_that_was_cancelled_before_its_turn_starts_no_child(tmp_path: Path) -> None:
    process = child(tmp_path, "leave with a word")
    process.cancel()

    with pytest.raises(Cancelled):
        process.run(tmp_path / "models" / "m")


def test_a_training_whose_parent_is_gone_ends(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "spec.json")  # nobody writes to it, so the training cannot get on
    command = [sys.executable, "-m", "tastemaker.personalize.training_job", str(tmp_path)]

    ended = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=SOON, check=False)

    assert ended.returncode == 1
    assert not (tmp_path / "report.json").exists()


def test_closing_ends_trainings_and_says_nothing(jobs: Jobs, outcomes: Outcomes) -> None:
    jobs.start_import("import", import_spec(), outcomes.put)
    outcomes.next()
    for number in range(4):
        jobs.start_training(f"version-{number}", training_spec("aws-popularity-count"), outcomes.put)

    jobs.close()

    assert outcomes.qsize() < 4
    assert not any(thread.name.startswith(("training", "import")) for thread in threading.enumerate())


def test_what_a_killed_process_left_is_swept_at_the_start(objects: MemoryObjects, tmp_path: Path) -> None:
    (tmp_path / "trainings" / "left").mkdir(parents=True)

    Jobs(objects=objects, directory=tmp_path).close()

    assert not (tmp_path / "trainings" / "left").exists()
