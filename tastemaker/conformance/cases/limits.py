"""LimitExceededException: one more than an account, a region or a dataset group may have."""

from __future__ import annotations

from functools import partial
from typing import Final

from tastemaker.conformance import resources, sample_data, samples
from tastemaker.conformance.case import Run, case
from tastemaker.conformance.endpoint import Members, Refused
from tastemaker.conformance.expectations import Expect
from tastemaker.conformance.resources import Resource
from tastemaker.conformance.samples import fresh
from tastemaker.conformance.world import World

LIMIT: Final = "LimitExceededException"


def _one_more(resource: Resource, message: str | None = None) -> Run:
    def run(world: World, expect: Expect) -> None:
        most = world.quotas[resource.word]
        made, refused = _until_refused(world, resource, most + 1)
        for arn in made:
            _take_away(world, resource, arn)
        if refused is None:
            expect.equal(f"an answer to number {most + 1}", LIMIT, "accepted")
            return
        expect.refused(partial(_again, refused), code=LIMIT, message=message)

    return run


def _until_refused(world: World, resource: Resource, most: int) -> tuple[list[str], Refused | None]:
    """What was made until the endpoint refused one, and its refusal; None where it took all."""
    made: list[str] = []
    samples.sample(world, resource)
    given = _imports(world) if resource is resources.IMPORT_JOB else [fresh(world, resource) for _ in range(most)]
    for one in given:
        try:
            made.append(world.create(resource.word, **one).arn)
        except Refused as refused:
            return made, refused
    return made, None


def _imports(world: World) -> list[Members]:
    """Six imports, each into another dataset: a second one into the same may be refused for that."""
    types = ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")
    given = [samples.import_of(world, dataset_type).given for dataset_type in types]
    spare = {entry["datasetArn"] for entry in _datasets(world, samples.spare_group(world).arn)}
    given += [{**given[0], "datasetArn": arn} for arn in spare]
    return [{**one, "jobName": world.name("import")} for one in given]


def _datasets(world: World, group_arn: str) -> list[Members]:
    return world.everything(resources.DATASET, datasetGroupArn=group_arn)


def _again(refused: Refused) -> Members:
    """A call that has been refused already."""
    raise refused


def _take_away(world: World, resource: Resource, arn: str) -> None:
    if resource is resources.VERSION:
        world.stop(arn)
    world.settled(arn)
    if resource.deletable:
        world.discard(arn)


_PENDING: Final = "More than 5 resources with PENDING or IN_PROGRESS status."
_CAMPAIGNS: Final = "Cannot create a campaign. More than 5 resources in ACTIVE state. Please delete some and try again."

for _kind, _message in (
    (resources.GROUP, None),
    (resources.IMPORT_JOB, _PENDING),
    (resources.DELETION_JOB, None),
    (resources.FILTER, None),
    (resources.SOLUTION, None),
    (resources.VERSION, None),
    (resources.CAMPAIGN, _CAMPAIGNS),
    (resources.RECOMMENDER, None),
    (resources.INFERENCE_JOB, None),
    (resources.SEGMENT_JOB, None),
):
    case(
        f"Create{_kind.word}",
        "error",
        error=LIMIT,
        reference="§24",
        level=_kind.level,
        title="one more than the quota",
    )(_one_more(_kind, _message))


@case("CreateFilter", "error", error=LIMIT, reference="§16.3")
def more_than_20_fields_in_a_group(world: World, expect: Expect) -> None:
    names = [f"FIELD_{number}" for number in range(22)]
    fields = [{"name": "ITEM_ID", "type": "string"}, *({"name": n, "type": ["null", "string"]} for n in names)]
    text = sample_data.avro("Items", fields)
    schema = world.made("Schema", name=world.name("schema"), schema=text)
    with world.throwaway("DatasetGroup", name=world.name("group")) as group:
        dataset = world.made(
            "Dataset", name=world.name("dataset"), datasetGroupArn=group.arn, schemaArn=schema.arn, datasetType="ITEMS"
        )
        made = []
        for part in (names[:10], names[10:20]):
            made.append(world.made("Filter", **_filter_on(world, group.arn, part)).arn)
        expect.refused(world.calling("CreateFilter", _filter_on(world, group.arn, names[20:])), code=LIMIT)
        for arn in (*made, dataset.arn):
            world.discard(arn)
    world.delete(schema.arn)


def _filter_on(world: World, group_arn: str, fields: list[str]) -> Members:
    conditions = " AND ".join(f'Items.{field} IN ("x")' for field in fields)
    return {
        "name": world.name("filter"),
        "datasetGroupArn": group_arn,
        "filterExpression": f"INCLUDE ItemID WHERE {conditions}",
    }
