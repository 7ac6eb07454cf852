"""The endpoint is killed at random moments under load, and whatever it acknowledged is there when it starts again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tastemaker.personalize.jobs import Jobs
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tastemaker.testing.active import await_active
from tests.local.crash_load import (
    ARN,
    ROWS,
    Actor,
    Clients,
    Events,
    Imports,
    Schemas,
    Tagging,
    Trainings,
    csv,
    schema,
    start_import,
)

KILLS = 10
SHOP, LOADS = f"{ARN}:dataset/shop/INTERACTIONS", f"{ARN}:dataset/loads/INTERACTIONS"


@contextmanager
def endpoint(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], Clients]]:
    """A `tastemaker endpoint` in a process of its own, and clients of it. It is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tastemaker.cli.main", "endpoint", "--port", "0", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        urls = (line.partition("AWS_ENDPOINT_URL=")[2].strip() for line in process.stdout)
        yield process, Clients(next(url for url in urls if url))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def prepare(clients: Clients) -> str:
    """A group that takes events and answers, another that takes imports; the tracking id."""
    control = clients.control
    clients.s3.create_bucket(Bucket="data")
    clients.s3.put_object(Bucket="data", Key="first.csv", Body=csv("first"))
    schema_arn = control.create_schema(name="events", schema=schema())["schemaArn"]
    for name in ("shop", "loads"):
        group = control.create_dataset_group(name=name)["datasetGroupArn"]
        await_active(control, group)
        dataset = control.create_dataset(
            name=name, datasetGroupArn=group, schemaArn=schema_arn, datasetType="Interactions"
        )["datasetArn"]
        await_active(control, dataset)
    await_active(control, start_import(clients, SHOP, "first", "s3://data/first.csv"))
    tracker = control.create_event_tracker(name="web", datasetGroupArn=f"{ARN}:dataset-group/shop")
    solution = control.create_solution(
        name="popular",
        datasetGroupArn=f"{ARN}:dataset-group/shop",
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
        performAutoTraining=False,
    )["solutionArn"]
    await_active(control, solution)
    version = control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    await_active(control, version)
    campaign = control.create_campaign(name="live", solutionVersionArn=version)["campaignArn"]
    for arn in (campaign, tracker["eventTrackerArn"]):
        await_active(control, arn)
    return str(tracker["trackingId"])


class IdleJobs(Jobs):
    """Leaves the work that was interrupted alone."""

    def start_import(self, *_: Any) -> None:
        pass

    def start_training(self, *_: Any) -> None:
        pass


def check_records(data_dir: Path, events: Events, imports: Imports) -> None:
    """What a training would see: on a copy, as the process that was killed has left it."""
    copy = data_dir.with_name("copy")
    shutil.copytree(data_dir, copy)
    objects = MemoryObjects({})
    personalize = Personalize(objects=objects, data_dir=copy, jobs=IdleJobs(objects=objects, directory=copy))
    try:
        streamed = pairs(personalize, SHOP, user="live-")
        assert events.acknowledged <= streamed
        assert streamed <= events.acknowledged | events.under_way
        if imports.done:
            loads = {item.partition("-")[0] for _, item in pairs(personalize, LOADS)}
            assert len(loads) == 1
            assert loads <= {f"load{number}" for number in (imports.done, *imports.begun)}
            assert len(personalize.interactions(LOADS)) == ROWS
    finally:
        personalize.close()
        shutil.rmtree(copy)


def pairs(personalize: Personalize, dataset_arn: str, user: str = "") -> set[tuple[str, str]]:
    found = personalize.interactions(dataset_arn)
    users, items = found.user_ids[found.user].tolist(), found.item_ids[found.item].tolist()
    return {pair for pair in zip(users, items, strict=True) if pair[0].startswith(user)}


def load(
    actors: list[Actor],
    clients: Clients,
    process: subprocess.Popen[str],
    seconds: float,
    *,
    not_before: Callable[[], bool] = lambda: True,
) -> None:
    """Let all act at the same time, and kill the endpoint `seconds` after `not_before` holds."""
    threads = [threading.Thread(target=actor.run, args=(clients,)) for actor in actors]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 120
    while not not_before():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(seconds)  # the moment of the kill is real time: there is a process to be hit
    process.kill()
    for thread in threads:
        thread.join()
    assert [fault for actor in actors for fault in actor.faults] == []


def check_ends(clients: Clients) -> None:
    """Whatever was interrupted has ended by now, or ends: well, or for a reason that is told."""
    control = clients.control
    jobs = [job["datasetImportJobArn"] for job in _all(control, "list_dataset_import_jobs", "datasetImportJobs")]
    versions = [each["solutionVersionArn"] for each in _all(control, "list_solution_versions", "solutionVersions")]
    deadline = time.monotonic() + 60
    for kind, arns in (("dataset_import_job", jobs), ("solution_version", versions)):
        member = "datasetImportJob" if kind == "dataset_import_job" else "solutionVersion"
        for arn in arns:
            describe = getattr(control, f"describe_{kind}")
            while (shown := describe(**{f"{member}Arn": arn})[member])["status"] in {
                "CREATE PENDING",
                "CREATE IN_PROGRESS",
            }:
                assert time.monotonic() < deadline, shown
            assert shown["status"] == "ACTIVE" or shown["failureReason"]


def _all(control: Any, operation: str, member: str) -> list[Any]:
    return [each for page in control.get_paginator(operation).paginate() for each in page[member]]


@pytest.mark.slow
def test_whatever_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    luck = Random(2026)
    data_dir = tmp_path / "data"
    events, imports, trainings = Events(Random(1)), Imports(Random(2)), Trainings(Random(3))
    actors: list[Actor] = [events, imports, trainings, Tagging(Random(4)), Schemas(Random(5))]
    with endpoint(data_dir) as (process, clients):
        events.tracking_id = prepare(clients)
        load(actors, clients, process, luck.uniform(0.3, 2.5), not_before=lambda: bool(trainings.metrics))
    for _ in range(1, KILLS):
        check_records(data_dir, events, imports)
        with endpoint(data_dir) as (process, clients):
            for actor in actors:
                actor.check(clients)
            clients.s3.create_bucket(Bucket="data")
            load(actors, clients, process, luck.uniform(0.3, 2.5))
    check_records(data_dir, events, imports)
    with endpoint(data_dir) as (_, clients):
        for actor in actors:
            actor.check(clients)
        check_ends(clients)
    # each had its part in it
    assert events.acknowledged
    assert imports.done
    assert trainings.metrics
