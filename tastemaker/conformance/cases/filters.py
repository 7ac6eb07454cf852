"""Filters: which expressions are accepted, and how their placeholders are given."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance import samples
from tastemaker.conformance.case import Level, Run, case
from tastemaker.conformance.cases.recommending import genres, ids, recommended
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import campaign, group
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"

_ACCEPTED: Final = (
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
    'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase")',
    "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
    "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)",
    "INCLUDE ItemID WHERE Items.PRICE >= 19.70 AND Items.PRICE < 19.80",
    'EXCLUDE ItemID WHERE Items.GENRES IN ("shoe") AND Items.GENRES NOT IN ("boot")',
    "INCLUDE ItemID WHERE Items.PRICE <= $PRICE",
    "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > $DATE",
    "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES",
    "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRE) IF CurrentUser.AGE = $AGE",
    'INCLUDE ItemID WHERE Items.GENRES IN ("watch") IF CurrentUser.AGE > 18',
    'INCLUDE ItemID WHERE Items.GENRES IN ($G) | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click","stream")',
    "INCLUDE UserID WHERE Users.MEMBERSHIP IN ($MEMBERSHIP)",
    "EXCLUDE UserID WHERE Users.AGE < $AGE",
    "INCLUDE ItemID WHERE Items.GENRES IN ('Even')",
)
_OF_ACTIONS: Final = (
    "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
    "EXCLUDE ActionID WHERE Actions.VALUE < ($VALUE) IF CurrentUser.MEMBERSHIP = $PREMIUM",
)
_REFUSED: Final = (
    "INCLUDE ItemID WHERE Items.GENRES NOT IN ($G)",
    'INCLUDE ItemID WHERE Items.GENRES IN ("a") AND Interactions.EVENT_TYPE IN ("b")',
    'INCLUDE ItemID WHERE Items.GENRES IN ("a") IF CurrentUser.AGE > 1 IF CurrentUser.AGE < 9',
    'INCLUDE ItemID WHERE Items.GENRES IN ("a") IF CurrentUser.AGE > 1 OR CurrentUser.AGE < 9',
    "INCLUDE ItemID WHERE Interactions.EVENT_VALUE > 3",
    'INCLUDE ItemID WHERE Items.GENRES IN ("*")',
    'INCLUDE ItemID WHERE Items.COLOUR IN ("red")',
    'INCLUDE ItemID WHERE Films.GENRES IN ("a")',
    "everything that is cheap",
    "INCLUDE ItemID WHERE",
)


def _given(world: World, expression: str, *types: str) -> Members:
    for dataset_type in ("INTERACTIONS", "ITEMS", "USERS", *types):
        samples.dataset(world, dataset_type)
    return {"name": world.name("filter"), "datasetGroupArn": group(world).arn, "filterExpression": expression}


def _is_accepted(expression: str, *types: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        with world.throwaway("Filter", **_given(world, expression, *types)) as made:
            expect.equal("filterExpression", expression, world.describe(made.arn)["filterExpression"])

    return run


def _is_refused(expression: str) -> Run:
    def run(world: World, expect: Expect) -> None:
        expect.refused(world.calling("CreateFilter", _given(world, expression)), code=INVALID)

    return run


for _expression in _ACCEPTED:
    case("CreateFilter", "rule", reference="§16.5", title=f"accepts {_expression}")(_is_accepted(_expression))
for _expression in _OF_ACTIONS:
    case("CreateFilter", "rule", reference="§16.5", title=f"accepts {_expression}")(
        _is_accepted(_expression, "ACTIONS", "ACTION_INTERACTIONS")
    )
for _expression in _REFUSED:
    case("CreateFilter", "rule", reference="§16.5", title=f"refuses {_expression}")(_is_refused(_expression))


@case("CreateFilter", "rule", reference="§5.2")
def a_placeholder_with_not_in_is_told_in_words(world: World, expect: Expect) -> None:
    message = "Invalid input symbol: $G. Placeholders are not allowed with NOT_IN operator."
    call = world.calling("CreateFilter", _given(world, "INCLUDE ItemID WHERE Items.GENRES NOT IN ($G)"))
    expect.refused(call, code=INVALID, message=message)


@case("CreateFilter", "error", error=INVALID, reference="§7")
def an_expression_that_is_empty_or_too_long(world: World, expect: Expect) -> None:
    long = f'INCLUDE ItemID WHERE Items.GENRES IN ("{"x" * 2500}")'
    for expression in ("", long):
        expect.refused(world.calling("CreateFilter", _given(world, expression)), code=INVALID)


def _filtered(
    world: World, expression: str, *, recipe: str = "aws-user-personalization", **given: object
) -> list[Members]:
    samples.import_of(world, "ITEMS")
    samples.import_of(world, "USERS")
    campaign(world)
    with world.throwaway("Filter", **_given(world, expression)) as made:
        asked = {"userId": data.user(0), "numResults": 500, "filterArn": made.arn, **given}
        return recommended(world, asked, recipe=recipe)


@case("CreateFilter", "rule", reference="§16.4", level=Level.TRAINING)
def values_of_placeholders_are_in_quotes(world: World, expect: Expect) -> None:
    expression = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    one = _filtered(world, expression, filterValues={"GENRES": '"Odd"'})
    expect.equal("the genres for one value", {"Odd"}, genres(one))
    two = _filtered(world, expression, filterValues={"GENRES": '"Odd","Even"'})
    expect.equal("the number of items for two values", data.ITEMS, len(two))


@case("CreateFilter", "rule", reference="§16.4", level=Level.TRAINING)
def an_include_needs_its_values_and_an_exclude_does_not(world: World, expect: Expect) -> None:
    include = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    expect.refused(lambda: _filtered(world, include), code=INVALID)
    exclude = "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    expect.equal("the number of items for an EXCLUDE without values", data.ITEMS, len(_filtered(world, exclude)))


@case("CreateFilter", "rule", reference="§16.2", level=Level.TRAINING)
def parts_over_different_datasets_are_joined(world: World, expect: Expect) -> None:
    samples.import_of(world, "INTERACTIONS")
    viewed = 'INCLUDE ItemID WHERE Items.GENRES IN ("Even") | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'
    expect.equal("even items that were not viewed", [], ids(_filtered(world, viewed)))
    unseen = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("View")'
    expect.equal("the genres that were not viewed", {"Odd"}, genres(_filtered(world, unseen)))


@case("CreateFilter", "rule", reference="§16.2", level=Level.TRAINING)
def current_user_and_current_item_are_those_of_the_request(world: World, expect: Expect) -> None:
    of_age = 'EXCLUDE ItemID WHERE Items.GENRES IN ("Odd") IF CurrentUser.AGE < 21'
    expect.equal("the genres for who is 20", {"Even"}, genres(_filtered(world, of_age, userId=data.user(0))))
    expect.equal("the genres for who is 25", {"Even", "Odd"}, genres(_filtered(world, of_age, userId=data.user(5))))
    cheaper = "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE"
    similar = _filtered(world, cheaper, recipe="aws-similar-items", itemId=data.item(4))
    expect.true("cheaper items are there", bool(similar), similar)
    expect.true("all are cheaper", all(int(i.partition("-")[2]) < 4 for i in ids(similar)), ids(similar))


@case("GetRecommendations", "rule", reference="§15.5", level=Level.TRAINING)
def current_item_is_for_related_items_only(world: World, expect: Expect) -> None:
    cheaper = "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE"
    expect.refused(lambda: _filtered(world, cheaper), code=INVALID)


@case("CreateFilter", "question", reference="§16.4", level=Level.TRAINING)
def a_number_without_quotes_and_a_value_too_many(world: World, expect: Expect) -> None:
    expression = "INCLUDE ItemID WHERE Items.PRICE <= $PRICE"
    bare = _filtered(world, expression, filterValues={"PRICE": "4"})
    quoted = _filtered(world, expression, filterValues={"PRICE": '"4"'})
    expect.answer("numbers without and with quotes", f"{len(bare)} and {len(quoted)} items", chosen="4 and 4 items")
    extra = outcome_of(lambda: {"items": _filtered(world, expression, filterValues={"PRICE": "4", "NAME": '"x"'})})
    expect.answer("a value that the expression does not ask for", extra, chosen="accepted")


@case("CreateFilter", "question", reference="§16.1", level=Level.TRAINING)
def and_before_or(world: World, expect: Expect) -> None:
    expression = "INCLUDE ItemID WHERE Items.PRICE < 2 OR Items.PRICE < 10 AND Items.PRICE > 8"
    found = sorted(ids(_filtered(world, expression)))
    expect.answer("a OR b AND c", found, chosen=[data.item(0), data.item(8)])
