"""Personal recommendations where Personalize answers, popular items where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import error_code
from lambdas.common.http import HttpError
from lambdas.common.logs import logger
from lambdas.recommend.http import RecommendationRequest
from lambdas.recommend.published import Published

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

ROUTE: Final = "recommendations"


class Recommender:
    """Answers the API's requests from the campaigns that the workflow has published."""

    def __init__(self, runtime: PersonalizeRuntimeClient, published: Published) -> None:
        self._runtime = runtime
        self._published = published

    def recommend(self, request: RecommendationRequest) -> dict[str, Any]:
        """`{"userId", "recommendations", "source"}`, with `recommendationId` where Personalize gave one.

        A 503 where nothing is published yet, since then there is nothing to fall back to.
        """
        engine = self._published.engine()
        campaign_arn = engine.campaigns.get(ROUTE)
        if campaign_arn is None:
            raise HttpError(503, "notReady", "no model is published yet; run the training workflow first")
        try:
            answer = self._runtime.get_recommendations(
                campaignArn=campaign_arn, userId=request.user_id, numResults=request.count
            )
        except (ClientError, BotoCoreError) as error:
            # its message may repeat the request, and with it the user's id
            reason = error_code(error) if isinstance(error, ClientError) else type(error).__name__
            logger.warning("Personalize failed", extra={"campaign": campaign_arn, "reason": reason})
            popular = engine.popular_items[: request.count]
            if not popular:
                raise HttpError(503, "unavailable", "there is nothing to recommend now; try again") from error
            return {
                "userId": request.user_id,
                "recommendations": [{"itemId": item} for item in popular],
                "source": "popular",
            }
        return {
            "userId": request.user_id,
            "recommendations": [
                {key: item[key] for key in ("itemId", "score") if key in item} for item in answer["itemList"]
            ],
            "recommendationId": answer["recommendationId"],
            "source": "personalize",
        }
