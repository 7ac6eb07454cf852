"""Tags: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance.case import Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import group, schema
from tastemaker.conformance.world import World

_ONE: Final[Members] = {"tags": [{"tagKey": "team", "tagValue": "shop"}]}
_OPERATIONS: Final[dict[str, Members]] = {
    "TagResource": _ONE,
    "UntagResource": {"tagKeys": ["team"]},
    "ListTagsForResource": {},
}


def _tags(world: World, arn: str) -> dict[str, str]:
    listed = world.call("ListTagsForResource", resourceArn=arn)["tags"]
    return {tag["tagKey"]: tag["tagValue"] for tag in listed}


def _tagged(count: int, *, key: str = "key") -> list[Members]:
    return [{"tagKey": f"{key}-{number}", "tagValue": "value"} for number in range(count)]


@case("TagResource", "success", reference="§6")
def an_empty_answer(world: World, expect: Expect) -> None:
    expect.equal("the answer", {}, world.call("TagResource", **_ONE, resourceArn=group(world).arn))


@case("TagResource", "effect", reference="§6")
def the_tags_of_a_create_and_later_ones_are_listed(world: World, expect: Expect) -> None:
    tags = [{"tagKey": "one", "tagValue": "1"}, {"tagKey": "two", "tagValue": ""}]
    with world.throwaway("DatasetGroup", name=world.name("group"), tags=tags) as made:
        expect.equal("the tags of Create", {"one": "1", "two": ""}, _tags(world, made.arn))
        world.call("TagResource", resourceArn=made.arn, tags=[{"tagKey": "two", "tagValue": "2"}])
        expect.equal("after an overwriting tag", {"one": "1", "two": "2"}, _tags(world, made.arn))
        expect.without("Describe", world.describe(made.arn), ["tags"])


@case("UntagResource", "success", reference="§6")
def an_empty_answer_too(world: World, expect: Expect) -> None:
    expect.equal("the answer", {}, world.call("UntagResource", tagKeys=["team"], resourceArn=group(world).arn))


@case("UntagResource", "effect", reference="§6")
def the_tag_is_no_longer_listed(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group"), tags=_tagged(2)) as made:
        world.call("UntagResource", resourceArn=made.arn, tagKeys=["key-0"])
        expect.equal("the tags", {"key-1": "value"}, _tags(world, made.arn))


@case("UntagResource", "question", reference="§6")
def a_key_that_is_absent(world: World, expect: Expect) -> None:
    seen = outcome_of(world.calling("UntagResource", resourceArn=group(world).arn, tagKeys=["never-there"]))
    expect.answer("an absent tag key", seen, chosen="accepted")


@case("ListTagsForResource", "success", reference="§6")
def what_has_none(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group")) as made:
        expect.equal("the tags", {"tags": []}, world.call("ListTagsForResource", resourceArn=made.arn))


@case("ListTagsForResource", "effect", reference="§6")
def shows_what_was_tagged(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group")) as made:
        world.call("TagResource", resourceArn=made.arn, **_ONE)
        expect.equal("the tags", _ONE, world.call("ListTagsForResource", resourceArn=made.arn))


@case("TagResource", "error", error="TooManyTagsException", reference="§6")
def more_than_50_on_a_resource(world: World, expect: Expect) -> None:
    with world.throwaway("DatasetGroup", name=world.name("group"), tags=_tagged(30)) as made:
        call = world.calling("TagResource", resourceArn=made.arn, tags=_tagged(21, key="more"))
        expect.refused(call, code="TooManyTagsException")
        expect.equal("the number of tags afterwards", 30, len(_tags(world, made.arn)))


@case("UntagResource", "error", error="TooManyTagKeysException", reference="§6, App. A")
def more_than_50_keys(world: World, expect: Expect) -> None:
    keys = [f"key-{number}" for number in range(51)]
    call = world.calling("UntagResource", resourceArn=group(world).arn, tagKeys=keys)
    expect.refused(call, code="TooManyTagKeysException")


@case("TagResource", "rule", reference="§6")
def reserved_keys_and_strange_characters_are_refused(world: World, expect: Expect) -> None:
    for key in ("aws:mine", "k" * 129, "semi;colon"):
        call = world.calling("TagResource", resourceArn=group(world).arn, tags=[{"tagKey": key, "tagValue": ""}])
        expect.refused(call, code="InvalidInputException")


@case("TagResource", "rule", reference="§6")
def a_schema_has_no_tags(world: World, expect: Expect) -> None:
    call = world.calling("TagResource", _ONE, resourceArn=schema(world).arn)
    expect.true("tags of a schema are refused", outcome_of(call) != "accepted", "accepted")


def _no_arn(operation: str, given: Members) -> Run:
    def run(world: World, expect: Expect) -> None:
        expect.refused(world.calling(operation, given, resourceArn="no-arn"), code="InvalidInputException")

    return run


def _nothing(operation: str, given: Members) -> Run:
    def run(world: World, expect: Expect) -> None:
        absent = world.absent(group(world).arn)
        message = f"Resource Arn {absent} does not exist."
        call = world.calling(operation, given, resourceArn=absent)
        expect.refused(call, code="ResourceNotFoundException", message=message)

    return run


for _operation, _given in _OPERATIONS.items():
    case(_operation, "error", error="InvalidInputException", reference="§2.1", title="what is no ARN")(
        _no_arn(_operation, _given)
    )
    case(_operation, "error", error="ResourceNotFoundException", reference="§2.1", title="an ARN of nothing")(
        _nothing(_operation, _given)
    )
