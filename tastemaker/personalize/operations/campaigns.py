"""Campaigns: solution versions that are served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use, not_found
from tastemaker.personalize.hyperparameters import check_parameters
from tastemaker.personalize.kinds import CAMPAIGN, SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.operations.registry import operation, register_describe, register_list
from tastemaker.personalize.operations.states import need_place, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateCampaignRequestTypeDef,
        DeleteCampaignRequestTypeDef,
        UpdateCampaignRequestTypeDef,
    )

_LATEST: Final = "/$LATEST"
_UPDATABLE: Final = frozenset({"ACTIVE", "CREATE FAILED"})


@operation("CreateCampaign")
def create_campaign(here: AccountRegion, given: CreateCampaignRequestTypeDef) -> Members:
    arn = here.arn(CAMPAIGN, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    config: Members = dict(given.get("campaignConfig", {}))
    version = _deployable(here, given["solutionVersionArn"])
    _check_config(config, version, given["solutionVersionArn"])
    group_arn = version.members["datasetGroupArn"]
    need_place(here, CAMPAIGN, most=here.quotas.campaigns, datasetGroupArn=group_arn)
    members = _deployment(version) | {
        "name": given["name"],
        "datasetGroupArn": group_arn,
        "minProvisionedTPS": given.get("minProvisionedTPS", 1),
        "campaignConfig": config,
    }
    here.resources.add(CAMPAIGN, arn, members, tags=tags_of(given.get("tags")))
    return {"campaignArn": arn}


@operation("UpdateCampaign")
def update_campaign(here: AccountRegion, given: UpdateCampaignRequestTypeDef) -> Members:
    campaign = here.resources.get(CAMPAIGN, given["campaignArn"])
    wanted = given.get("solutionVersionArn") or _kept_version(campaign)
    config: Members = dict(given.get("campaignConfig", campaign.members["campaignConfig"]))
    version = _deployable(here, wanted)
    _check_group(campaign, version)
    if "campaignConfig" in given or "solutionVersionArn" in given:
        _check_config(config, version, wanted)
    if state := lifecycle.under_way(campaign):
        raise in_use(campaign.arn, f"it is in {state}.")
    if campaign.status not in _UPDATABLE:
        raise in_use(campaign.arn, f"its status is {campaign.status}.")
    tps = given.get("minProvisionedTPS", campaign.members["minProvisionedTPS"])
    _begin_update(here, campaign, _deployment(version) | {"minProvisionedTPS": tps, "campaignConfig": config})
    return {"campaignArn": campaign.arn}


@operation("DeleteCampaign")
def delete_campaign(here: AccountRegion, given: DeleteCampaignRequestTypeDef) -> None:
    start_deletion(here, here.resources.get(CAMPAIGN, given["campaignArn"]))


def roll_out(here: AccountRegion, version: Resource) -> None:
    """Update the campaigns that follow the latest version of a solution, of which `version` has just become ACTIVE."""
    for campaign in here.resources.newest(CAMPAIGN, solutionArn=version.members["solutionArn"]):
        follow_latest(here, campaign)


def follow_latest(here: AccountRegion, campaign: Resource) -> None:
    """Update a campaign that follows its solution's latest version to that, unless it serves it or is on its way.

    One that is on its way is looked at again when it has arrived. A version to which the latest update failed is not
    tried again.
    """
    members = campaign.members
    if not _follows(campaign):
        return
    latest = _latest(here, members["solutionArn"])
    tried = (members["solutionVersionArn"], members.get("latestCampaignUpdate", {}).get("solutionVersionArn"))
    if latest is None or latest.arn in tried or campaign.passage is not None or campaign.status not in _UPDATABLE:
        return
    kept = {name: members[name] for name in ("minProvisionedTPS", "campaignConfig")}
    _begin_update(here, campaign, _deployment(latest) | kept)


def _kept_version(campaign: Resource) -> str:
    """What an update leaves as it is: the version, or for a campaign that follows the latest one, that it does."""
    if _follows(campaign):
        return f"{campaign.members['solutionArn']}{_LATEST}"
    version: str = campaign.members["solutionVersionArn"]
    return version


def _follows(campaign: Resource) -> bool:
    return bool(campaign.members["campaignConfig"].get("syncWithLatestSolutionVersion", False))


def _latest(here: AccountRegion, solution_arn: str) -> Resource | None:
    """The newest version of a solution that is ACTIVE."""
    return next(here.resources.newest(SOLUTION_VERSION, solutionArn=solution_arn, status="ACTIVE"), None)


def _begin_update(here: AccountRegion, campaign: Resource, update: Members) -> None:
    now = here.clock.now()
    campaign.members["latestCampaignUpdate"] = update | {"creationDateTime": now}
    lifecycle.begin(campaign, lifecycle.UPDATE_CAMPAIGN, now=now)


def _deployment(version: Resource) -> Members:
    return {"solutionVersionArn": version.arn, "solutionArn": version.members["solutionArn"]}


def _deployable(here: AccountRegion, arn: str) -> Resource:
    """The ACTIVE version that `arn` names, itself or as its solution's `$LATEST`."""
    if arn.endswith(_LATEST):
        solution = here.resources.get(SOLUTION, arn.removesuffix(_LATEST))
        if (latest := _latest(here, solution.arn)) is None:
            raise InvalidInput(f"{solution.arn} has no ACTIVE solution version yet: train one first.")
        return latest
    if (version := here.resources.find(arn)) is None or version.kind is not SOLUTION_VERSION:
        raise not_found(arn)
    if state := lifecycle.under_way(version):
        raise in_use(version.arn, f"it is in {state}, and a campaign needs it ACTIVE.")
    if version.status != "ACTIVE":
        raise InvalidInput(f"{version.arn} is {version.status}: a campaign needs an ACTIVE solution version.")
    return version


def _check_group(campaign: Resource, version: Resource) -> None:
    mine, other = campaign.members["datasetGroupArn"], version.members["datasetGroupArn"]
    if mine != other:
        raise InvalidInput(
            f"{version.arn} is of {other}, and {campaign.arn} of {mine}: create another campaign for it."
        )


def _check_config(config: Members, version: Resource, given_arn: str) -> None:
    recipe = BY_ARN[version.members["recipeArn"]]
    if recipe.type == "USER_SEGMENTATION":
        raise InvalidInput(f"{recipe.name} has no campaigns: its segments come from CreateBatchSegmentJob.")
    if config.get("syncWithLatestSolutionVersion") and not given_arn.endswith(_LATEST):
        raise InvalidInput(
            "campaignConfig.syncWithLatestSolutionVersion needs a solutionVersionArn that ends in "
            f"{_LATEST}, not {given_arn}."
        )
    if config.get("rankingInfluence") and not recipe.influence:
        raise InvalidInput(f"campaignConfig.rankingInfluence is only for aws-semantic-similarity, not {recipe.name}.")
    where = "campaignConfig.itemExplorationConfig"
    check_parameters(config.get("itemExplorationConfig", {}), recipe.exploration, where=where, recipe=recipe.name)


register_describe(CAMPAIGN)
register_list(CAMPAIGN, within=SOLUTION)
