"""Dataset groups, schemas, datasets and import jobs, through a boto3 client."""

from __future__ import annotations

from tastemaker.personalize.quotas import Quotas
from tests.unit.personalize.scene import ACCOUNT, ARN, INTERACTIONS, LOCATION, REGION, ROLE, USERS, Scene, refused

CREATING = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
GROUP = f"{ARN}:dataset-group/shop"


def test_a_dataset_group_passes_through_its_states(scene: Scene) -> None:
    arn = scene.control.create_dataset_group(name="shop")["datasetGroupArn"]

    seen = scene.until_active(lambda: scene.control.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"])

    assert arn == GROUP
    assert seen == CREATING


def test_a_dataset_group_describes_itself_without_members_it_was_not_given(scene: Scene) -> None:
    scene.group()
    group = scene.control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"]

    assert group.keys() == {"name", "datasetGroupArn", "status", "creationDateTime", "lastUpdatedDateTime"}


def test_a_domain_dataset_group_tells_its_domain(scene: Scene) -> None:
    created = scene.control.create_dataset_group(name="shop", domain="ECOMMERCE")

    assert created["domain"] == "ECOMMERCE"
    assert scene.control.list_dataset_groups()["datasetGroups"][0]["domain"] == "ECOMMERCE"


def test_a_key_and_the_role_that_uses_it_come_together(scene: Scene) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
    with refused("InvalidInputException", "kmsKeyArn"):
        scene.control.create_dataset_group(name="shop", roleArn=ROLE)
    with refused("InvalidInputException", "roleArn"):
        scene.control.create_dataset_group(name="shop", kmsKeyArn=key)
    scene.control.create_dataset_group(name="shop", kmsKeyArn=key, roleArn=ROLE)


def test_a_name_in_use_is_refused(scene: Scene) -> None:
    scene.control.create_dataset_group(name="shop")

    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {GROUP} already exists."):
        scene.control.create_dataset_group(name="shop")


def test_a_deleted_dataset_group_goes_and_its_name_is_free(scene: Scene) -> None:
    scene.group()
    scene.control.delete_dataset_group(datasetGroupArn=GROUP)

    seen = scene.until_gone(lambda: scene.control.describe_dataset_group(datasetGroupArn=GROUP)["datasetGroup"])

    assert seen == ["DELETE PENDING"]
    scene.group()


def test_a_second_delete_is_refused(scene: Scene) -> None:
    scene.group()
    scene.control.delete_dataset_group(datasetGroupArn=GROUP)

    with refused("ResourceInUseException", "DELETE PENDING"):
        scene.control.delete_dataset_group(datasetGroupArn=GROUP)


def test_a_group_with_a_dataset_or_in_creation_is_not_deleted(scene: Scene) -> None:
    arn = scene.control.create_dataset_group(name="young")["datasetGroupArn"]
    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.delete_dataset_group(datasetGroupArn=arn)

    dataset = scene.dataset()
    with refused("ResourceInUseException", dataset):
        scene.control.delete_dataset_group(datasetGroupArn=GROUP)


def test_a_caller_that_retries_without_describing_gets_through(scene: Scene) -> None:
    scene.group()
    scene.control.delete_dataset_group(datasetGroupArn=GROUP)
    with refused("ResourceAlreadyExistsException"):
        scene.control.create_dataset_group(name="shop")

    scene.clock.advance(10)

    scene.control.create_dataset_group(name="shop")


def test_a_schema_is_usable_at_once_and_has_no_status(scene: Scene) -> None:
    arn = scene.control.create_schema(name="events", schema=INTERACTIONS)["schemaArn"]

    schema = scene.control.describe_schema(schemaArn=arn)["schema"]

    assert arn == f"{ARN}:schema/events"
    assert schema["schema"] == INTERACTIONS
    assert "status" not in schema
    assert "schema" not in scene.control.list_schemas()["schemas"][0]


def test_a_schema_that_breaks_a_rule_is_refused_in_words(scene: Scene) -> None:
    with refused("InvalidInputException", "TIMESTAMP"):
        scene.control.create_schema(name="events", schema=INTERACTIONS.replace('"TIMESTAMP"', '"WHEN"'))


def test_a_schema_goes_at_once_unless_a_dataset_has_it(scene: Scene) -> None:
    dataset = scene.dataset()
    spare = scene.schema("spare")

    with refused("ResourceInUseException", dataset):
        scene.control.delete_schema(schemaArn=f"{ARN}:schema/events")
    scene.control.delete_schema(schemaArn=spare)
    with refused("ResourceNotFoundException", spare):
        scene.control.describe_schema(schemaArn=spare)


def test_a_dataset_is_named_for_its_group_and_type(scene: Scene) -> None:
    group, schema = scene.group(), scene.schema()

    arn = scene.control.create_dataset(
        name="any-name", datasetGroupArn=group, schemaArn=schema, datasetType="interactions"
    )["datasetArn"]
    seen = scene.until_active(lambda: scene.control.describe_dataset(datasetArn=arn)["dataset"])

    dataset = scene.control.describe_dataset(datasetArn=arn)["dataset"]
    assert arn == f"{ARN}:dataset/shop/INTERACTIONS"
    assert (dataset["name"], dataset["datasetType"], dataset["schemaArn"]) == ("any-name", "INTERACTIONS", schema)
    assert seen == CREATING


def test_a_dataset_needs_an_active_group(scene: Scene) -> None:
    group = scene.control.create_dataset_group(name="shop")["datasetGroupArn"]
    schema = scene.schema()

    with refused("ResourceInUseException", "CREATE PENDING"):
        scene.control.create_dataset(name="d", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS")


def test_a_dataset_needs_a_schema_and_a_group_that_exist(scene: Scene) -> None:
    group, schema = scene.group(), scene.schema()
    with refused("ResourceNotFoundException", "schema/none"):
        scene.control.create_dataset(
            name="d", datasetGroupArn=group, schemaArn=f"{ARN}:schema/none", datasetType="INTERACTIONS"
        )
    with refused("ResourceNotFoundException", "dataset-group/none"):
        scene.control.create_dataset(
            name="d", datasetGroupArn=f"{ARN}:dataset-group/none", schemaArn=schema, datasetType="INTERACTIONS"
        )


def test_a_group_has_one_dataset_of_a_type(scene: Scene) -> None:
    dataset = scene.dataset()

    with refused("ResourceAlreadyExistsException", dataset):
        scene.control.create_dataset(
            name="other", datasetGroupArn=GROUP, schemaArn=f"{ARN}:schema/events", datasetType="INTERACTIONS"
        )


def test_the_schema_has_to_be_of_the_datasets_type(scene: Scene) -> None:
    group, users = scene.group(), scene.schema("users", USERS)

    with refused("InvalidInputException", "describes USERS, not INTERACTIONS"):
        scene.control.create_dataset(name="d", datasetGroupArn=group, schemaArn=users, datasetType="INTERACTIONS")
    with refused("InvalidInputException", "datasetType PRODUCTS is none of"):
        scene.control.create_dataset(name="d", datasetGroupArn=group, schemaArn=users, datasetType="products")


def test_schema_and_group_have_to_be_of_one_domain(scene: Scene) -> None:
    group, schema = scene.group(domain="ECOMMERCE"), scene.schema()

    with refused("InvalidInputException", "ECOMMERCE", "without a domain"):
        scene.control.create_dataset(name="d", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS")
    with refused("InvalidInputException", "has no ACTIONS dataset"):
        scene.control.create_dataset(name="d", datasetGroupArn=group, schemaArn=schema, datasetType="ACTIONS")


def test_a_deleted_dataset_takes_its_records_along(scene: Scene) -> None:
    scene.imported()
    arn = f"{ARN}:dataset/shop/INTERACTIONS"
    assert scene.jobs.datasets.holds(arn)

    scene.control.delete_dataset(datasetArn=arn)
    seen = scene.until_gone(lambda: scene.control.describe_dataset(datasetArn=arn)["dataset"])

    assert seen == ["DELETE PENDING", "DELETE IN_PROGRESS"]
    assert not scene.jobs.datasets.holds(arn)


def test_a_dataset_is_not_deleted_during_an_import_or_a_training(scene: Scene) -> None:
    dataset = scene.dataset()
    job = scene.start_import(dataset)
    with refused("ResourceInUseException", job):
        scene.control.delete_dataset(datasetArn=dataset)

    scene.jobs.succeed()
    scene.clock.advance(10)
    version = scene.control.create_solution_version(solutionArn=scene.solution())["solutionVersionArn"]
    with refused("ResourceInUseException", version):
        scene.control.delete_dataset(datasetArn=dataset)


def test_an_import_job_is_active_when_the_import_has_ended(scene: Scene) -> None:
    job = scene.start_import(scene.dataset())

    def status() -> str:
        return scene.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]["status"]

    running = [status() for _ in range(4)]
    scene.jobs.succeed()

    assert running == ["CREATE PENDING", *["CREATE IN_PROGRESS"] * 3]
    assert status() == "ACTIVE"


def test_an_import_job_tells_what_it_was_given(scene: Scene) -> None:
    dataset = scene.dataset()
    job = scene.start_import(dataset, "load-1")

    described = scene.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]

    assert job == f"{ARN}:dataset-import-job/load-1"
    assert (described["jobName"], described["datasetArn"], described["roleArn"]) == ("load-1", dataset, ROLE)
    assert described["dataSource"] == {"dataLocation": LOCATION}
    assert (described["importMode"], described["publishAttributionMetricsToS3"]) == ("FULL", False)
    assert "failureReason" not in described


def test_the_import_is_handed_to_the_jobs_with_the_parsed_schema(scene: Scene) -> None:
    job = scene.start_import(scene.dataset())

    [(key, spec)] = scene.jobs.imports
    assert key == job
    assert (spec.dataset_arn, spec.location, spec.role_arn) == (f"{ARN}:dataset/shop/INTERACTIONS", LOCATION, ROLE)
    assert [field.name for field in spec.schema.fields] == ["USER_ID", "ITEM_ID", "TIMESTAMP"]


def test_a_failed_import_tells_why_in_describe_and_list(scene: Scene) -> None:
    job = scene.start_import(scene.dataset())
    scene.jobs.fail("Input CSV is missing the following columns: [USER_ID].")
    for _ in range(3):
        described = scene.control.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]

    [listed] = scene.control.list_dataset_import_jobs()["datasetImportJobs"]
    assert (described["status"], listed["status"]) == ("CREATE FAILED", "CREATE FAILED")
    assert described["failureReason"] == "Input CSV is missing the following columns: [USER_ID]."
    assert listed["failureReason"] == described["failureReason"]


def test_a_location_that_the_role_cannot_read_is_refused_at_once(scene: Scene) -> None:
    dataset = scene.dataset()
    scene.jobs.refusal = "Insufficient privileges for accessing data in S3."

    with refused("InvalidInputException", "Insufficient privileges for accessing data in S3."):
        scene.start_import(dataset)
    assert scene.control.list_dataset_import_jobs()["datasetImportJobs"] == []


def test_an_import_needs_a_role_and_a_location(scene: Scene) -> None:
    dataset = scene.dataset()
    with refused("InvalidInputException", "roleArn"):
        scene.control.create_dataset_import_job(jobName="j", datasetArn=dataset, dataSource={"dataLocation": LOCATION})
    with refused("InvalidInputException", "dataSource.dataLocation"):
        scene.control.create_dataset_import_job(jobName="j", datasetArn=dataset, dataSource={}, roleArn=ROLE)


def test_the_first_import_cannot_be_incremental(scene: Scene) -> None:
    dataset = scene.dataset()
    with refused("InvalidInputException", "importMode FULL"):
        scene.start_import(dataset, importMode="INCREMENTAL")
    scene.start_import(dataset, "first")
    scene.jobs.succeed()
    scene.clock.advance(10)

    scene.start_import(dataset, "second", importMode="INCREMENTAL")

    assert scene.jobs.imports[1][1].mode == "INCREMENTAL"


def test_job_names_are_never_free_again(scene: Scene) -> None:
    dataset = scene.dataset()
    job = scene.start_import(dataset)
    scene.jobs.fail("bad header")
    scene.clock.advance(10)

    with refused("ResourceAlreadyExistsException", job):
        scene.start_import(dataset)


def test_a_dataset_takes_one_import_at_a_time(scene: Scene) -> None:
    dataset = scene.dataset()
    first = scene.start_import(dataset, "first")

    with refused("ResourceInUseException", first):
        scene.start_import(dataset, "second")


def test_five_imports_at_once_are_the_most() -> None:
    scene = Scene(quotas=Quotas(dataset_groups=None))
    schema = scene.schema()
    datasets = []
    for number in range(6):
        group = scene.group(f"shop{number}")
        datasets.append(
            scene.control.create_dataset(name="d", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS")[
                "datasetArn"
            ]
        )
    scene.clock.advance(10)
    for number in range(5):
        scene.start_import(datasets[number], f"load{number}")

    with refused("LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status."):
        scene.start_import(datasets[5], "load5")
    scene.personalize.close()


def test_a_region_has_five_dataset_groups_unless_the_quota_is_another(scene: Scene) -> None:
    for number in range(5):
        scene.group(f"shop{number}")

    with refused("LimitExceededException", "Cannot create a dataset group. More than 5 resources in ACTIVE state."):
        scene.group("shop5")


def test_lists_are_narrowed_by_their_parent_and_show_summaries(scene: Scene) -> None:
    dataset = scene.dataset()
    scene.start_import(dataset)
    other = scene.group("other")

    assert [d["datasetArn"] for d in scene.control.list_datasets(datasetGroupArn=GROUP)["datasets"]] == [dataset]
    assert scene.control.list_datasets(datasetGroupArn=other)["datasets"] == []
    assert "schemaArn" not in scene.control.list_datasets()["datasets"][0]
    assert len(scene.control.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]) == 1


def test_lists_come_newest_first_in_pages(scene: Scene) -> None:
    for number in range(5):
        scene.control.create_dataset_group(name=f"g{number}")

    pages = list(scene.control.get_paginator("list_dataset_groups").paginate(PaginationConfig={"PageSize": 2}))

    assert [[group["name"] for group in page["datasetGroups"]] for page in pages] == [
        ["g4", "g3"],
        ["g2", "g1"],
        ["g0"],
    ]


def test_a_garbled_token_is_refused(scene: Scene) -> None:
    with refused("InvalidNextTokenException"):
        scene.control.list_schemas(nextToken="garbled")


def test_a_token_of_another_filter_is_refused(scene: Scene) -> None:
    for number in range(2):
        scene.start_import(scene.dataset() if number == 0 else f"{ARN}:dataset/shop/INTERACTIONS", f"load{number}")
        scene.jobs.succeed()
        scene.clock.advance(10)
    token = scene.control.list_dataset_import_jobs(maxResults=1)["nextToken"]

    with refused("InvalidNextTokenException"):
        scene.control.list_dataset_import_jobs(maxResults=1, nextToken=token, datasetArn=f"{ARN}:dataset/o/ITEMS")


def test_a_resource_of_another_kind_is_not_found(scene: Scene) -> None:
    schema = scene.schema()

    with refused("ResourceNotFoundException", schema):
        scene.control.describe_dataset(datasetArn=schema)
