"""The Lambda function behind the HTTP API: parse, ask, answer."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config

from lambdas.common.http import HttpError, response
from lambdas.common.logs import logger
from lambdas.recommend.http import parse
from lambdas.recommend.published import Published
from lambdas.recommend.service import Recommender

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

# a visitor is waiting: rather the popular items now than the personal ones in a minute
_IMPATIENT = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"total_max_attempts": 2, "mode": "standard"},
    tcp_keepalive=True,
)
_session = botocore.session.get_session()
_recommender = Recommender(
    cast("PersonalizeRuntimeClient", _session.create_client("personalize-runtime", config=_IMPATIENT)),
    Published(
        cast("DynamoDBClient", _session.create_client("dynamodb", config=_IMPATIENT)),
        table=os.environ["ENGINE_TABLE"],
        now=time.monotonic,
    ),
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(context.aws_request_id)
    try:
        return response(200, _recommender.recommend(parse(event)))
    except HttpError as error:
        return response(error.status, error.body())
    except Exception:  # noqa: BLE001  # the last door: a visitor never sees a stack trace
        logger.exception("the request failed")
        return response(500, HttpError(500, "internal", "the recommendation failed; try again").body())
