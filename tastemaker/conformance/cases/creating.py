"""What the Create of every kind of resource has alike: its answer, and the refusals of names, ARNs and tags."""

from __future__ import annotations

import re
from typing import Final

from tastemaker.conformance import resources
from tastemaker.conformance.case import Kind, Run, case
from tastemaker.conformance.endpoint import inputs
from tastemaker.conformance.expectations import Expect
from tastemaker.conformance.resources import CREATED, Resource
from tastemaker.conformance.samples import fresh, sample
from tastemaker.conformance.world import World

_MOST_TAGS: Final = 50
_ARN: Final = r"arn:aws[a-z-]*:personalize:[a-z0-9-]+:\d{12}:"


def _answers(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = sample(world, resource)
        name = re.escape(str(made.given.get(resource.name_member, "")))
        pattern = f"{_ARN}{resource.arn_type}/{resource.arn_names.format(name=name)}"
        expect.true(f"{made.arn} has the form {pattern}", re.fullmatch(pattern, made.arn) is not None, made.arn)

    return run


def _is_shown(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = sample(world, resource)
        shown = world.describe(made.arn)
        given = {name: value for name, value in made.given.items() if name in shown and name != "datasetType"}
        for name, value in given.items():
            expect.equal(f"{name} as Describe shows it", value, _like(value, shown[name]))

    return run


def _begins_pending(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        seen = world.passed(sample(world, resource).arn)
        creation = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
        path = ["PENDING", "IN_PROGRESS", "COMPLETED"] if resource.ready == "COMPLETED" else creation
        # whoever asks seldom may miss a state, but sees none besides these, in no other order
        expect.equal("the statuses of its creation", [state for state in path if state in seen], seen)

    return run


def _taken(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = sample(world, resource)
        message = f"Another resource with Arn {made.arn} already exists."
        if resource is resources.VERSION:
            named = world.create(resource.word, **fresh(world, resource))
            expect.refused(world.calling("CreateSolutionVersion", named.given), code="ResourceAlreadyExistsException")
            world.call("StopSolutionVersionCreation", solutionVersionArn=named.arn)
            return
        again = world.calling(f"Create{resource.word}", made.given)
        expect.refused(again, code="ResourceAlreadyExistsException", message=message)

    return run


def _misnamed(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        given = fresh(world, resource)
        for name in ("-begins-with-a-dash", "has spaces", "n" * 64):
            call = world.calling(f"Create{resource.word}", given, **{resource.name_member: name})
            expect.refused(call, code="InvalidInputException")

    return run


def _within_nothing(resource: Resource, member: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        given = fresh(world, resource)
        absent = world.absent(str(given[member]))
        call = world.calling(f"Create{resource.word}", given, **{member: absent})
        expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")

    return run


def _within_no_arn(resource: Resource, member: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        call = world.calling(f"Create{resource.word}", fresh(world, resource), **{member: "no-arn"})
        expect.refused(call, code="InvalidInputException")

    return run


def _over_tagged(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        tags = [{"tagKey": f"key-{number}", "tagValue": "value"} for number in range(_MOST_TAGS + 1)]
        call = world.calling(f"Create{resource.word}", fresh(world, resource), tags=tags)
        expect.refused(call, code="TooManyTagsException")

    return run


def _like(expected: object, seen: object) -> object:
    """Of what is shown, the part that was given: the rest are defaults."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        return {name: _like(value, seen.get(name)) for name, value in expected.items()}
    return seen


def _register(resource: Resource) -> None:
    operation = f"Create{resource.word}"
    members = inputs(operation)
    arns = [name for name in members if name.endswith("Arn") and name not in ("roleArn", "kmsKeyArn", "filterArn")]

    def add(kind: Kind, run: Run, title: str, reference: str, error: str | None = None) -> None:
        case(operation, kind, reference=reference, level=resource.level, error=error, title=title)(run)

    add("success", _answers(resource), "answers with an ARN of its kind", "§2.1")
    add("effect", _is_shown(resource), "Describe shows what was given", "§2")
    if resource is not resources.SCHEMA:
        add("rule", _begins_pending(resource), "its states, in order", "§3")
    add("error", _taken(resource), "a name that is taken", "§2.1", "ResourceAlreadyExistsException")
    if resource is not resources.VERSION:
        add("error", _misnamed(resource), "names that are none", "§7", "InvalidInputException")
    for member in arns:
        add("error", _within_no_arn(resource, member), f"{member} is no ARN", "§2.1", "InvalidInputException")
        absent = _within_nothing(resource, member)
        add("error", absent, f"{member} of nothing", "§2.1", "ResourceNotFoundException")
    if "tags" in members:
        add("error", _over_tagged(resource), "51 tags", "§6", "TooManyTagsException")


for _resource in CREATED:
    _register(_resource)
