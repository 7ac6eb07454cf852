"""A data deletion job while an import is under way: whom the import has read already does not come back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from tastemaker.personalize.in_process import client
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize
from tastemaker.testing import await_active
from tests.unit.personalize.scene import ROLE

SCHEMA = {
    "type": "record",
    "name": "Users",
    "fields": [{"name": "USER_ID", "type": "string"}, {"name": "TIER", "type": "string"}],
}
FILES = {"users.csv": b"USER_ID,TIER\nann,gold\nbob,gold\n", "gone.csv": b"USER_ID\nann\n", "out/": b""}


class HeldObjects(MemoryObjects):
    """`users.csv` is not to be read before it is `released`; `opened` tells who has been asked for."""

    def __init__(self) -> None:
        super().__init__({"bucket": FILES})
        self.released = threading.Event()
        self.opened = {key: threading.Event() for key in FILES}

    def open(self, bucket: str, key: str, *, role_arn: str) -> BinaryIO:
        self.opened[key].set()
        if key == "users.csv":
            assert self.released.wait(30)
        return super().open(bucket, key, role_arn=role_arn)


def test_a_deletion_waits_for_the_imports_that_began_before_it() -> None:
    objects = HeldObjects()
    personalize = Personalize(objects=objects)
    control: Any = client(personalize, "personalize")
    group, dataset = _dataset(control)
    source = {"datasetArn": dataset, "dataSource": {"dataLocation": "s3://bucket/users.csv"}, "roleArn": ROLE}
    imported = control.create_dataset_import_job(jobName="in", **source)["datasetImportJobArn"]
    assert objects.opened["users.csv"].wait(30)
    deletion = control.create_data_deletion_job(
        jobName="gone", datasetGroupArn=group, dataSource={"dataLocation": "s3://bucket/gone.csv"}, roleArn=ROLE
    )["dataDeletionJobArn"]
    assert objects.opened["gone.csv"].wait(30)

    def described() -> Any:
        return control.describe_data_deletion_job(dataDeletionJobArn=deletion)["dataDeletionJob"]

    assert {described()["status"] for _ in range(50)} <= {"PENDING", "IN_PROGRESS"}
    objects.released.set()
    await_active(control, imported)
    _until(lambda: described()["status"] == "COMPLETED")

    assert described()["numDeleted"] == 1
    out = {"s3DataDestination": {"path": "s3://bucket/out/"}}
    exported = control.create_dataset_export_job(
        jobName="out", datasetArn=dataset, roleArn=ROLE, ingestionMode="ALL", jobOutput=out
    )["datasetExportJobArn"]
    await_active(control, exported)
    objects.opened["out/out-00000.csv"] = threading.Event()
    assert objects.open("bucket", "out/out-00000.csv", role_arn=ROLE).read() == b"USER_ID,TIER\nbob,gold\n"
    personalize.close()


def _dataset(control: Any) -> tuple[str, str]:
    group = control.create_dataset_group(name="shop")["datasetGroupArn"]
    await_active(control, group)
    schema = control.create_schema(name="users", schema=json.dumps(SCHEMA))["schemaArn"]
    dataset = control.create_dataset(name="users", datasetGroupArn=group, schemaArn=schema, datasetType="USERS")
    await_active(control, dataset["datasetArn"])
    return group, dataset["datasetArn"]


def _until(is_so: Callable[[], bool]) -> None:
    tries = 0
    while not is_so():
        tries += 1
        assert tries < 100_000
