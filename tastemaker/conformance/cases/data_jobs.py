"""Import, export and deletion of data: where they read and write, and why they fail."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance import resources, samples
from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.resources import DELETION_JOB, EXPORT_JOB, IMPORT_JOB
from tastemaker.conformance.samples import dataset, fresh, group, import_of, imported, schema, spare_group
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"


@case("CreateDatasetImportJob", "error", error=INVALID, reference="§5.2, §9.1", level=Level.DATA)
def from_where_nothing_is(world: World, expect: Expect) -> None:
    given = fresh(world, IMPORT_JOB)
    for location in (world.location("no-such-file.csv"), world.location("no-such-folder/"), "ftp://bucket/key"):
        call = world.calling("CreateDatasetImportJob", given, dataSource={"dataLocation": location})
        expect.refused(call, code=INVALID)


@case("CreateDatasetImportJob", "error", error=INVALID, reference="§7", level=Level.DATA)
def with_a_role_or_a_mode_that_is_none(world: World, expect: Expect) -> None:
    given = fresh(world, IMPORT_JOB)
    for more in ({"roleArn": "no-role"}, {"importMode": "SOME"}, {"dataSource": {"dataLocation": "x" * 300}}):
        expect.refused(world.calling("CreateDatasetImportJob", given, **more), code=INVALID)


@case("CreateDatasetImportJob", "rule", reference="§9.2", level=Level.DATA)
def the_first_import_cannot_be_incremental(world: World, expect: Expect) -> None:
    location = world.put("data/first.csv", data.users())
    with world.throwaway("Dataset", **fresh(world, resources.DATASET)) as empty:
        call = world.calling(
            "CreateDatasetImportJob",
            jobName=world.name("import"),
            datasetArn=empty.arn,
            dataSource={"dataLocation": location},
            roleArn=world.role_arn,
            importMode="INCREMENTAL",
        )
        expect.refused(call, code=INVALID)


@case("CreateDatasetImportJob", "rule", reference="§5.2", level=Level.DATA)
def a_missing_column_fails_the_job_in_words(world: World, expect: Expect) -> None:
    shown = _import_of_users(world, "USER_ID,AGE\nann,3\n")
    expect.equal("status", "CREATE FAILED", shown["status"])
    reason = "Input CSV is missing the following columns: [MEMBERSHIP]."
    expect.equal("failureReason", reason, shown.get("failureReason"))


@case("CreateDatasetImportJob", "rule", reference="§8.3, §9.1", level=Level.DATA)
def rows_that_do_not_conform_fail_the_job(world: World, expect: Expect) -> None:
    for row in ("ann,old,Gold", f"{'x' * 257},3,Gold", f"ann,3,{'x' * 1001}"):
        shown = _import_of_users(world, f"USER_ID,AGE,MEMBERSHIP\n{row}\n")
        expect.equal(f"status for the row {row[:20]}", "CREATE FAILED", shown["status"])
        expect.members("a failed job", shown, ["failureReason"])


@case("CreateDatasetImportJob", "rule", reference="§9.1", level=Level.DATA)
def columns_are_found_by_their_names_and_empty_cells_are_null(world: World, expect: Expect) -> None:
    shown = _import_of_users(world, 'MEMBERSHIP,USER_ID,AGE\n"a \\"b\\", c",ann,\n')
    expect.equal("status", "ACTIVE", shown["status"])


@case("CreateDatasetImportJob", "rule", reference="§9.2", level=Level.DATA)
def a_thousand_interactions_are_the_least(world: World, expect: Expect) -> None:
    text = "\n".join(data.interactions().splitlines()[:1000])
    made = world.create("DatasetImportJob", **_into_spare_interactions(world, text))
    shown = world.settled(made.arn)
    expect.equal("status", "CREATE FAILED", shown["status"])
    expect.members("a failed job", shown, ["failureReason"])


@case("CreateDatasetImportJob", "question", reference="§9.1", level=Level.DATA)
def a_column_that_the_schema_has_not(world: World, expect: Expect) -> None:
    shown = _import_of_users(world, "USER_ID,AGE,MEMBERSHIP,SHOE_SIZE\nann,3,Gold,43\n")
    expect.answer("an extra column", shown["status"], chosen="ACTIVE")


@case("DescribeDatasetImportJob", "rule", reference="§7, §9.2", level=Level.DATA)
def full_unless_told_otherwise(world: World, expect: Expect) -> None:
    shown = world.describe(import_of(world, "USERS").arn)
    expect.equal("importMode", "FULL", shown.get("importMode"))
    expect.equal("publishAttributionMetricsToS3", False, shown.get("publishAttributionMetricsToS3", False))


@case("CreateDatasetExportJob", "effect", reference="§21", level=Level.DATA)
def the_file_has_what_was_imported(world: World, expect: Expect) -> None:
    import_of(world, "ITEMS")
    name = world.name("export")
    where = {"s3DataDestination": {"path": world.location(f"{name}/")}}
    given = {**fresh(world, EXPORT_JOB), "datasetArn": dataset(world, "ITEMS").arn, "jobOutput": where}
    world.made("DatasetExportJob", **{**given, "ingestionMode": "BULK"})
    lines = [line for text in world.texts(f"{name}/").values() for line in text.splitlines()]
    columns = {field["name"] for field in data.ITEM_FIELDS}
    expect.true("a header has the fields", any(columns <= set(line.split(",")) for line in lines), lines[:1])
    rows = sum(line.startswith("item-") or ",item-" in line for line in lines)
    expect.equal("the number of rows", data.ITEMS, rows)


@case("CreateDatasetExportJob", "error", error=INVALID, reference="§7, §21", level=Level.DATA)
def to_where_no_folder_is(world: World, expect: Expect) -> None:
    given = fresh(world, EXPORT_JOB)
    for more in (
        {"ingestionMode": "SOME"},
        {"roleArn": "no-role"},
        {"jobOutput": {"s3DataDestination": {"path": "ftp://bucket/"}}},
    ):
        expect.refused(world.calling("CreateDatasetExportJob", given, **more), code=INVALID)


@case("DescribeDatasetExportJob", "rule", reference="§7", level=Level.DATA)
def what_was_put_unless_told_otherwise(world: World, expect: Expect) -> None:
    given = {name: value for name, value in fresh(world, EXPORT_JOB).items() if name != "ingestionMode"}
    made = world.create("DatasetExportJob", **given)
    expect.equal("ingestionMode", "PUT", world.settled(made.arn).get("ingestionMode"))


@case("CreateDataDeletionJob", "effect", reference="§21", level=Level.DATA)
def the_users_are_no_longer_exported(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group")) as own:
        made = world.made(
            "Dataset",
            name=world.name("dataset"),
            datasetGroupArn=own.arn,
            schemaArn=schema(world, "USERS").arn,
            datasetType="USERS",
        )
        imported(world, made.arn, "deletion/all.csv", data.users())
        gone = world.put("deletion/gone.csv", f"USER_ID\n{data.user(7)}\n")
        deletion = {**_deletion(world), "datasetGroupArn": own.arn, "dataSource": {"dataLocation": gone}}
        job = world.made("DataDeletionJob", **deletion)
        expect.true("numDeleted counts", world.describe(job.arn).get("numDeleted", 0) >= 1, world.describe(job.arn))
        where = {"s3DataDestination": {"path": world.location("deletion/export/")}}
        export = {**fresh(world, EXPORT_JOB), "datasetArn": made.arn, "jobOutput": where}
        world.made("DatasetExportJob", **export)
        text = "\n".join(world.texts("deletion/export/").values())
        expect.true("the user is gone", f"{data.user(7)}," not in text, text[:200])
        expect.true("others are there", f"{data.user(8)}," in text, text[:200])
        world.discard(made.arn)


@case("CreateDataDeletionJob", "error", error=INVALID, reference="§21", level=Level.DATA)
def of_users_whom_no_file_names(world: World, expect: Expect) -> None:
    given = _deletion(world)
    nothing = {"dataLocation": world.location("no-such-file.csv")}
    for more in ({"dataSource": nothing}, {"roleArn": "no-role"}, {"dataSource": {"dataLocation": "ftp://bucket/"}}):
        expect.refused(world.calling("CreateDataDeletionJob", given, **more), code=INVALID)


@case("ListDataDeletionJobs", "rule", reference="§6", level=Level.DATA)
def the_newest_first(world: World, expect: Expect) -> None:
    made = [world.made("DataDeletionJob", **fresh(world, DELETION_JOB)).arn for _ in range(2)]
    listed = [job["dataDeletionJobArn"] for job in world.everything(DELETION_JOB, datasetGroupArn=group(world).arn)]
    expect.equal("the two newest", made[::-1], [arn for arn in listed if arn in made])


def _deletion(world: World) -> Members:
    return fresh(world, DELETION_JOB)


def _import_of_users(world: World, text: str) -> Members:
    """How an import of that file into a new Users dataset ends."""
    name = world.name("import")
    with world.throwaway("Dataset", **fresh(world, resources.DATASET)) as made:
        job = world.create(
            "DatasetImportJob",
            jobName=name,
            datasetArn=made.arn,
            dataSource={"dataLocation": world.put(f"data/{name}.csv", text)},
            roleArn=world.role_arn,
        )
        return world.settled(job.arn)


def _into_spare_interactions(world: World, text: str) -> Members:
    arn = world.everything(resources.DATASET, datasetGroupArn=spare_group(world).arn)[-1]["datasetArn"]
    return {
        "jobName": world.name("import"),
        "datasetArn": arn,
        "dataSource": {"dataLocation": world.put("data/few.csv", text)},
        "roleArn": world.role_arn,
    }


@case("CreateDatasetImportJob", "question", reference="§4.1, §26", level=Level.DATA)
def without_a_role(world: World, expect: Expect) -> None:
    given = {name: value for name, value in fresh(world, IMPORT_JOB).items() if name != "roleArn"}
    expect.answer(
        "an import without a roleArn", outcome_of(world.calling("CreateDatasetImportJob", given)), chosen=INVALID
    )
    arn = samples.dataset(world, "USERS").arn
    for job in world.everything(IMPORT_JOB, datasetArn=arn):
        world.settled(str(job["datasetImportJobArn"]))
