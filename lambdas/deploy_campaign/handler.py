"""The Lambda function of the deployment: one step of it a call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.common.names import Account
from lambdas.common.steps import Event, Step, run_step
from lambdas.deploy_campaign.campaigns import Campaigns
from lambdas.deploy_campaign.publication import Publication

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

personalize = boto3.client("personalize")
runtime = boto3.client("personalize-runtime")
dynamodb = boto3.client("dynamodb")


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    campaigns = Campaigns(personalize, account=Account.of_function(context.invoked_function_arn))
    publication = Publication(runtime, dynamodb, campaigns, table=os.environ["ENGINE_TABLE"])
    steps: dict[str, Step] = {
        "campaign": lambda e: campaigns.deploy(
            name=e["name"], version_arn=e["solutionVersionArn"], min_tps=e["minProvisionedTPS"]
        ),
        "publish": lambda e: {
            "published": publication.publish(
                e["models"], run_id=e["runId"], filters=e["filters"], tracking_id=e["trackingId"]
            ),
            "unconfigured": campaigns.unconfigured(
                project=e["project"], arns=[model["campaignArn"] for model in e["models"]]
            ),
        },
    }
    return run_step(steps, event)
