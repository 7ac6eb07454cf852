"""What the Describe and List of every kind of resource have alike."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance import resources
from tastemaker.conformance.case import Run, case
from tastemaker.conformance.endpoint import modelled_errors
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.resources import BUILT_IN, CREATED, Resource
from tastemaker.conformance.samples import fresh, sample
from tastemaker.conformance.world import Sample, World

_RECIPE: Final = "arn:aws:personalize:::recipe/aws-user-personalization"


def _arn(world: World, resource: Resource) -> str:
    if resource not in BUILT_IN:
        return sample(world, resource).arn
    recipe = world.call("DescribeRecipe", recipeArn=_RECIPE)["recipe"]
    return str(recipe[resource.arn_member])


def _shows(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        arn = _arn(world, resource)
        shown = world.describe(arn)
        expect.members("Describe", shown, resource.shown)
        expect.equal(resource.arn_member, arn, shown.get(resource.arn_member))
        if "status" in resource.shows:
            expect.equal("status", resource.ready, shown.get("status"))
        expect.without("Describe of what did not fail", shown, ["failureReason"])

    return run


def _no_arn(operation: str, member: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        for text in ("no-arn", f"arn:aws:s3:::{'x' * 20}", f"arn:aws:personalize:us-east-1:1:{'x' * 300}"):
            expect.refused(world.calling(operation, **{member: text}), code="InvalidInputException")

    return run


def _nothing(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        absent = world.absent(_arn(world, resource))
        call = world.calling(f"Describe{resource.word}", **{resource.arn_member: absent})
        expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {absent} does not exist.")

    return run


def _agrees_with_list(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        arn = _arn(world, resource)
        shown = world.describe(arn)
        (summary,) = [entry for entry in world.everything(resource) if entry[resource.arn_member] == arn] or [{}]
        expect.members("Describe", shown, summary)
        for name in summary.keys() & shown.keys():
            expect.equal(f"{name} as List shows it", summary[name], shown[name])

    return run


def _lists(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = sample(world, resource)
        (summary,) = [entry for entry in world.everything(resource) if entry[resource.arn_member] == made.arn] or [{}]
        expect.true(f"{made.arn} is listed", bool(summary))
        expect.members("its summary", summary, resource.listed)

    return run


def _lists_within(resource: Resource, parent: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = sample(world, resource)
        within = {parent: world.describe(made.arn).get(parent) or made.given.get(parent) or _solution(world, made.arn)}
        inside = {entry[resource.arn_member] for entry in world.everything(resource, **within)}
        elsewhere = (
            world.everything(resource, **{parent: world.absent(str(within[parent]))})
            if (resource is not resources.VERSION)
            else []
        )
        expect.true(f"{made.arn} is listed with its {parent}", made.arn in inside, sorted(inside))
        expect.equal(f"what is listed with a {parent} of nothing", [], elsewhere)

    return run


def _solution(world: World, campaign_arn: str) -> str:
    version = str(world.describe(campaign_arn)["solutionVersionArn"])
    return version.rpartition("/")[0]


def _pages(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        extra = _two(world, resource)
        operation, member = f"List{resource.word}s", resource.list_member
        everything = [entry[resource.arn_member] for entry in world.everything(resource)]
        size = max(1, min(100, len(everything) // 2))
        first = world.call(operation, maxResults=size)
        expect.equal("entries of the first page", size, len(first[member]))
        expect.members("a page that is not the last", first, ["nextToken"])
        seen, page = [entry[resource.arn_member] for entry in first[member]], first
        while "nextToken" in page:
            page = world.call(operation, maxResults=size, nextToken=page["nextToken"])
            seen += [entry[resource.arn_member] for entry in page[member]]
        expect.equal("all pages together", sorted(everything), sorted(seen))
        if extra is not None and resource.deletable:
            world.discard(extra.arn)

    return run


def _two(world: World, resource: Resource) -> Sample | None:
    """See to it that there is more than one of a kind; the one that was made for that."""
    sample(world, resource)
    if len(world.everything(resource)) > 1:
        return None
    return world.made(resource.word, **fresh(world, resource))


def _bad_token(operation: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        call = world.calling(operation, nextToken="bm8gdG9rZW4=")
        expect.refused(call, code="InvalidNextTokenException")

    return run


def _bad_size(operation: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        for size in (0, 101):
            expect.refused(world.calling(operation, maxResults=size), code="InvalidInputException")

    return run


def _unmodelled_size(operation: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        seen = outcome_of(world.calling(operation, maxResults=101))
        expect.answer(
            "maxResults=101 where the model knows no InvalidInputException", seen, chosen="ValidationException"
        )

    return run


for _resource in (*CREATED, *BUILT_IN):
    _describe = f"Describe{_resource.word}"
    _level = _resource.level
    case(_describe, "success", reference="§3, App. A", level=_level, title="shows its members")(_shows(_resource))
    case(_describe, "error", error="InvalidInputException", reference="§2.1", level=_level, title="what is no ARN")(
        _no_arn(_describe, _resource.arn_member)
    )
    case(
        _describe, "error", error="ResourceNotFoundException", reference="§2.1", level=_level, title="an ARN of nothing"
    )(_nothing(_resource))

for _resource in CREATED:
    _list = f"List{_resource.word}s"
    _level = _resource.level
    case(f"Describe{_resource.word}", "effect", reference="§6", level=_level, title="agrees with List")(
        _agrees_with_list(_resource)
    )
    case(_list, "success", reference="§6", level=_level, title="has the summary")(_lists(_resource))
    case(_list, "paging", reference="§6", level=_level, title="pages have everything once")(_pages(_resource))
    case(_list, "error", error="InvalidNextTokenException", reference="§6", title="a token that is none")(
        _bad_token(_list)
    )
    if "InvalidInputException" in modelled_errors(_list):
        case(_list, "error", error="InvalidInputException", reference="§6", title="pages of 0 and of 101")(
            _bad_size(_list)
        )
    else:
        case(_list, "question", reference="§6", title="a page of 101")(_unmodelled_size(_list))
    if _resource.parent:
        case(_list, "effect", reference="§6", level=_level, title="within its parent and not within another")(
            _lists_within(_resource, _resource.parent)
        )
        case(_list, "error", error="InvalidInputException", reference="§2.1", title="within what is no ARN")(
            _no_arn(_list, _resource.parent)
        )


def _comes_and_goes(resource: Resource) -> Run:
    def run(world: World, expect: Expect) -> None:
        made = world.made(resource.word, **fresh(world, resource))
        listed = [entry[resource.arn_member] for entry in world.everything(resource)]
        expect.true(f"{made.arn} is listed when it is made", made.arn in listed, listed)
        world.delete(made.arn)
        listed = [entry[resource.arn_member] for entry in world.everything(resource)]
        expect.true(f"{made.arn} is not listed when it is gone", made.arn not in listed, listed)

    return run


for _resource in (kind for kind in CREATED if not kind.parent):
    case(f"List{_resource.word}s", "effect", reference="§6", title="has what there is")(_comes_and_goes(_resource))
