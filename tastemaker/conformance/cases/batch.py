"""Batch inference and batch segments: their files, and what they refuse."""

from __future__ import annotations

import json
from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect
from tastemaker.conformance.resources import INFERENCE_JOB, SEGMENT_JOB, Resource
from tastemaker.conformance.samples import fresh, job, version
from tastemaker.conformance.world import Sample, World

INVALID: Final = "InvalidInputException"


def _output(world: World, made: Sample) -> dict[str, str]:
    """The files that a job has written, by their names."""
    path = str(made.given["jobOutput"]["s3DataDestination"]["path"])
    return world.texts(path.removeprefix(world.location("")))


def _lines(world: World, made: Sample) -> list[Members]:
    texts = [text for name, text in _output(world, made).items() if name.endswith(".out")]
    return [json.loads(line) for text in texts for line in text.splitlines() if line]


def _run(world: World, resource: Resource, recipe: str, lines: str, **more: object) -> Sample:
    """A finished job over these lines, of the trained version of that recipe."""
    name = world.name("batch")
    given = {
        **fresh(world, resource),
        "jobName": name,
        "solutionVersionArn": version(world, recipe).arn,
        "jobInput": {"s3DataSource": {"path": world.put(f"batch/{name}.json", lines)}},
        "jobOutput": {"s3DataDestination": {"path": world.location(f"{name}/")}},
        **more,
    }
    return world.made(resource.word, **{name: value for name, value in given.items() if value is not None})


@case("CreateBatchInferenceJob", "effect", reference="§20.1, §20.2", level=Level.TRAINING)
def a_line_of_output_for_each_of_input(world: World, expect: Expect) -> None:
    made = job(world, INFERENCE_JOB)
    names = sorted(_output(world, made))
    expect.equal("the files", ["_CHECK", "users.json.out"], names)
    lines = _lines(world, made)
    asked = sorted(line["input"]["userId"] for line in lines)
    expect.equal("the users", [data.user(number) for number in range(3)], asked)
    for line in lines:
        expect.members("a line", line, ["input", "output", "error"])
        expect.equal("error", None, line.get("error"))
        output = line.get("output") or {}
        expect.members("its output", output, ["recommendedItems", "scores"])
        expect.equal("the number of items", 5, len(output.get("recommendedItems", [])))
        expect.equal("the number of scores", 5, len(output.get("scores", [])))


def _with_a_bad_line(world: World) -> Sample:
    """A finished job over a good line and one that is none, with no word of how many results."""

    def make() -> Sample:
        lines = f'{{"userId":"{data.user(0)}"}}\n{{"itemId":"item-1"}}\n'
        return _run(world, INFERENCE_JOB, "aws-user-personalization", lines, numResults=None)

    return world.shared("batch inference job with a bad line", make)


@case("CreateBatchInferenceJob", "rule", reference="§20.1", level=Level.TRAINING)
def a_line_that_is_none_has_an_error_and_the_others_an_answer(world: World, expect: Expect) -> None:
    found = _lines(world, _with_a_bad_line(world))
    failed = [line for line in found if line.get("error")]
    expect.equal("the number of lines", 2, len(found))
    expect.equal("the number with an error", 1, len(failed))


@case("CreateBatchInferenceJob", "rule", reference="§20.2", level=Level.TRAINING)
def rankings_and_similar_items_have_lines_of_their_own(world: World, expect: Expect) -> None:
    line = json.dumps({"userId": data.user(0), "itemList": [data.item(1), data.item(2)]})
    (ranked,) = _lines(world, _run(world, INFERENCE_JOB, "aws-personalized-ranking", f"{line}\n")) or [{}]
    expect.equal("the ranking", [data.item(2), data.item(1)], ranked.get("output", {}).get("recommendedItems"))
    line = json.dumps({"itemId": data.item(0)})
    (similar,) = _lines(world, _run(world, INFERENCE_JOB, "aws-similar-items", f"{line}\n")) or [{}]
    expect.true("similar items are there", bool(similar.get("output", {}).get("recommendedItems")), similar)
    expect.without("similar items", similar.get("output", {}), ["scores"])


@case("CreateBatchSegmentJob", "effect", reference="§20.2", level=Level.TRAINING)
def the_users_of_an_item(world: World, expect: Expect) -> None:
    made = job(world, SEGMENT_JOB)
    lines = _lines(world, made)
    expect.equal("the items", [{"itemId": data.item(0)}], [line.get("input") for line in lines])
    users = lines[0].get("output", {}).get("usersList", []) if lines else []
    expect.equal("the number of users", 5, len(users))
    even = [user for user in users if int(user.partition("-")[2]) % 2 == 0]
    expect.equal("users who like items of its genre", users, even)


@case("CreateBatchSegmentJob", "rule", reference="§20.2", level=Level.TRAINING)
def the_users_of_an_attribute(world: World, expect: Expect) -> None:
    line = json.dumps({"itemAttributes": 'ITEMS.genres = "Odd"'})
    made = _run(world, SEGMENT_JOB, "aws-item-attribute-affinity", f"{line}\n")
    (found,) = _lines(world, made) or [{}]
    users = found.get("output", {}).get("usersList", [])
    expect.equal("the number of users", 5, len(users))
    odd = [user for user in users if int(user.partition("-")[2]) % 2 == 1]
    expect.equal("users who like items of that genre", users, odd)


def _paths_and_recipes(resource: Resource, wrong_recipe: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        given = fresh(world, resource)
        file = {"s3DataDestination": {"path": world.location("batch/no-folder")}}
        nothing = {"s3DataSource": {"path": world.location("no-such-file.json")}}
        for more in (
            {"jobOutput": file},
            {"jobInput": nothing},
            {"roleArn": "no-role"},
            {"solutionVersionArn": version(world, wrong_recipe).arn},
        ):
            expect.refused(world.calling(f"Create{resource.word}", given, **more), code=INVALID)

    return run


for _resource, _recipe in ((INFERENCE_JOB, "aws-item-affinity"), (SEGMENT_JOB, "aws-user-personalization")):
    case(
        f"Create{_resource.word}",
        "error",
        error=INVALID,
        reference="§4.1, §5.2, §20.1",
        level=Level.TRAINING,
        title="paths and recipes that will not do",
    )(_paths_and_recipes(_resource, _recipe))


@case("DescribeBatchInferenceJob", "rule", reference="§7, §20.1", level=Level.TRAINING)
def twenty_five_results_unless_told_otherwise(world: World, expect: Expect) -> None:
    made = _with_a_bad_line(world)
    expect.equal("batchInferenceJobMode", "BATCH_INFERENCE", world.describe(made.arn).get("batchInferenceJobMode"))
    counts = [len(line["output"]["recommendedItems"]) for line in _lines(world, made) if not line.get("error")]
    expect.equal("the number of items", [min(25, data.ITEMS)], counts)
