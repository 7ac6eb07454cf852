"""Dataset export jobs: what of a dataset is written where, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize.objects import MemoryObjects
from tests.unit.personalize.scene import ARN, ROLE, Scene, refused
from tests.unit.personalize.shop_scene import INTERACTIONS, ITEMS, NOON, USERS, Shop, interactions

FOLDER = "s3://bucket/out/"
USERS_CSV = 'USER_ID,TIER\nann,gold\nbob,"say \\"hi\\", twice"\ncid,\n'


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.personalize.close()


def export(shop: Shop | Scene, dataset: str = USERS, name: str = "dump", path: str = FOLDER, **more: Any) -> str:
    return shop.control.create_dataset_export_job(
        jobName=name, datasetArn=dataset, roleArn=ROLE, jobOutput={"s3DataDestination": {"path": path}}, **more
    )["datasetExportJobArn"]


def describe(shop: Shop | Scene, arn: str) -> Any:
    return shop.control.describe_dataset_export_job(datasetExportJobArn=arn)["datasetExportJob"]


def exported(shop: Shop, dataset: str = USERS, name: str = "dump", **more: Any) -> str:
    """What a finished export has written, in its one file."""
    arn = export(shop, dataset, name, **more)
    shop.until("ACTIVE", lambda: describe(shop, arn))
    (key,) = [key for key in shop.objects.list("bucket", f"out/{name}-", role_arn=ROLE) if key.endswith(".csv")]
    with shop.objects.open("bucket", key, role_arn=ROLE) as file:
        return file.read().decode()


def test_an_export_passes_through_its_states_and_is_described_and_listed(shop: Shop) -> None:
    arn = export(shop, ingestionMode="BULK", tags=[{"tagKey": "team", "tagValue": "data"}])

    assert arn == f"{ARN}:dataset-export-job/dump"
    states = Scene.until_active(lambda: describe(shop, arn))
    assert states == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    job = describe(shop, arn)
    assert job["datasetArn"] == USERS
    assert job["ingestionMode"] == "BULK"
    assert job["roleArn"] == ROLE
    assert job["jobOutput"] == {"s3DataDestination": {"path": FOLDER}}
    assert "failureReason" not in job
    assert shop.control.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "data"}]
    second = export(shop, ITEMS, "items")
    listed = shop.control.list_dataset_export_jobs()["datasetExportJobs"]
    assert [each["datasetExportJobArn"] for each in listed] == [second, arn]
    (of_items,) = shop.control.list_dataset_export_jobs(datasetArn=ITEMS)["datasetExportJobs"]
    assert of_items["datasetExportJobArn"] == second


def test_bulk_is_what_was_imported_and_put_what_was_streamed(shop: Shop) -> None:
    shop.load("INTERACTIONS", interactions())
    shop.put({"itemId": "streamed"})

    bulk = exported(shop, INTERACTIONS, "bulk", ingestionMode="BULK")
    put = exported(shop, INTERACTIONS, "put", ingestionMode="PUT")
    by_default = exported(shop, INTERACTIONS, "default")
    both = exported(shop, INTERACTIONS, "both", ingestionMode="ALL")

    assert bulk == interactions()
    streamed = f"ann,streamed,{NOON},view,"
    assert [line for line in put.splitlines()[1:] if line.startswith(streamed)] == put.splitlines()[1:]
    assert len(put.splitlines()) == 2
    assert by_default == put
    assert both.startswith(bulk)
    assert both.removeprefix(bulk).startswith(streamed)


def test_of_a_record_put_has_all_versions_and_all_the_newest(shop: Shop) -> None:
    shop.load("USERS", USERS_CSV)
    for tier in ("silver", "platinum"):
        shop.events.put_users(datasetArn=USERS, users=[{"userId": "ann", "properties": f'{{"tier": "{tier}"}}'}])

    put = exported(shop, name="put")
    both = exported(shop, name="both", ingestionMode="ALL")

    assert put == "USER_ID,TIER\nann,silver\nann,platinum\n"
    assert sorted(both.splitlines()) == sorted(USERS_CSV.replace("gold", "platinum").splitlines())


def test_what_is_exported_can_be_imported_again(shop: Shop) -> None:
    shop.load("USERS", USERS_CSV)

    text = exported(shop, ingestionMode="BULK")
    shop.load("USERS", text, name="again")

    assert text == USERS_CSV
    assert exported(shop, name="twice", ingestionMode="BULK") == USERS_CSV


def test_a_dataset_without_records_is_exported_as_its_header(shop: Shop) -> None:
    assert exported(shop, ITEMS) == "ITEM_ID,PRICE,TITLE\n"


def test_exports_into_one_folder_keep_out_of_each_others_way_and_it_can_be_imported_whole(shop: Shop) -> None:
    shop.load("USERS", USERS_CSV)
    exported(shop, name="first", ingestionMode="BULK")
    exported(shop, name="second", ingestionMode="BULK")

    job = shop.control.create_dataset_import_job(
        jobName="whole", datasetArn=USERS, dataSource={"dataLocation": FOLDER}, roleArn=ROLE
    )["datasetImportJobArn"]

    shop.until("ACTIVE", lambda: shop.describe_import(job))
    assert exported(shop, name="third", ingestionMode="BULK") == USERS_CSV


@pytest.mark.parametrize("path", ["s3://bucket/out", "http://bucket/out/", "s3://nowhere/out/"])
def test_what_is_no_folder_of_a_bucket_is_refused(shop: Shop, path: str) -> None:
    with refused("InvalidInputException", "Invalid S3 output path"):
        export(shop, path=path)


def test_a_bucket_that_the_role_may_not_use_is_refused_at_once(tmp_path: Path) -> None:
    objects = MemoryObjects({"bucket": {}}, readers={"bucket": frozenset({f"{ROLE}-other"})})
    shop = Shop(tmp_path, objects=objects)

    with refused(
        "InvalidInputException", "Insufficient privileges for accessing data in S3", "bucket policy on bucket"
    ):
        export(shop)

    shop.personalize.close()


def test_a_name_a_dataset_and_a_mode_are_checked(scene: Scene) -> None:
    scene.objects.store("bucket", "x", b"")
    with refused("ResourceNotFoundException", USERS):
        export(scene)
    dataset = scene.dataset()
    with refused("InvalidInputException", "ingestionMode"):
        export(scene, dataset, ingestionMode="SOME")
    with refused("InvalidInputException", "jobName"):
        export(scene, dataset, "no name")
    arn = export(scene, dataset)
    with refused("ResourceAlreadyExistsException", arn):
        export(scene, dataset)
    with refused("ResourceNotFoundException"):
        describe(scene, f"{arn}-2")
    with refused("InvalidNextTokenException"):
        scene.control.list_dataset_export_jobs(nextToken="x")
    with refused("TooManyTagsException"):
        export(scene, dataset, "tagged", tags=[{"tagKey": str(n), "tagValue": ""} for n in range(51)])


def test_a_dataset_that_is_not_active_is_refused(scene: Scene) -> None:
    scene.objects.store("bucket", "x", b"")
    dataset = scene.dataset()
    scene.control.delete_dataset(datasetArn=dataset)

    with refused("ResourceInUseException", "DELETE PENDING"):
        export(scene, dataset)


def test_a_dataset_that_is_gone_when_its_turn_comes_fails_the_export(scene: Scene) -> None:
    scene.objects.store("bucket", "x", b"")
    dataset = scene.dataset()
    arn = export(scene, dataset)
    scene.control.delete_dataset(datasetArn=dataset)
    Scene.until_gone(lambda: scene.control.describe_dataset(datasetArn=dataset)["dataset"])

    scene.jobs.succeed()

    Shop.until("CREATE FAILED", lambda: describe(scene, arn))
    assert describe(scene, arn)["failureReason"] == f"Resource Arn {dataset} does not exist."


def test_an_export_that_a_restart_interrupted_is_done_again(tmp_path: Path) -> None:
    before = Scene(tmp_path)
    before.objects.store("bucket", "x", b"")
    dataset = before.dataset()
    before.jobs.datasets.arns.add(dataset)
    arn = export(before, dataset, ingestionMode="BULK")
    before.personalize.close()

    after = Scene(tmp_path)
    after.objects.store("bucket", "x", b"")
    after.jobs.datasets.arns.add(dataset)
    assert after.jobs.tasks == [arn]
    after.jobs.succeed()

    assert Scene.until_active(lambda: describe(after, arn))[-1] == "ACTIVE"
    with after.objects.open("bucket", "out/dump-00000.csv", role_arn=ROLE) as file:
        assert file.read() == b"USER_ID,ITEM_ID,TIMESTAMP\nu,i,1\n"
    after.personalize.close()
