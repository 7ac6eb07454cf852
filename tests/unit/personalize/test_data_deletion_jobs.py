"""Data deletion jobs: users leave datasets, models and the memory of whoever serves them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.personalize import deletion_files
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.quotas import Quotas
from tests.unit.personalize.recommender_scene import RecommenderScene
from tests.unit.personalize.scene import ACCOUNT, ARN, ROLE, Scene, refused
from tests.unit.personalize.shop_scene import GROUP, INTERACTIONS, NOON, USERS, Shop, interactions

FOLDER = "s3://bucket/gone/"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.personalize.close()


def delete(shop: Shop | Scene, name: str = "gone", location: str = FOLDER, **more: Any) -> str:
    given = {"datasetGroupArn": GROUP, "dataSource": {"dataLocation": location}, "roleArn": ROLE, **more}
    return shop.control.create_data_deletion_job(jobName=name, **given)["dataDeletionJobArn"]


def describe(shop: Shop | Scene, arn: str) -> Any:
    return shop.control.describe_data_deletion_job(dataDeletionJobArn=arn)["dataDeletionJob"]


def store(shop: Shop | Scene, *users: str, key: str = "gone/users.csv") -> None:
    shop.objects.store("bucket", key, "\n".join(["USER_ID", *users, ""]).encode())


def deleted(shop: Shop, *users: str, name: str = "gone") -> int:
    """How many records the deletion of the users took."""
    store(shop, *users)
    arn = delete(shop, name)
    shop.until("COMPLETED", lambda: describe(shop, arn))
    return int(describe(shop, arn)["numDeleted"])


def failure(shop: Shop, **more: Any) -> str:
    arn = delete(shop, **more)
    shop.until("FAILED", lambda: describe(shop, arn))
    return str(describe(shop, arn)["failureReason"])


def exported(shop: Shop, dataset: str, name: str) -> str:
    """All records of a dataset as a client can get at them."""
    arn = shop.control.create_dataset_export_job(
        jobName=name,
        datasetArn=dataset,
        roleArn=ROLE,
        ingestionMode="ALL",
        jobOutput={"s3DataDestination": {"path": "s3://bucket/out/"}},
    )["datasetExportJobArn"]
    Scene.until_active(lambda: shop.control.describe_dataset_export_job(datasetExportJobArn=arn)["datasetExportJob"])
    with shop.objects.open("bucket", f"out/{name}-00000.csv", role_arn=ROLE) as file:
        return file.read().decode()


def test_a_job_passes_through_states_of_its_own_and_is_described_and_listed(scene: Scene) -> None:
    scene.imported()
    store(scene, "u")
    arn = delete(scene, tags=[{"tagKey": "law", "tagValue": "gdpr"}])

    assert arn == f"{ARN}:data-deletion-job/gone"
    before = [describe(scene, arn)["status"] for _ in range(3)]
    assert "numDeleted" not in describe(scene, arn)
    scene.jobs.succeed()
    assert [*before, describe(scene, arn)["status"]] == ["PENDING", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED"]
    job = describe(scene, arn)
    assert job["numDeleted"] == 1
    assert job["datasetGroupArn"] == GROUP
    assert job["dataSource"] == {"dataLocation": FOLDER}
    assert job["roleArn"] == ROLE
    assert scene.control.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "law", "tagValue": "gdpr"}]
    second = delete(scene, "second")
    listed = scene.control.list_data_deletion_jobs(datasetGroupArn=GROUP)["dataDeletionJobs"]
    assert [each["dataDeletionJobArn"] for each in listed] == [second, arn]
    page = scene.control.list_data_deletion_jobs(maxResults=1)
    (last,) = scene.control.list_data_deletion_jobs(nextToken=page["nextToken"])["dataDeletionJobs"]
    assert last["dataDeletionJobArn"] == arn


def test_the_users_records_leave_every_dataset_and_others_stay(shop: Shop) -> None:
    shop.load("INTERACTIONS", interactions())
    shop.load("USERS", "USER_ID,TIER\nuser-1,gold\nuser-2,silver\nuser-3,gold\n")
    shop.put({"itemId": "new"}, user="user-1")
    shop.put({"itemId": "new"}, user="user-2", session="t")

    # 20 imported and 1 streamed interaction, and what is known of the user
    assert deleted(shop, "user-1", "nobody") == 22

    rows = exported(shop, INTERACTIONS, "events").splitlines()[1:]
    assert len(rows) == 1000 - 20 + 1
    assert not any(row.startswith("user-1,") for row in rows)
    assert sum(row.startswith("user-2,") for row in rows) == 21
    assert exported(shop, USERS, "users") == "USER_ID,TIER\nuser-2,silver\nuser-3,gold\n"
    assert deleted(shop, "user-1", name="again") == 0


def test_what_was_put_of_a_user_goes_with_all_its_versions(shop: Shop) -> None:
    for tier in ("silver", "gold"):
        users = [{"userId": user, "properties": f'{{"tier": "{tier}"}}'} for user in ("ann", "bob")]
        shop.events.put_users(datasetArn=USERS, users=users)

    assert deleted(shop, "ann") == 2

    assert exported(shop, USERS, "users") == "USER_ID,TIER\nbob,gold\n"


def test_the_events_of_a_session_that_became_the_users_go_too(shop: Shop) -> None:
    shop.put({"itemId": "before-login"}, user=None, session="tab")
    shop.put({"itemId": "after-login"}, user="ann", session="tab")
    shop.put({"itemId": "bobs"}, user="bob", session="other")

    assert deleted(shop, "ann") == 2

    (row,) = exported(shop, INTERACTIONS, "events").splitlines()[1:]
    assert row.startswith("bob,bobs,")


def test_what_is_streamed_of_a_deleted_user_later_counts_again(shop: Shop) -> None:
    shop.put({"itemId": "old", "eventId": "1"}, user="ann")
    deleted(shop, "ann")

    shop.put({"itemId": "new", "eventId": "2"}, user="ann")

    (row,) = exported(shop, INTERACTIONS, "events").splitlines()[1:]
    assert row.startswith("ann,new,")


def test_a_campaign_answers_a_deleted_user_like_a_stranger_at_once_and_after_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.load("INTERACTIONS", interactions())
    campaign = shop.campaign()
    shop.put({"itemId": "item-30", "sentAt": NOON + 10_000}, user="user-1")

    def answer(to: Shop, user: str) -> list[str]:
        given = to.runtime.get_recommendations(campaignArn=campaign, userId=user, numResults=10)
        return [item["itemId"] for item in given["itemList"]]

    stranger, other = answer(shop, "stranger"), answer(shop, "user-2")
    assert answer(shop, "user-1") != stranger
    deleted(shop, "user-1")

    assert answer(shop, "user-1") == stranger
    assert answer(shop, "user-2") == other
    shop.personalize.close()
    again = Shop(tmp_path, objects=shop.objects)
    assert answer(again, "user-1") == stranger
    assert answer(again, "user-2") == other
    again.personalize.close()


def test_a_training_under_way_begins_again_on_what_is_left(scene: Scene) -> None:
    solution = scene.solution()
    version = scene.control.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    store(scene, "u")
    arn = delete(scene)
    scene.jobs.succeed(arn)

    assert scene.jobs.cancelled == [version]
    assert [key for key, _ in scene.jobs.trainings] == [version, version]
    scene.jobs.succeed()
    assert Scene.until_active(lambda: scene.describe_version(version))[-1] == "ACTIVE"
    Shop.until("COMPLETED", lambda: describe(scene, arn))


def test_a_recommenders_training_under_way_begins_again_too() -> None:
    shop = RecommenderScene()
    shop.load()
    recommender = shop.create()
    store(shop, "u")
    arn = delete(shop)

    shop.jobs.succeed(arn)

    first, second = (key for key, _ in shop.jobs.trainings)
    assert shop.jobs.cancelled == [first]
    assert second.startswith(recommender)
    shop.jobs.succeed(second)
    shop.clock.advance(60)
    assert shop.described()["status"] == "ACTIVE"
    assert shop.answering_model() == second.rpartition("/")[2]
    shop.personalize.close()


def test_an_automatic_update_under_way_is_called_off_and_comes_later(scene: Scene) -> None:
    scene.campaign()
    version = scene.jobs.trainings[-1][0]
    job = scene.start_import(INTERACTIONS, "more")
    scene.jobs.succeed()
    Scene.until_active(lambda: scene.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])
    two_hours_later(scene)
    update = scene.jobs.trainings[-1][0]
    store(scene, "u")
    arn = delete(scene)

    scene.jobs.succeed(arn)
    two_hours_later(scene)

    assert update == f"{version}/update-1"
    assert scene.jobs.cancelled == [update]
    assert scene.jobs.trainings[-1][0] == f"{version}/update-2"


def two_hours_later(scene: Scene) -> None:
    scene.clock.advance(2 * 3600 + 60)
    scene.control.list_solutions()


def test_a_folder_is_read_with_all_its_folders_and_its_csv_files_alone(shop: Shop) -> None:
    shop.load("USERS", "USER_ID,TIER\na,1\nb,2\nc,3\nd,4\n")
    store(shop, "a", key="gone/first.csv")
    store(shop, "b", key="gone/more/second.CSV")
    store(shop, "c", key="gone/more/third.txt")
    store(shop, "d", key="elsewhere/fourth.csv")

    arn = delete(shop)
    shop.until("COMPLETED", lambda: describe(shop, arn))

    assert exported(shop, USERS, "users") == "USER_ID,TIER\nc,3\nd,4\n"


def test_one_file_may_be_given(shop: Shop) -> None:
    shop.load("USERS", "USER_ID,TIER\na,1\nb,2\n")
    store(shop, "a", key="gone/first.csv")
    store(shop, "b", key="gone/second.csv")

    arn = delete(shop, location="s3://bucket/gone/first.csv")
    shop.until("COMPLETED", lambda: describe(shop, arn))

    assert exported(shop, USERS, "users") == "USER_ID,TIER\nb,2\n"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("USER\nann\n", "missing the following columns: [USER_ID]"),
        ("USER_ID,WHY\nann,left\n", "USER_ID has to be the only one"),
        ("USER_ID\nann\n" + "x" * 257 + "\n", "Length cannot be more than 256 characters for USER_ID"),
    ],
)
def test_a_file_that_breaks_the_rules_fails_the_job_and_deletes_nothing(shop: Shop, content: str, word: str) -> None:
    shop.load("USERS", "USER_ID,TIER\nann,1\n")
    shop.objects.store("bucket", "gone/users.csv", content.encode())

    assert word in failure(shop)
    assert exported(shop, USERS, "users") == "USER_ID,TIER\nann,1\n"


def test_a_job_whose_file_has_no_header_names_none_of_the_users(shop: Shop) -> None:
    shop.objects.store("bucket", "gone/users.csv", b"ann\nbob\n")

    assert "ann" not in failure(shop)


def test_files_that_are_too_large_together_fail_the_job(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion_files, "MOST_BYTES", 30)
    store(shop, "a" * 10, key="gone/first.csv")
    store(shop, "b" * 10, key="gone/second.csv")

    assert "split them over several jobs" in failure(shop)


def test_a_location_without_csv_files_and_one_that_is_closed_are_refused_at_once(tmp_path: Path) -> None:
    objects = MemoryObjects({"bucket": {}, "closed": {"u.csv": b""}}, readers={"closed": frozenset({"other"})})
    shop = Shop(tmp_path, objects=objects, types=())
    store(shop, "c", key="gone/users.txt")

    for location in (FOLDER, "s3://bucket/gone/users.txt", "s3://nowhere/", "http://bucket/gone/"):
        with refused("InvalidInputException", "Invalid Data location."):
            delete(shop, location=location)
    with refused("InvalidInputException", "Insufficient privileges for accessing data in S3"):
        delete(shop, location="s3://closed/")
    with refused("InvalidInputException", "dataSource.dataLocation is required"):
        delete(shop, dataSource={})
    shop.personalize.close()


def test_a_group_a_name_and_tags_are_checked(scene: Scene) -> None:
    store(scene, "u")
    with refused("ResourceNotFoundException", GROUP):
        delete(scene)
    scene.control.create_dataset_group(name="shop")
    with refused("ResourceInUseException", "CREATE PENDING"):
        delete(scene)
    Scene.until_active(lambda: scene.control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])
    arn = delete(scene)
    with refused("ResourceAlreadyExistsException", arn):
        delete(scene)
    with refused("InvalidInputException", "roleArn"):
        delete(scene, "second", roleArn="me")
    with refused("TooManyTagsException"):
        delete(scene, "second", tags=[{"tagKey": str(n), "tagValue": ""} for n in range(51)])
    with refused("ResourceNotFoundException"):
        describe(scene, f"{ARN}:data-deletion-job/other")
    with refused("InvalidNextTokenException"):
        scene.control.list_data_deletion_jobs(nextToken="x")


def test_five_jobs_of_a_group_may_be_pending(scene: Scene) -> None:
    scene.group()
    store(scene, "u")
    first, *_ = [delete(scene, f"job-{number}") for number in range(5)]

    with refused("LimitExceededException", "More than 5 resources with PENDING status."):
        delete(scene, "sixth")

    describe(scene, first)
    assert describe(scene, first)["status"] == "IN_PROGRESS"
    delete(scene, "sixth")


def test_the_quota_can_be_set(tmp_path: Path) -> None:
    scene = Scene(tmp_path, quotas=Quotas(data_deletion_jobs=1))
    scene.group()
    store(scene, "u")
    delete(scene, "first")

    with refused("LimitExceededException", "More than 1 "):
        delete(scene, "second")

    scene.personalize.close()


def test_a_deletion_that_a_restart_interrupted_is_done(tmp_path: Path) -> None:
    before = Scene(tmp_path)
    group = before.imported()
    store(before, "u")
    arn = delete(before, datasetGroupArn=group)
    before.personalize.close()

    after = Scene(tmp_path)
    after.jobs.datasets.arns.add(INTERACTIONS)
    store(after, "u")
    assert after.jobs.tasks == [arn]
    after.jobs.succeed()

    Shop.until("COMPLETED", lambda: describe(after, arn))
    assert describe(after, arn)["numDeleted"] == 1
    assert arn.split(":")[4] == ACCOUNT
    after.personalize.close()


def test_nothing_on_the_disk_says_who_was_deleted(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    name = "someone-with-a-name"
    shop.load("INTERACTIONS", interactions().replace("user-1,", f"{name},"))
    shop.load("USERS", f"USER_ID,TIER\n{name},gold\nbob,silver\n")
    shop.put({"itemId": "new"}, user=name)
    shop.campaign()
    assert len(_files_with(tmp_path, name)) >= 4

    deleted(shop, name)

    assert _files_with(tmp_path, name) == []
    shop.personalize.close()


def _files_with(directory: Path, text: str) -> list[str]:
    paths = [path for path in directory.rglob("*") if path.is_file()]
    return [path.name for path in paths if text.encode() in path.read_bytes()]
