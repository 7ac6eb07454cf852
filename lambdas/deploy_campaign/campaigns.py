"""Create a campaign, or update the one that exists, and say what there is to wait for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from lambdas.common.errors import RetryableError, translated
from lambdas.common.names import Account
from lambdas.common.resources import UNDER_WAY, created, found

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import CampaignTypeDef


class Campaigns:
    """Brings campaigns to a solution version; calling again while that is under way starts nothing twice."""

    def __init__(self, personalize: PersonalizeClient, *, account: Account) -> None:
        self._personalize = personalize
        self._account = account

    def deploy(self, *, name: str, version_arn: str, min_tps: int) -> dict[str, str]:
        """Let the campaign `name` serve `version_arn`: `{"campaignArn", "awaiting"}`.

        `awaiting` is `create` (judge by the campaign's status), `update` (judge by its `latestCampaignUpdate`
        alone: the campaign itself stays ACTIVE on the old version) or `nothing` (it serves the version already).
        """
        arn = self._account.personalize_arn(f"campaign/{name}")
        answer = found(lambda: self._personalize.describe_campaign(campaignArn=arn), arn=arn)
        if answer is None:
            fresh = created(
                lambda: self._personalize.create_campaign(
                    name=name, solutionVersionArn=version_arn, minProvisionedTPS=min_tps
                ),
                arn=arn,
            )
            if not fresh:
                raise RetryableError(f"{arn} appeared while it was being created")
            return {"campaignArn": arn, "awaiting": "create"}
        return {"campaignArn": arn, "awaiting": self._update(arn, answer["campaign"], version_arn, min_tps)}

    def unconfigured(self, *, project: str, arns: Collection[str]) -> list[str]:
        """The project's campaigns that are not among `arns`: nobody asks them, and each is paid for by the hour."""
        prefix = self._account.personalize_arn(f"campaign/{project}-")
        with translated("listing the campaigns"):
            pages = self._personalize.get_paginator("list_campaigns").paginate()
            listed = [summary["campaignArn"] for page in pages for summary in page["campaigns"]]
        return sorted(arn for arn in listed if arn.startswith(prefix) and arn not in arns)

    def go_back(self, arn: str, *, version_arn: str) -> None:
        """Begin to serve an earlier version again."""
        with translated(f"taking {arn} back to {version_arn}"):
            self._personalize.update_campaign(campaignArn=arn, solutionVersionArn=version_arn)

    def _update(self, arn: str, campaign: CampaignTypeDef, version_arn: str, min_tps: int) -> str:
        wanted = (version_arn, min_tps)
        update = campaign.get("latestCampaignUpdate")
        if update and update["status"] in UNDER_WAY:
            if (update["solutionVersionArn"], update["minProvisionedTPS"]) == wanted:
                return "update"
            raise RetryableError(f"{arn} is being updated to {update['solutionVersionArn']}")
        if (campaign["solutionVersionArn"], campaign["minProvisionedTPS"]) == wanted:
            if campaign["status"] in UNDER_WAY:
                return "create"
            if campaign["status"] == "ACTIVE":
                return "nothing"
        with translated(f"updating {arn} to {version_arn}"):
            self._personalize.update_campaign(
                campaignArn=arn, solutionVersionArn=version_arn, minProvisionedTPS=min_tps
            )
        return "update"
