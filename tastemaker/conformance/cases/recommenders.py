"""Domain recommenders: Start, Stop and Update, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, Run, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.resources import RECOMMENDER
from tastemaker.conformance.samples import RECIPE, fresh, group, recommender
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_ALL: Final = Level.RECOMMENDERS
_ONE: Final[Members] = {"recommenderConfig": {"minRecommendationRequestsPerSecond": 1}}


@case("CreateRecommender", "rule", reference="§3", level=_ALL)
def its_states_and_its_metrics(world: World, expect: Expect) -> None:
    shown = world.describe(recommender(world).arn)
    config = shown.get("recommenderConfig", {})
    expect.equal("requests a second by default", 1, config.get("minRecommendationRequestsPerSecond"))
    expect.members("modelMetrics", shown.get("modelMetrics", {}), ["coverage"])


@case("CreateRecommender", "rule", reference="§2.2, §4.1", level=_ALL)
def in_a_custom_group_or_of_another_domain_is_refused(world: World, expect: Expect) -> None:
    given = fresh(world, RECOMMENDER)
    for more in ({"datasetGroupArn": group(world).arn}, {"recipeArn": f"{RECIPE}/aws-vod-most-popular"}):
        expect.refused(world.calling("CreateRecommender", given, **more), code=INVALID)


@case("CreateRecommender", "rule", reference="§5.2, §12", level=_ALL)
def without_enough_events_of_its_type_it_fails_with_the_reason(world: World, expect: Expect) -> None:
    given = {**fresh(world, RECOMMENDER), "recipeArn": f"{RECIPE}/aws-ecomm-popular-items-by-purchases"}
    made = world.create("Recommender", **given)
    shown = world.settled(made.arn)
    expect.equal("status", "CREATE FAILED", shown["status"])
    reason = "Dataset has fewer than 1000 interactions after filtering by event type: Purchase"
    expect.true(f"failureReason says {reason}", reason in str(shown.get("failureReason")), shown.get("failureReason"))
    world.discard(made.arn)


@case("GetRecommendations", "rule", reference="§12, §15.4", level=_ALL)
def a_recommender_answers_without_scores(world: World, expect: Expect) -> None:
    answer = world.call("GetRecommendations", recommenderArn=recommender(world).arn, userId="u", numResults=5)
    expect.equal("the number of items", 5, len(answer["itemList"]))
    for item in answer["itemList"]:
        expect.without("an item", item, ["score"])


@case("StopRecommender", "success", reference="§3", level=_ALL)
def answers_with_the_recommender(world: World, expect: Expect) -> None:
    arn = recommender(world).arn
    expect.equal("the answer", {"recommenderArn": arn}, world.call("StopRecommender", recommenderArn=arn))
    _statuses(world, expect, arn, ["STOP PENDING", "STOP IN_PROGRESS", "INACTIVE"])
    expect.equal("the answer", {"recommenderArn": arn}, world.call("StartRecommender", recommenderArn=arn))
    _statuses(world, expect, arn, ["START PENDING", "START IN_PROGRESS", "ACTIVE"])


@case("StopRecommender", "effect", reference="§12, §15.5", level=_ALL)
def a_stopped_recommender_answers_nobody(world: World, expect: Expect) -> None:
    with _stopped(world) as arn:
        seen = outcome_of(world.calling("GetRecommendations", recommenderArn=arn, userId="u"))
        expect.true("it is refused", seen != "accepted", seen)
        expect.answer("recommendations of an INACTIVE recommender", seen, chosen=INVALID)


@case("StartRecommender", "success", reference="§3", level=_ALL)
def answers_with_the_recommender_too(world: World, expect: Expect) -> None:
    with _stopped(world) as arn:
        expect.equal("the answer", {"recommenderArn": arn}, world.call("StartRecommender", recommenderArn=arn))


@case("StartRecommender", "effect", reference="§12", level=_ALL)
def a_started_recommender_answers_again(world: World, expect: Expect) -> None:
    with _stopped(world) as arn:
        world.call("StartRecommender", recommenderArn=arn)
        expect.equal("status", "ACTIVE", world.settled(arn)["status"])
        answer = world.call("GetRecommendations", recommenderArn=arn, userId=data.user(0), numResults=3)
        expect.equal("the number of items", 3, len(answer["itemList"]))


@case("StartRecommender", "error", error="ResourceInUseException", reference="§4.1", level=_ALL)
def what_is_active(world: World, expect: Expect) -> None:
    call = world.calling("StartRecommender", recommenderArn=recommender(world).arn)
    expect.refused(call, code="ResourceInUseException")


@case("StopRecommender", "error", error="ResourceInUseException", reference="§4.1", level=_ALL)
def what_is_inactive(world: World, expect: Expect) -> None:
    with _stopped(world) as arn:
        expect.refused(world.calling("StopRecommender", recommenderArn=arn), code="ResourceInUseException")


@case("UpdateRecommender", "error", error="ResourceInUseException", reference="§4.1", level=_ALL)
def what_is_inactive_too(world: World, expect: Expect) -> None:
    with _stopped(world) as arn:
        expect.refused(world.calling("UpdateRecommender", _ONE, recommenderArn=arn), code="ResourceInUseException")


@case("UpdateRecommender", "success", reference="§3", level=_ALL)
def answers_with_the_recommender_as_well(world: World, expect: Expect) -> None:
    arn = recommender(world).arn
    expect.equal("the answer", {"recommenderArn": arn}, world.call("UpdateRecommender", **_ONE, recommenderArn=arn))
    world.settled(arn)


@case("UpdateRecommender", "effect", reference="§3", level=_ALL)
def describe_shows_the_update_and_then_the_new_values(world: World, expect: Expect) -> None:
    arn = recommender(world).arn
    config = {"minRecommendationRequestsPerSecond": 2}
    world.call("UpdateRecommender", recommenderArn=arn, recommenderConfig=config)
    shown = world.settled(arn)
    update = shown.get("latestRecommenderUpdate", {})
    members = ["recommenderConfig", "status", "creationDateTime", "lastUpdatedDateTime"]
    expect.members("latestRecommenderUpdate", update, members)
    seen = shown.get("recommenderConfig", {}).get("minRecommendationRequestsPerSecond")
    expect.equal("minRecommendationRequestsPerSecond", 2, seen)
    world.call("UpdateRecommender", **_ONE, recommenderArn=arn)
    world.settled(arn)


@case("UpdateRecommender", "rule", reference="§12", level=_ALL)
def exploration_is_for_those_who_personalise(world: World, expect: Expect) -> None:
    config = {"itemExplorationConfig": {"explorationWeight": "0.3"}}
    call = world.calling("UpdateRecommender", recommenderArn=recommender(world).arn, recommenderConfig=config)
    expect.refused(call, code=INVALID)


def _no_arn(operation: str, given: Members) -> Run:
    def run(world: World, expect: Expect) -> None:
        expect.refused(world.calling(operation, given, recommenderArn="no-arn"), code=INVALID)

    return run


def _nothing(operation: str, given: Members) -> Run:
    def run(world: World, expect: Expect) -> None:
        absent = world.absent(group(world).arn).replace(":dataset-group/", ":recommender/")
        message = f"Resource Arn {absent} does not exist."
        call = world.calling(operation, given, recommenderArn=absent)
        expect.refused(call, code="ResourceNotFoundException", message=message)

    return run


for _operation, _given in (("StartRecommender", {}), ("StopRecommender", {}), ("UpdateRecommender", _ONE)):
    case(_operation, "error", error=INVALID, reference="§2.1", title="what is no ARN")(_no_arn(_operation, _given))
    case(_operation, "error", error="ResourceNotFoundException", reference="§2.1", title="an ARN of nothing")(
        _nothing(_operation, _given)
    )


@contextmanager
def _stopped(world: World) -> Iterator[str]:
    """The recommender, INACTIVE for the time of the block."""
    arn = recommender(world).arn
    world.call("StopRecommender", recommenderArn=arn)
    world.settled(arn)
    try:
        yield arn
    finally:
        if world.settled(arn)["status"] == "INACTIVE":
            world.call("StartRecommender", recommenderArn=arn)
            world.settled(arn)


def _statuses(world: World, expect: Expect, arn: str, path: list[str]) -> None:
    seen = world.statuses(arn)
    expect.equal(f"the statuses until {path[-1]}", [state for state in path if state in seen], seen)
