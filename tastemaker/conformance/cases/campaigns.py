"""Campaigns: UpdateCampaign, `$LATEST`, and what a campaign can be made of."""

from __future__ import annotations

from typing import Final

from tastemaker.conformance import resources
from tastemaker.conformance import sample_data as data
from tastemaker.conformance.case import Level, case
from tastemaker.conformance.endpoint import Members
from tastemaker.conformance.expectations import Expect, outcome_of
from tastemaker.conformance.samples import campaign, fresh, solution, version
from tastemaker.conformance.waiting import attempts
from tastemaker.conformance.world import World

INVALID: Final = "InvalidInputException"
_MOST_LOOKS: Final = 20


@case("UpdateCampaign", "success", reference="§14", level=Level.TRAINING)
def answers_with_the_campaign(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    expect.equal("the answer", {"campaignArn": arn}, world.call("UpdateCampaign", campaignArn=arn, minProvisionedTPS=1))
    world.settled(arn)


@case("UpdateCampaign", "effect", reference="§3, §14", level=Level.TRAINING)
def the_old_values_are_shown_until_the_update_is_active(world: World, expect: Expect) -> None:
    with world.throwaway("Campaign", **fresh(world, resources.CAMPAIGN)) as made:
        expect.without("Describe before any update", world.describe(made.arn), ["latestCampaignUpdate"])
        world.call("UpdateCampaign", campaignArn=made.arn, minProvisionedTPS=2)
        shown = world.describe(made.arn)
        update = shown.get("latestCampaignUpdate", {})
        if update.get("status") != "ACTIVE":  # else the update was too fast to be seen
            expect.equal("the campaign's own status", "ACTIVE", shown["status"])
            expect.equal("minProvisionedTPS meanwhile", 1, shown["minProvisionedTPS"])
        expect.members(
            "latestCampaignUpdate",
            update,
            ["solutionVersionArn", "minProvisionedTPS", "status", "creationDateTime", "lastUpdatedDateTime"],
        )
        after = world.settled(made.arn)
        expect.equal("minProvisionedTPS afterwards", 2, after["minProvisionedTPS"])
        expect.equal("solutionVersionArn, which was omitted", version(world).arn, after["solutionVersionArn"])


@case("UpdateCampaign", "error", error="ResourceInUseException", reference="§4.1", level=Level.TRAINING)
def while_an_update_is_under_way(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    call = world.calling("UpdateCampaign", campaignArn=arn, minProvisionedTPS=1)
    call()
    expect.refused(call, code="ResourceInUseException")
    world.settled(arn)


@case("UpdateCampaign", "error", error=INVALID, reference="§2.1, §7, §14", level=Level.TRAINING)
def less_than_one_request_a_second(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    expect.refused(world.calling("UpdateCampaign", campaignArn="no-arn", minProvisionedTPS=1), code=INVALID)
    expect.refused(world.calling("UpdateCampaign", campaignArn=arn, minProvisionedTPS=0), code=INVALID)


@case("UpdateCampaign", "error", error="ResourceNotFoundException", reference="§2.1", level=Level.TRAINING)
def a_campaign_or_a_version_of_nothing(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    absent = world.absent(arn)
    message = f"Resource Arn {absent} does not exist."
    call = world.calling("UpdateCampaign", campaignArn=absent, minProvisionedTPS=1)
    expect.refused(call, code="ResourceNotFoundException", message=message)
    nothing = world.absent(version(world).arn)
    call = world.calling("UpdateCampaign", campaignArn=arn, solutionVersionArn=nothing)
    expect.refused(call, code="ResourceNotFoundException", message=f"Resource Arn {nothing} does not exist.")


@case("CreateCampaign", "rule", reference="§2.1, §14", level=Level.TRAINING)
def of_the_latest_version(world: World, expect: Expect) -> None:
    version(world, "aws-popularity-count")
    latest = f"{solution(world, 'aws-popularity-count').arn}/$LATEST"
    with world.throwaway("Campaign", name=world.name("campaign"), solutionVersionArn=latest) as made:
        seen = world.describe(made.arn)["solutionVersionArn"]
        expect.answer(
            "solutionVersionArn of a campaign of $LATEST",
            "the alias" if seen == latest else "the version",
            chosen="the version",
        )


@case("CreateCampaign", "rule", reference="§4.1", level=Level.TRAINING)
def of_a_solution_without_a_version_is_not_found(world: World, expect: Expect) -> None:
    version(world)
    bare = solution(world).arn
    call = world.calling("CreateCampaign", name=world.name("campaign"), solutionVersionArn=bare)
    expect.refused(call, code="ResourceNotFoundException")


@case("CreateCampaign", "rule", reference="§14", level=Level.TRAINING)
def to_follow_the_latest_version_needs_the_alias(world: World, expect: Expect) -> None:
    given = fresh(world, resources.CAMPAIGN)
    call = world.calling("CreateCampaign", given, campaignConfig={"syncWithLatestSolutionVersion": True})
    expect.refused(call, code=INVALID)


@case("CreateCampaign", "question", reference="§30", level=Level.TRAINING)
def of_the_latest_version_of_what_was_never_trained(world: World, expect: Expect) -> None:
    with world.throwaway("Solution", **fresh(world, resources.SOLUTION)) as untrained:
        latest = f"{untrained.arn}/$LATEST"
        call = world.calling("CreateCampaign", name=world.name("campaign"), solutionVersionArn=latest)
        expect.answer("$LATEST before the first version", outcome_of(call), chosen=INVALID)


@case("CreateCampaign", "rule", reference="§11.2, §14", level=Level.TRAINING)
def exploration_and_ranking_influence_are_for_some_recipes(world: World, expect: Expect) -> None:
    for recipe, config in (
        ("aws-similar-items", {"itemExplorationConfig": {"explorationWeight": "0.3"}}),
        ("aws-user-personalization", {"itemExplorationConfig": {"explorationWeight": "1.3"}}),
        ("aws-user-personalization", {"rankingInfluence": {"POPULARITY": 0.5}}),
    ):
        arn = version(world, recipe).arn
        call = world.calling(
            "CreateCampaign", name=world.name("campaign"), solutionVersionArn=arn, campaignConfig=config
        )
        expect.refused(call, code=INVALID)


@case("CreateCampaign", "rule", reference="§11.1, §20.1", level=Level.TRAINING)
def of_user_segmentation_there_is_none(world: World, expect: Expect) -> None:
    arn = version(world, "aws-item-affinity").arn
    call = world.calling("CreateCampaign", name=world.name("campaign"), solutionVersionArn=arn)
    expect.refused(call, code=INVALID)


@case("DescribeCampaign", "rule", reference="§7", level=Level.TRAINING)
def serves_at_least_one_request_a_second(world: World, expect: Expect) -> None:
    with world.throwaway("Campaign", **fresh(world, resources.CAMPAIGN)) as made:
        expect.equal("minProvisionedTPS by default", 1, world.describe(made.arn)["minProvisionedTPS"])


@case("ListCampaigns", "rule", reference="§6", level=Level.TRAINING)
def the_summary_omits_the_version(world: World, expect: Expect) -> None:
    arn = campaign(world).arn
    (summary,) = [entry for entry in world.everything(resources.CAMPAIGN) if entry["campaignArn"] == arn]
    expect.without("the summary", summary, ["solutionVersionArn", "minProvisionedTPS"])


@case("CreateCampaign", "rule", reference="§14", level=Level.TRAINING)
def one_that_follows_the_latest_version_is_updated_to_it(world: World, expect: Expect) -> None:
    version(world, "aws-popularity-count")
    solution_arn = solution(world, "aws-popularity-count").arn
    given = {
        "name": world.name("campaign"),
        "solutionVersionArn": f"{solution_arn}/$LATEST",
        "campaignConfig": {"syncWithLatestSolutionVersion": True},
    }
    with world.throwaway("Campaign", **given) as made:
        newer = world.made("SolutionVersion", solutionArn=solution_arn).arn
        update: Members = {}
        for attempt in attempts(world.patience, "the roll-out of a new version"):
            update = world.settled(made.arn).get("latestCampaignUpdate", {})
            if update or attempt > _MOST_LOOKS:
                break
        expect.equal("solutionVersionArn of latestCampaignUpdate", newer, update.get("solutionVersionArn"))


@case("GetRecommendations", "rule", reference="§11.1, §11.3", level=Level.TRAINING)
def popular_items_are_the_same_for_everyone(world: World, expect: Expect) -> None:
    arn = version(world, "aws-popularity-count").arn
    with world.throwaway("Campaign", name=world.name("campaign"), solutionVersionArn=arn) as made:
        answers = [
            world.call("GetRecommendations", campaignArn=made.arn, userId=data.user(number))["itemList"]
            for number in (0, 1)
        ]
        expect.equal("the items for a second user", answers[0], answers[1])
        for item in answers[0]:
            expect.without("a popular item", item, ["score"])


@case("GetRecommendations", "rule", reference="§14, §15.1", level=Level.TRAINING)
def v2_has_scores_and_metadata_without_being_told(world: World, expect: Expect) -> None:
    arn = version(world, "aws-user-personalization-v2").arn
    with world.throwaway("Campaign", name=world.name("campaign"), solutionVersionArn=arn) as made:
        asked = {"campaignArn": made.arn, "userId": data.user(0), "numResults": 3}
        items = world.call("GetRecommendations", **asked, metadataColumns={"ITEMS": ["GENRES"]})["itemList"]
        expect.equal("the number of items", 3, len(items))
        for item in items:
            expect.members("an item", item, ["itemId", "score", "metadata"])
