"""ResourceInUseException: what is asked of resources that are on their way to another state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tastemaker.conformance import resources, samples
from tastemaker.conformance.case import Level, Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.resources import Resource
from tastemaker.conformance.samples import fresh, schema, solution
from tastemaker.conformance.world import World

IN_USE: Final = "ResourceInUseException"


@contextmanager
def training(world: World) -> Iterator[str]:
    """A solution version that is being trained, for the time of the block."""
    samples.version(world)  # its data are there
    arn = world.create("SolutionVersion", solutionArn=solution(world).arn).arn
    try:
        yield arn
    finally:
        world.stop(arn)


def _in_a_group_that_is_made(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        given = fresh(world, resource)
        domain: Members = {"domain": "ECOMMERCE"} if resource is resources.RECOMMENDER else {}
        group = world.create("DatasetGroup", name=world.name("group"), **domain)
        seen = outcome_of(world.calling(f"Create{resource.word}", given, datasetGroupArn=group.arn))
        expect.answer("a dataset group that is not ACTIVE", seen, chosen=IN_USE)
        world.discard(group.arn)

    return run


for _kind in (
    resources.DATASET,
    resources.TRACKER,
    resources.SOLUTION,
    resources.RECOMMENDER,
    resources.ATTRIBUTION,
    resources.DELETION_JOB,
):
    case(
        f"Create{_kind.word}",
        "question",
        error=IN_USE,
        reference="§4.1",
        level=_kind.level,
        title="in a group that is not ACTIVE",
    )(_in_a_group_that_is_made(_kind))


@case("CreateDatasetImportJob", "error", error=IN_USE, reference="§4.1", level=Level.DATA)
def into_a_dataset_that_is_not_active(world: World, expect: Expect) -> None:
    given = fresh(world, resources.IMPORT_JOB)
    dataset = world.create("Dataset", **fresh(world, resources.DATASET))
    expect.refused(world.calling("CreateDatasetImportJob", given, datasetArn=dataset.arn), code=IN_USE)
    world.discard(dataset.arn)


@case("CreateDatasetImportJob", "question", reference="§9.2", level=Level.DATA)
def a_second_job_on_a_dataset(world: World, expect: Expect) -> None:
    first = world.create("DatasetImportJob", **fresh(world, resources.IMPORT_JOB))
    second = fresh(world, resources.IMPORT_JOB)
    expect.answer(
        "a second import into a dataset while one is under way",
        outcome_of(world.calling("CreateDatasetImportJob", second)),
        chosen=IN_USE,
    )
    for job in world.everything(resources.IMPORT_JOB, datasetArn=first.given["datasetArn"]):
        world.settled(str(job["datasetImportJobArn"]))


@case("CreateDatasetExportJob", "question", error=IN_USE, reference="§4.1", level=Level.DATA)
def of_a_dataset_that_is_not_active(world: World, expect: Expect) -> None:
    given = fresh(world, resources.EXPORT_JOB)
    dataset = world.create("Dataset", **fresh(world, resources.DATASET))
    seen = outcome_of(world.calling("CreateDatasetExportJob", given, datasetArn=dataset.arn))
    expect.answer("an export of a dataset that is not ACTIVE", seen, chosen=IN_USE)
    world.discard(dataset.arn)


@case("CreateSolutionVersion", "question", error=IN_USE, reference="§4.1", level=Level.TRAINING)
def of_a_solution_that_is_not_active(world: World, expect: Expect) -> None:
    made = world.create("Solution", **fresh(world, resources.SOLUTION))
    seen = outcome_of(world.calling("CreateSolutionVersion", solutionArn=made.arn))
    expect.answer("a version of a solution that is not ACTIVE", seen, chosen=IN_USE)
    world.settled(made.arn)
    for version in world.everything(resources.VERSION, solutionArn=made.arn):
        world.stop(str(version["solutionVersionArn"]))
    world.discard(made.arn)


@case("CreateCampaign", "question", error=IN_USE, reference="§4.1", level=Level.TRAINING)
def of_a_version_in_training(world: World, expect: Expect) -> None:
    with training(world) as version:
        seen = outcome_of(world.calling("CreateCampaign", name=world.name("campaign"), solutionVersionArn=version))
        expect.answer("a campaign of a version that is not ACTIVE", seen, chosen=IN_USE)


def _batch_of_a_version_in_training(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        given = fresh(world, resource)
        with training(world) as version:
            seen = outcome_of(world.calling(f"Create{resource.word}", given, solutionVersionArn=version))
            expect.answer("a batch job of a version that is not ACTIVE", seen, chosen=IN_USE)

    return run


for _kind in (resources.INFERENCE_JOB, resources.SEGMENT_JOB):
    case(
        f"Create{_kind.word}",
        "question",
        error=IN_USE,
        reference="§4.1",
        level=Level.TRAINING,
        title="of a version in training",
    )(_batch_of_a_version_in_training(_kind))


@case("GetSolutionMetrics", "error", error=IN_USE, reference="§4.1", level=Level.TRAINING)
def metrics_of_a_version_in_training(world: World, expect: Expect) -> None:
    with training(world) as version:
        expect.refused(world.calling("GetSolutionMetrics", solutionVersionArn=version), code=IN_USE)


@case("DeleteSolution", "error", error=IN_USE, reference="§4.2", level=Level.TRAINING)
def while_a_version_is_trained(world: World, expect: Expect) -> None:
    with training(world):
        expect.refused(world.calling("DeleteSolution", solutionArn=solution(world).arn), code=IN_USE)


@case("DeleteSolution", "error", error=IN_USE, reference="§4.2", level=Level.TRAINING)
def while_a_campaign_serves_it(world: World, expect: Expect) -> None:
    samples.campaign(world)
    expect.refused(world.calling("DeleteSolution", solutionArn=solution(world).arn), code=IN_USE)


@case("DeleteDataset", "error", error=IN_USE, reference="§4.2", level=Level.TRAINING)
def while_its_data_are_trained_on(world: World, expect: Expect) -> None:
    with training(world):
        expect.refused(world.calling("DeleteDataset", datasetArn=samples.dataset(world).arn), code=IN_USE)


@case("DeleteSchema", "error", error=IN_USE, reference="§4.2")
def while_a_dataset_has_it(world: World, expect: Expect) -> None:
    samples.dataset(world)
    expect.refused(world.calling("DeleteSchema", schemaArn=schema(world).arn), code=IN_USE)


@case("DeleteDatasetGroup", "error", error=IN_USE, reference="§4.2")
def while_a_dataset_is_in_it(world: World, expect: Expect) -> None:
    samples.dataset(world)
    expect.refused(world.calling("DeleteDatasetGroup", datasetGroupArn=samples.group(world).arn), code=IN_USE)


@case("DeleteDatasetGroup", "error", error=IN_USE, reference="§4.2")
def while_an_event_tracker_is_in_it(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group")) as group:
        tracker = world.made("EventTracker", name=world.name("tracker"), datasetGroupArn=group.arn)
        expect.refused(world.calling("DeleteDatasetGroup", datasetGroupArn=group.arn), code=IN_USE)
        world.delete(tracker.arn)


@case("StopSolutionVersionCreation", "question", error=IN_USE, reference="§3", level=Level.TRAINING)
def of_a_trained_version(world: World, expect: Expect) -> None:
    version = samples.version(world).arn
    seen = outcome_of(world.calling("StopSolutionVersionCreation", solutionVersionArn=version))
    expect.answer("stopping a version that is ACTIVE", seen, chosen=IN_USE)


def _tags_of_what_goes(operation: str, given: Members) -> Run:
    def run(world: World, expect: Expect) -> None:
        group = world.made("DatasetGroup", name=world.name("group"))
        world.call("DeleteDatasetGroup", datasetGroupArn=group.arn)
        seen = outcome_of(world.calling(operation, given, resourceArn=group.arn))
        expect.answer("tags of what is being deleted", seen, chosen="accepted")
        world.gone(group.arn)

    return run


for _operation, _given in (
    ("TagResource", {"tags": [{"tagKey": "key", "tagValue": "value"}]}),
    ("UntagResource", {"tagKeys": ["key"]}),
    ("ListTagsForResource", {}),
):
    case(_operation, "question", error=IN_USE, reference="App. A", title="of what is being deleted")(
        _tags_of_what_goes(_operation, _given)
    )
