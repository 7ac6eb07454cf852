"""The Lambda function behind the routes of the HTTP API that read."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config

from lambdas.common.logs import logger
from lambdas.recommend.api import Api
from lambdas.recommend.details import Details
from lambdas.recommend.published import Published
from lambdas.recommend.service import Recommender
from lambdas.recommend.settings import Settings

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
_settings = Settings.from_json(os.environ["SETTINGS"])
_session = botocore.session.get_session()
_dynamodb = cast("DynamoDBClient", _session.create_client("dynamodb", config=_IMPATIENT))
_details = (
    Details(
        _dynamodb,
        table=os.environ["ITEMS_TABLE"],
        key=_settings.item_key,
        shown=_settings.item_details,
        now=time.monotonic,
        pause=time.sleep,
        luck=random.random,
    )
    if _settings.item_details
    else None
)
_api = Api(
    Recommender(
        cast("PersonalizeRuntimeClient", _session.create_client("personalize-runtime", config=_IMPATIENT)),
        Published(_dynamodb, table=os.environ["ENGINE_TABLE"], filters=_settings.filters.keys(), now=time.monotonic),
        _details,
        _settings,
    ),
    _settings,
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(context.aws_request_id)
    return _api.answer(event)
