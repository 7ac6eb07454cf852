"""What answers requests: a campaign with the solution version that it serves, or a domain's recommender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, not_found
from tastemaker.personalize.kinds import CAMPAIGN, RECOMMENDER, SOLUTION_VERSION, Kind
from tastemaker.personalize.overlay import REAL_TIME_RECIPES, since_training
from tastemaker.personalize.recipes import BY_ARN, Recipe
from tastemaker.personalize.runtime import Question
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource
from tastemaker.personalize.trends import TRENDING, Trend

if TYPE_CHECKING:
    from tastemaker.personalize.exploration import Exploration
    from tastemaker.personalize.operations.filtering import Allowed


@dataclass(frozen=True, slots=True)
class Serving:
    """A model that is served. `trained`: the solution version, or the recommender itself, that it was trained for."""

    arn: str
    group_arn: str
    recipe: Recipe
    trained: Resource
    config: Members

    @property
    def model_path(self) -> Path:
        return _path(self.trained.hidden["modelPath"])

    @property
    def gives_metadata(self) -> bool:
        """Whether the answers may carry metadata."""
        return self.recipe.metadata_at_hand or bool(self.config.get("enableMetadataWithRecommendations"))

    def question(
        self,
        here: AccountRegion,
        k: int,
        *,
        user_id: str | None,
        item_id: str | None = None,
        allowed: Allowed | None = None,
        exploration: Exploration | None = None,
        context: Mapping[str, str] | None = None,
    ) -> Question:
        """What the model is asked: `k` items for the user, or beside the item; `context`: that of the request."""
        live = user_id is not None and self.recipe.name in REAL_TIME_RECIPES
        return Question(
            self.recipe.name,
            k,
            user_id=user_id,
            item_id=item_id,
            streamed=since_training(here.streams, self.trained, user_id or "") if live else (),
            influence=self.config.get("rankingInfluence") or {},
            live=here.trends.model(self._trend()) if self.recipe.name in TRENDING else None,
            allowed=allowed,
            exploration=exploration,
            context=context or {},
        )

    def _trend(self) -> Trend:
        config = self.trained.members.get("solutionConfig") or {}
        threshold = config.get("eventValueThreshold")
        return Trend(
            self.trained.arn,
            self.recipe.name,
            self.trained.hidden["datasetArns"]["INTERACTIONS"],
            settings=config.get("featureTransformationParameters", {}),
            event_type=self.trained.members.get("eventType"),
            least_value=None if threshold is None else float(threshold),
        )


@lru_cache(maxsize=256)
def _path(text: str) -> Path:
    # every request asks, and a Path is dear to make and to hash
    return Path(text)


def campaign_serving(here: AccountRegion, arn: str, operation: str) -> Serving:
    """The campaign `arn`, asked by `operation`; one that is being updated goes on serving what it had."""
    campaign = active(here, CAMPAIGN, arn, "it answers when it is ACTIVE")
    version = here.resources.peek(SOLUTION_VERSION, campaign.members["solutionVersionArn"])
    if version is None:
        raise not_found(arn)
    _take_rate(here, arn, operation)
    return Serving(
        arn,
        campaign.members["datasetGroupArn"],
        BY_ARN[version.members["recipeArn"]],
        version,
        campaign.members["campaignConfig"],
    )


def recommender_serving(here: AccountRegion, arn: str, operation: str) -> Serving:
    """The recommender `arn`, asked by `operation`; one that is being updated goes on serving what it had."""
    recommender = active(here, RECOMMENDER, arn, "it answers when it is ACTIVE")
    _take_rate(here, arn, operation)
    members = recommender.members
    return Serving(
        arn, members["datasetGroupArn"], BY_ARN[members["recipeArn"]], recommender, members["recommenderConfig"]
    )


def _take_rate(here: AccountRegion, arn: str, operation: str) -> None:
    here.rates.take((operation, arn), here.quotas.recommendations_per_second_and_campaign)
    here.rates.take("recommendations", here.quotas.recommendations_per_second)


def active(here: AccountRegion, kind: Kind, arn: str, use: str) -> Resource:
    """The ACTIVE resource, found without waiting for whoever is changing others. `use`: what else it is good for."""
    found = here.resources.peek(kind, arn)
    if found is not None and lifecycle.may_settle(found, now=here.clock.now()):
        with here.resources.changing():
            found = here.resources.get(kind, arn)
    if found is None:
        raise not_found(arn)
    if found.status != "ACTIVE":
        raise InvalidInput(f"The {kind.arn_type} {arn} is {found.status}: {use}.")
    return found
