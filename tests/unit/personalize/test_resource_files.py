"""What was acknowledged is there after a restart, and unfinished work is taken up again."""

from __future__ import annotations

import errno
import json
import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.resource_files import DataDirectoryInUse, ResourcesUnreadable
from tastemaker.personalize.service import Personalize
from tests.unit.personalize.event_scene import DATASET, EventScene
from tests.unit.personalize.scene import ARN, LOCATION, METRICS, HeldJobs, Scene, refused


@contextmanager
def started(directory: Path) -> Iterator[Scene]:
    scene = Scene(directory)
    try:
        yield scene
    finally:
        scene.personalize.close()


def test_a_campaign_serves_after_a_restart_as_before(tmp_path: Path) -> None:
    with started(tmp_path) as scene:
        arn = scene.campaign()
        version = scene.describe_campaign(arn)["solutionVersionArn"]
        before = scene.runtime.get_recommendations(campaignArn=arn, userId="ann")["itemList"]

    with started(tmp_path) as scene:
        after = scene.runtime.get_recommendations(campaignArn=arn, userId="ann")["itemList"]
        assert after == before
        assert scene.describe_campaign(arn)["solutionVersionArn"] == version
        assert scene.control.get_solution_metrics(solutionVersionArn=version)["metrics"] == METRICS
        assert scene.jobs.trainings == []


def test_states_tags_and_order_are_kept(tmp_path: Path) -> None:
    with started(tmp_path) as scene:
        for name in ("a", "b", "c"):
            arn = scene.control.create_dataset_group(name=name, tags=[{"tagKey": "k", "tagValue": name}])
        scene.control.describe_dataset_group(datasetGroupArn=arn["datasetGroupArn"])

    with started(tmp_path) as scene:
        groups = scene.control.list_dataset_groups()["datasetGroups"]
        seen = scene.until_active(
            lambda: scene.control.describe_dataset_group(datasetGroupArn=arn["datasetGroupArn"])["datasetGroup"]
        )
        assert [group["name"] for group in groups] == ["c", "b", "a"]
        assert seen == ["CREATE IN_PROGRESS", "ACTIVE"]
        tags = scene.control.list_tags_for_resource(resourceArn=f"{ARN}:dataset-group/a")["tags"]
        assert tags == [{"tagKey": "k", "tagValue": "a"}]


def test_what_a_refused_request_names_is_not_kept(tmp_path: Path) -> None:
    with started(tmp_path) as scene:
        scene.send(target="CreateDatasetGroup", body=b'{"name": "-"}')

    with started(tmp_path) as scene:
        assert scene.control.list_dataset_groups()["datasetGroups"] == []


def test_an_import_that_was_running_begins_again(tmp_path: Path) -> None:
    with started(tmp_path) as scene:
        job = scene.start_import(scene.dataset())

    with started(tmp_path) as scene:
        [(key, spec)] = scene.jobs.imports
        assert (key, spec.location, spec.mode) == (job, LOCATION, "FULL")
        scene.jobs.succeed()
        scene.until_active(
            lambda: scene.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
        )


def test_a_training_that_was_running_begins_again(tmp_path: Path) -> None:
    with started(tmp_path) as scene:
        version = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]
        before = scene.jobs.trainings

    with started(tmp_path) as scene:
        assert scene.jobs.trainings == before
        scene.jobs.succeed()
        scene.until_active(lambda: scene.describe_version(version))


def test_accounts_and_regions_have_their_own_files_whatever_they_are_called(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with started(directory) as scene:
        client(scene.personalize, "personalize", region="eu-west-1").create_dataset_group(name="there")
        client(scene.personalize, "personalize", account="../../1").create_dataset_group(name="elsewhere")

    with started(directory) as scene:
        there = client(scene.personalize, "personalize", region="eu-west-1").list_dataset_groups()
        assert [group["name"] for group in there["datasetGroups"]] == ["there"]
        assert scene.control.list_dataset_groups()["datasetGroups"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_second_process_is_told_that_the_directory_is_taken(tmp_path: Path) -> None:
    with started(tmp_path), pytest.raises(DataDirectoryInUse, match="in use by another process"):
        Scene(tmp_path)


@contextmanager
def unwritable(directory: Path) -> Iterator[None]:
    """No resource can be kept: where the next content would be written there is a folder, for root as for anybody."""
    obstacles = [path.with_suffix(".partial") for path in (directory / "resources").glob("*.json")]
    for path in obstacles:
        path.mkdir()
    yield
    for path in obstacles:
        path.rmdir()


@pytest.mark.parametrize("content", ["", '{"format": 1', "[]", '{"format": 99, "account": "1", "region": "r"}'])
def test_a_damaged_file_is_named_with_a_remedy(tmp_path: Path, content: str) -> None:
    with started(tmp_path) as scene:
        scene.group()
    (path,) = tmp_path.rglob("*.json")
    path.write_text(content)

    with pytest.raises(ResourcesUnreadable, match=f"{path.name}.*move it elsewhere"):
        Personalize(objects=MemoryObjects({}), data_dir=tmp_path)


def test_what_cannot_be_kept_is_not_acknowledged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with started(tmp_path) as scene:
        scene.group("before")
        with unwritable(tmp_path), caplog.at_level(logging.CRITICAL):
            answer = scene.send(target="CreateDatasetGroup", body=b'{"name": "shop"}')

    assert (answer.status, answer.json["__type"]) == (500, "InternalFailure")
    assert "make room on the disk" in answer.json["message"]
    with started(tmp_path) as scene:
        assert [group["name"] for group in scene.control.list_dataset_groups()["datasetGroups"]] == ["before"]


def test_a_dataset_keeps_its_events_where_its_deletion_cannot_be_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events = EventScene(data_dir=tmp_path)
    events.put({"itemId": "hat"})
    with unwritable(tmp_path), caplog.at_level(logging.CRITICAL):
        answer = events.send(target="DeleteDataset", body=json.dumps({"datasetArn": DATASET}).encode())
    events.personalize.close()

    again = EventScene(data_dir=tmp_path)
    assert answer.status == 500
    assert again.items() == ["hat"]
    again.personalize.close()


def test_events_that_the_disk_has_no_room_for_are_not_acknowledged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events = EventScene(data_dir=tmp_path)
    events.put({"itemId": "hat"})
    [log] = (tmp_path / "streams").glob("*.log")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 20, unlimited[1]))
    try:
        with caplog.at_level(logging.CRITICAL), refused("InternalFailure", "cannot keep its data", status=500):
            events.put({"itemId": "coat"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    events.put({"itemId": "scarf"})
    events.personalize.close()

    again = EventScene(data_dir=tmp_path)
    assert again.items() == ["hat", "scarf"]
    again.personalize.close()


def test_a_dataset_is_empty_whatever_one_of_its_name_has_left(tmp_path: Path) -> None:
    with started(tmp_path) as scene:
        scene.jobs.datasets.arns.add(f"{ARN}:dataset/shop/INTERACTIONS")
        arn = scene.dataset()
        assert not scene.jobs.datasets.holds(arn)


def test_work_that_cannot_be_taken_up_again_fails_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with started(tmp_path) as scene:
        version = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]

    jobs = HeldJobs()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    jobs.start_training = full  # type: ignore[method-assign,assignment] # the disk is full when it starts
    with caplog.at_level(logging.CRITICAL):
        personalize = Personalize(objects=MemoryObjects({}), data_dir=tmp_path, jobs=jobs)
    control = client(personalize, "personalize")
    for _ in range(3):
        described = control.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert described["status"] == "CREATE FAILED"
    assert "No space left on device" in described["failureReason"]
    personalize.close()
