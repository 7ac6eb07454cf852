"""GetRecommendations: who must be named, how many come back, scores, filters, promotions and metadata."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance import resources
from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import campaign, filter_, fresh, group
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_ALL: Final = 500
_RECOMMENDATION_ID: Final = 40


def recommended(
    world: World, given: Members | None = None, /, *, recipe: str = "aws-user-personalization", **more: object
) -> list[Members]:
    """The items that a campaign answers with."""
    asked = {"campaignArn": campaign(world, recipe).arn, "numResults": 5, **(given or {}), **more}
    items: list[Members] = world.call("GetRecommendations", **asked)["itemList"]
    return items


def ids(items: list[Members]) -> list[str]:
    return [str(item["itemId"]) for item in items]


def genres(items: list[Members]) -> set[str]:
    return {data.genre(int(item["itemId"].partition("-")[2])) for item in items}


@case("GetRecommendations", "success", reference="§15.1", level=Level.TRAINING)
def items_with_scores_in_descending_order(world: World, expect: Expect) -> None:
    answer = world.call("GetRecommendations", campaignArn=campaign(world).arn, userId=data.user(0), numResults=5)
    expect.members("the answer", answer, ["itemList", "recommendationId"])
    expect.equal("the number of items", 5, len(answer["itemList"]))
    scores = [item.get("score", 0.0) for item in answer["itemList"]]
    expect.equal("the scores", sorted(scores, reverse=True), scores)
    rid = str(answer.get("recommendationId"))
    expect.true("recommendationId is RID- and a UUID", rid.startswith("RID-") and len(rid) == _RECOMMENDATION_ID, rid)


@case("GetRecommendations", "effect", reference="§15.1", level=Level.TRAINING)
def users_get_what_their_events_say_that_they_like(world: World, expect: Expect) -> None:
    for number in (0, 1):
        seen = genres(recommended(world, userId=data.user(number)))
        expect.equal(f"the genres for {data.user(number)}", {data.genre(number)}, seen)


@case("GetRecommendations", "rule", reference="§15.4", level=Level.TRAINING)
def scores_over_the_catalogue_sum_to_one(world: World, expect: Expect) -> None:
    items = recommended(world, userId=data.user(0), numResults=_ALL)
    expect.equal("the number of items", data.ITEMS, len(items))
    total = sum(item.get("score", 0.0) for item in items)
    expect.true("the sum of the scores is 1", abs(total - 1.0) < 0.001, total)


@case("GetRecommendations", "rule", reference="§15.1", level=Level.TRAINING)
def twenty_five_items_unless_told_otherwise(world: World, expect: Expect) -> None:
    answer = world.call("GetRecommendations", campaignArn=campaign(world).arn, userId=data.user(0))
    expect.equal("the number of items", min(25, data.ITEMS), len(answer["itemList"]))


@case("GetRecommendations", "rule", reference="§11.3, §15.5", level=Level.TRAINING)
def strangers_and_unknown_items_are_no_errors(world: World, expect: Expect) -> None:
    expect.equal("items for an unknown user", 5, len(recommended(world, userId="a-stranger")))
    similar = recommended(world, recipe="aws-similar-items", itemId="no-such-item")
    expect.equal("items for an unknown item", 5, len(similar))


@case("GetRecommendations", "rule", reference="§11.3, §15.4", level=Level.TRAINING)
def similar_and_popular_items_have_no_scores(world: World, expect: Expect) -> None:
    similar = recommended(world, recipe="aws-similar-items", itemId=data.item(0))
    expect.true("items come back", bool(similar), similar)
    for item in similar:
        expect.without("a similar item", item, ["score"])
    expect.true("an item is not similar to itself", data.item(0) not in ids(similar), ids(similar))


@case("GetRecommendations", "error", error=INVALID, reference="§15.1", level=Level.TRAINING)
def too_many_or_nobody_or_no_campaign(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    similar = campaign(world, "aws-similar-items").arn
    for given in (
        {"campaignArn": arn, "userId": "u", "numResults": 501},
        {"campaignArn": arn},
        {"campaignArn": similar, "userId": "u"},
        {"userId": "u"},
        {"campaignArn": arn, "recommenderArn": arn.replace(":campaign/", ":recommender/"), "userId": "u"},
        {"campaignArn": "no-arn", "userId": "u"},
        {"campaignArn": arn, "userId": "u" * 257},
    ):
        expect.refused(world.calling("GetRecommendations", given), code=INVALID)


@case("GetRecommendations", "error", error="ResourceNotFoundException", reference="§15.5", level=Level.TRAINING)
def a_campaign_a_recommender_or_a_filter_of_nothing(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    absent = world.absent(arn)
    for given in (
        {"campaignArn": absent},
        {"recommenderArn": absent.replace(":campaign/", ":recommender/")},
        {"campaignArn": arn, "filterArn": absent.replace(":campaign/", ":filter/")},
    ):
        call = world.calling("GetRecommendations", given, userId="u")
        expect.refused(call, code="ResourceNotFoundException")


@case("GetRecommendations", "rule", reference="§15.1", level=Level.TRAINING)
def rankings_are_not_asked_for_here(world: World, expect: Expect) -> None:
    arn = campaign(world, "aws-personalized-ranking").arn
    expect.refused(world.calling("GetRecommendations", campaignArn=arn, userId="u"), code=INVALID)


@case("GetRecommendations", "question", reference="§15.5", level=Level.TRAINING)
def a_campaign_that_is_not_active_yet(world: World, expect: Expect) -> None:
    made = world.create("Campaign", **fresh(world, resources.CAMPAIGN))
    call = world.calling("GetRecommendations", campaignArn=made.arn, userId="u")
    expect.answer("a campaign that is not ACTIVE", outcome_of(call), chosen=INVALID)
    world.discard(made.arn)


@case("GetRecommendations", "question", reference="§15.1", level=Level.TRAINING)
def no_results_at_all(world: World, expect: Expect) -> None:
    items = recommended(world, userId=data.user(0), numResults=0)
    expect.answer("the number of items for numResults=0", len(items), chosen=min(25, data.ITEMS))


@case("GetRecommendations", "question", reference="§15.1", level=Level.TRAINING)
def a_context_key_that_no_field_has(world: World, expect: Expect) -> None:
    call = world.calling("GetRecommendations", campaignArn=campaign(world).arn, userId="u", context={"WEATHER": "fine"})
    expect.answer("an unknown key in context", outcome_of(call), chosen="accepted")


@case("GetRecommendations", "rule", reference="§16.2", level=Level.TRAINING)
def a_filter_is_kept_to(world: World, expect: Expect) -> None:
    items = recommended(world, userId=data.user(1), numResults=_ALL, filterArn=filter_(world).arn)
    expect.equal("the genres", {"Even"}, genres(items))
    expect.equal("the number of items", data.ITEMS // 2, len(items))


@case("GetRecommendations", "rule", reference="§15.1, §15.5", level=Level.TRAINING)
def metadata_of_the_columns_that_are_named(world: World, expect: Expect) -> None:
    items = recommended(world, userId=data.user(0), metadataColumns={"ITEMS": ["GENRES", "PRICE"]})
    for item in items:
        metadata = item.get("metadata", {})
        number = int(item["itemId"].partition("-")[2])
        expect.equal("the names of the metadata", ["genres", "price"], sorted(metadata))
        expect.equal("the genre", data.genre(number), metadata.get("genres"))
        expect.true("the price is a string", isinstance(metadata.get("price"), str), metadata.get("price"))


@case("GetRecommendations", "rule", reference="§7, §15.1", level=Level.TRAINING)
def with_metadata_50_results_are_the_most(world: World, expect: Expect) -> None:
    given = {"campaignArn": campaign(world).arn, "userId": "u"}
    columns = {"ITEMS": ["GENRES"]}
    expect.refused(world.calling("GetRecommendations", given, metadataColumns=columns, numResults=51), code=INVALID)
    nothing = {"ITEMS": ["COLOUR"]}
    expect.refused(world.calling("GetRecommendations", given, metadataColumns=nothing), code=INVALID)
    plain = campaign(world, "aws-similar-items").arn
    call = world.calling("GetRecommendations", campaignArn=plain, itemId=data.item(0), metadataColumns=columns)
    expect.refused(call, code=INVALID)


@case("GetRecommendations", "question", reference="§15.1", level=Level.TRAINING)
def metadata_names_of_several_words(world: World, expect: Expect) -> None:
    items = recommended(world, userId=data.user(0), numResults=1, metadataColumns={"ITEMS": ["CREATION_TIMESTAMP"]})
    expect.answer("the name of CREATION_TIMESTAMP", sorted(items[0].get("metadata", {})), chosen=["creationTimestamp"])


@case("GetRecommendations", "rule", reference="§17", level=Level.TRAINING)
def promoted_items_are_of_the_promotions_filter(world: World, expect: Expect) -> None:
    promotion = {"name": "odd-week", "percentPromotedItems": 40, "filterArn": _odd(world)}
    items = recommended(world, userId=data.user(0), numResults=10, filterArn=filter_(world).arn, promotions=[promotion])
    promoted = [item for item in items if "promotionName" in item]
    expect.equal("the number of items", 10, len(items))
    expect.equal("the number that is promoted", 4, len(promoted))
    expect.equal("the genres of the promoted", {"Odd"}, genres(promoted))
    expect.equal("their promotionName", {"odd-week"}, {item["promotionName"] for item in promoted})
    expect.equal("the genres of the others", {"Even"}, genres([item for item in items if item not in promoted]))


@case("GetRecommendations", "rule", reference="§7, §17", level=Level.TRAINING)
def a_second_promotion_is_refused(world: World, expect: Expect) -> None:
    promotion = {"name": "p", "percentPromotedItems": 10, "filterArn": _odd(world)}
    call = world.calling("GetRecommendations", campaignArn=campaign(world).arn, userId="u")
    for promotions in ([promotion, {**promotion, "name": "q"}], [{**promotion, "percentPromotedItems": 101}]):
        call = world.calling("GetRecommendations", campaignArn=campaign(world).arn, userId="u", promotions=promotions)
        expect.refused(call, code=INVALID)


@case("GetRecommendations", "question", reference="§17", level=Level.TRAINING)
def a_promoted_count_that_is_no_whole_number(world: World, expect: Expect) -> None:
    promotion = {"name": "p", "percentPromotedItems": 50, "filterArn": _odd(world)}
    items = recommended(world, userId=data.user(0), numResults=5, promotions=[promotion])
    promoted = [item for item in items if "promotionName" in item]
    expect.answer("promoted items in 5 at 50 %", len(promoted), chosen=3)


def _odd(world: World) -> str:
    def make() -> str:
        filter_(world)  # the items are there
        expression = 'INCLUDE ItemID WHERE Items.GENRES IN ("Odd")'
        given = {"name": world.name("filter"), "datasetGroupArn": group(world).arn, "filterExpression": expression}
        return world.made("Filter", **given).arn

    return world.shared("filter of odd items", make)
