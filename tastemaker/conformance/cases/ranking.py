"""GetPersonalizedRanking and GetActionRecommendations."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import campaign, filter_, group
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_RANKING: Final = "aws-personalized-ranking"
_ACTIONS: Final = "aws-next-best-action"
_LIST: Final = [data.item(number) for number in (1, 2, 3, 4)]


def _ranked(world: World, **given: object) -> list[Members]:
    asked = {"campaignArn": campaign(world, _RANKING).arn, "userId": data.user(0), "inputList": _LIST, **given}
    ranking: list[Members] = world.call("GetPersonalizedRanking", **asked)["personalizedRanking"]
    return ranking


@case("GetPersonalizedRanking", "success", reference="§15.2", level=Level.TRAINING)
def the_input_in_descending_score(world: World, expect: Expect) -> None:
    arn = campaign(world, _RANKING).arn
    answer = world.call("GetPersonalizedRanking", campaignArn=arn, userId=data.user(0), inputList=_LIST)
    expect.members("the answer", answer, ["personalizedRanking", "recommendationId"])
    ranking = answer["personalizedRanking"]
    expect.equal("the items", sorted(_LIST), sorted(item["itemId"] for item in ranking))
    scores = [item.get("score", 0.0) for item in ranking]
    expect.equal("the scores", sorted(scores, reverse=True), scores)


@case("GetPersonalizedRanking", "effect", reference="§15.2", level=Level.TRAINING)
def users_get_first_what_their_events_say_that_they_like(world: World, expect: Expect) -> None:
    for number, first in ((0, {data.item(2), data.item(4)}), (1, {data.item(1), data.item(3)})):
        ranking = _ranked(world, userId=data.user(number))
        expect.equal(f"the first two for {data.user(number)}", first, {item["itemId"] for item in ranking[:2]})


@case("GetPersonalizedRanking", "rule", reference="§15.4", level=Level.TRAINING)
def scores_over_the_list_sum_to_one(world: World, expect: Expect) -> None:
    total = sum(item.get("score", 0.0) for item in _ranked(world))
    expect.true("the sum of the scores is 1", abs(total - 1.0) < 0.001, total)


@case("GetPersonalizedRanking", "rule", reference="§15.2", level=Level.TRAINING)
def unknown_items_come_last_with_score_0(world: World, expect: Expect) -> None:
    ranking = _ranked(world, inputList=["no-such-item", *_LIST])
    expect.equal("the last item", "no-such-item", ranking[-1]["itemId"])
    expect.equal("its score", 0.0, ranking[-1].get("score"))


@case("GetPersonalizedRanking", "rule", reference="§15.2", level=Level.TRAINING)
def what_a_filter_excludes_is_missing(world: World, expect: Expect) -> None:
    seen = {item["itemId"] for item in _ranked(world, filterArn=filter_(world).arn)}
    expect.equal("the items", {data.item(2), data.item(4)}, seen)


@case("GetPersonalizedRanking", "rule", reference="§15.2", level=Level.TRAINING)
def strangers_are_no_errors(world: World, expect: Expect) -> None:
    expect.equal("the number of items", len(_LIST), len(_ranked(world, userId="a-stranger")))


@case("GetPersonalizedRanking", "error", error=INVALID, reference="§15.2", level=Level.TRAINING)
def too_many_items_or_another_recipe(world: World, expect: Expect) -> None:
    ranking = {"campaignArn": campaign(world, _RANKING).arn, "userId": "u", "inputList": _LIST}
    many = [f"i{number}" for number in range(501)]
    for given in (
        {**ranking, "inputList": many},
        {**ranking, "campaignArn": "no-arn"},
        {**ranking, "campaignArn": campaign(world).arn},
        {name: value for name, value in ranking.items() if name != "userId"},
        {name: value for name, value in ranking.items() if name != "inputList"},
    ):
        expect.refused(world.calling("GetPersonalizedRanking", given), code=INVALID)


@case("GetPersonalizedRanking", "error", error="ResourceNotFoundException", reference="§15.5", level=Level.TRAINING)
def a_campaign_or_a_filter_of_nothing(world: World, expect: Expect) -> None:
    arn = campaign(world, _RANKING).arn
    absent = world.absent(arn)
    for given in ({"campaignArn": absent}, {"campaignArn": arn, "filterArn": absent.replace(":campaign/", ":filter/")}):
        call = world.calling("GetPersonalizedRanking", given, userId="u", inputList=_LIST)
        expect.refused(call, code="ResourceNotFoundException")


@case("GetPersonalizedRanking", "question", reference="§15.2", level=Level.TRAINING)
def an_empty_list(world: World, expect: Expect) -> None:
    arn = campaign(world, _RANKING).arn
    call = world.calling("GetPersonalizedRanking", campaignArn=arn, userId="u", inputList=[])
    expect.answer("an empty inputList", outcome_of(call), chosen=INVALID)


@case("GetPersonalizedRanking", "question", reference="§15.2", level=Level.TRAINING)
def an_item_twice(world: World, expect: Expect) -> None:
    ranking = _ranked(world, inputList=[data.item(2), data.item(1), data.item(2)])
    expect.answer("the number of items for one given twice", len(ranking), chosen=2)


def _actions(world: World, **given: object) -> list[Members]:
    asked = {"campaignArn": campaign(world, _ACTIONS).arn, "userId": data.user(0), **given}
    actions: list[Members] = world.call("GetActionRecommendations", **asked)["actionList"]
    return actions


@case("GetActionRecommendations", "success", reference="§15.3", level=Level.TRAINING)
def actions_with_propensities(world: World, expect: Expect) -> None:
    arn = campaign(world, _ACTIONS).arn
    answer = world.call("GetActionRecommendations", campaignArn=arn, userId=data.user(0))
    expect.members("the answer", answer, ["actionList", "recommendationId"])
    actions = answer["actionList"]
    expect.true("there are actions, five at most", 0 < len(actions) <= 5, actions)
    for action in actions:
        expect.members("an action", action, ["actionId", "score"])
        expect.true("the score is from 0 to 1", 0.0 <= action.get("score", -1.0) <= 1.0, action)


@case("GetActionRecommendations", "effect", reference="§11.3, §15.4", level=Level.TRAINING)
def users_get_the_actions_that_they_take(world: World, expect: Expect) -> None:
    for number in (0, 1):
        scores = {
            action["actionId"]: action["score"] for action in _actions(world, userId=data.user(number), numResults=100)
        }
        taken, refused = f"action-{number}", f"action-{1 - number}"
        more = scores.get(taken, 0.0) > scores.get(refused, 0.0)
        expect.true(f"{data.user(number)} takes {taken} rather than {refused}", more, scores)


@case("GetActionRecommendations", "rule", reference="§15.3", level=Level.TRAINING)
def as_many_as_asked_for(world: World, expect: Expect) -> None:
    expect.equal("the number of actions", 1, len(_actions(world, numResults=1)))


@case("GetActionRecommendations", "rule", reference="§16.2", level=Level.TRAINING)
def a_filter_of_actions_is_kept_to(world: World, expect: Expect) -> None:
    campaign(world, _ACTIONS)
    expression = "INCLUDE ActionID WHERE Actions.VALUE > 3"
    given = {"name": world.name("filter"), "datasetGroupArn": group(world).arn, "filterExpression": expression}
    with world.throwaway("Filter", **given) as made:
        expect.equal("the actions", ["action-3"], [a["actionId"] for a in _actions(world, filterArn=made.arn)])


@case("GetActionRecommendations", "error", error=INVALID, reference="§15.3", level=Level.TRAINING)
def without_a_campaign_or_a_user_or_with_another_recipe(world: World, expect: Expect) -> None:
    arn = campaign(world, _ACTIONS).arn
    for given in (
        {"userId": "u"},
        {"campaignArn": arn},
        {"campaignArn": arn, "userId": "u", "numResults": 101},
        {"campaignArn": campaign(world).arn, "userId": "u"},
    ):
        expect.refused(world.calling("GetActionRecommendations", given), code=INVALID)


@case("GetActionRecommendations", "error", error="ResourceNotFoundException", reference="§15.5", level=Level.TRAINING)
def a_campaign_of_nothing(world: World, expect: Expect) -> None:
    absent = world.absent(campaign(world).arn)
    call = world.calling("GetActionRecommendations", campaignArn=absent, userId="u")
    expect.refused(call, code="ResourceNotFoundException")
