"""Items where Personalize answers, popular items where it does not, each with its details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import error_code
from lambdas.common.http import HttpError
from lambdas.common.logs import logger
from lambdas.recommend.details import Details
from lambdas.recommend.published import Engine, Published
from lambdas.recommend.query import Query
from lambdas.recommend.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient
    from mypy_boto3_personalize_runtime.type_defs import GetRecommendationsResponseTypeDef

POPULAR: Final = "popular-items"
SIMILAR: Final = "similar-items"
# Personalize asks for a user even where a recipe has the same answer for all
ANYBODY: Final = "anybody"
_REFUSALS: Final = frozenset({"InvalidInputException", "ValidationException"})


@dataclass(frozen=True)
class Answer:
    """A body, and whether it is what the route is there for rather than what is left where Personalize fails."""

    body: Mapping[str, Any]
    as_meant: bool


def without_details(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an answer with the items bare."""
    return {**body, "recommendations": [_bare(item) for item in body["recommendations"]]}


class Recommender:
    """Answers from the campaigns and filters that the workflow has published."""

    def __init__(
        self, runtime: PersonalizeRuntimeClient, published: Published, details: Details | None, settings: Settings
    ) -> None:
        self._runtime = runtime
        self._published = published
        self._details = details
        self._filters = settings.filters
        self._default = next(((name, each) for name, each in settings.filters.items() if each.default), None)

    def answer(self, route: str, query: Query) -> Answer:
        """`{"userId" or "itemId", "recommendations", "source"}`, with `recommendationId` where Personalize gave one.

        Raises `HttpError` 503 before anything is published, where the filter that the query names is not live, and
        where only popular items are left, which no filter can be applied to; 400 where its values are refused.
        """
        engine = self._published.engine()
        asked_of = {"itemId": query.item_id} if route == SIMILAR else {"userId": query.user_id}
        about = {name: value for name, value in asked_of.items() if value is not None}
        filtered = self._filtered(route, query, engine)
        campaign = engine.campaigns.get(route)
        user_id = ANYBODY if route == POPULAR else query.user_id
        answer = self._ask(campaign, user_id, query, filtered) if campaign else None
        if answer is None:
            items = self._popular(query, engine)
            return Answer({**about, "recommendations": items, "source": "popular"}, route == POPULAR and not campaign)
        items = [_bare(item) for item in answer["itemList"]]
        found = {"recommendations": self._described(items), "recommendationId": answer["recommendationId"]}
        return Answer({**about, **found, "source": "personalize"}, as_meant=True)

    def health(self) -> dict[str, Any]:
        """What is live and since when, in seconds since 1970; `HttpError` 503 before anything is."""
        engine = self._published.engine()
        return {
            "status": "ok",
            "publishedAt": engine.published_at,
            "runId": engine.run_id,
            "routes": sorted(engine.campaigns),
            "filters": sorted(engine.filters),
        }

    def _filtered(self, route: str, query: Query, engine: Engine) -> dict[str, Any]:
        """GetRecommendations' members for the filter that the query names, or else for the default one if it is live.

        Until a run has followed its deployment a default filter does not exist, or has the expression that it had.
        """
        if query.filter is not None:
            arn = engine.filters.get(query.filter)
            if arn is None or not arn.endswith(self._filters[query.filter].version):
                raise HttpError(
                    503,
                    "filterNotReady",
                    f"the filter {query.filter} is not live as it is configured; run the training workflow",
                )
            values = {"filterValues": query.filter_values} if query.filter_values else {}
            return {"filterArn": arn, **values}
        if self._default is None or route == POPULAR:
            return {}
        name, needs = self._default
        if (needs.needs_user and query.user_id is None) or (needs.needs_item and route != SIMILAR):
            return {}
        return {"filterArn": engine.filters[name]} if name in engine.filters else {}

    def _ask(
        self, campaign_arn: str, user_id: str | None, query: Query, filtered: Mapping[str, Any]
    ) -> GetRecommendationsResponseTypeDef | None:
        """What the campaign answers, or None where it fails."""
        given = {"userId": user_id, "itemId": query.item_id, "context": query.context or None}
        members: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        try:
            return self._runtime.get_recommendations(
                campaignArn=campaign_arn, numResults=query.count, **members, **filtered
            )
        except (ClientError, BotoCoreError) as error:
            # its message may repeat the request, and with it the user's id
            reason = error_code(error) if isinstance(error, ClientError) else type(error).__name__
            logger.warning("Personalize failed", extra={"campaign": campaign_arn, "reason": reason})
            if reason in _REFUSALS and query.filter_values:
                said = f"Personalize refuses the values of the filter {query.filter}: is each of its field's type?"
                raise HttpError(400, "invalidFilterValue", said) from error
            return None

    def _popular(self, query: Query, engine: Engine) -> list[dict[str, Any]]:
        if query.filter is not None:
            said = f"the filter {query.filter} cannot be applied now; try again, or leave it out for the popular items"
            raise HttpError(503, "unavailable", said)
        items = [{"itemId": item} for item in engine.popular_items if item != query.item_id][: query.count]
        if not items:
            raise HttpError(503, "unavailable", "there is nothing to recommend now; try again")
        return self._described(items)

    def _described(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The items with their details; one that the table lacks stays as it is."""
        details = self._details.of([item["itemId"] for item in items]) if self._details else {}
        return [{**item, **details.get(item["itemId"], {})} for item in items]


def _bare(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in ("itemId", "score") if key in item}
