"""What was acknowledged is there after a restart, and unfinished work is taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tastemaker.personalize.in_process import client
from tastemaker.personalize.resource_files import DataDirectoryInUse
from tests.unit.personalize.scene import ARN, LOCATION, METRICS, Scene


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
