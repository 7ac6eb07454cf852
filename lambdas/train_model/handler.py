"""The Lambda function of the training: one step of it a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from lambdas.common.names import Account
from lambdas.common.steps import Event, Step, run_step
from lambdas.train_model.training import Training

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

personalize = boto3.client("personalize")


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    training = Training(personalize, account=Account.of_function(context.invoked_function_arn))
    steps: dict[str, Step] = {
        "solution": lambda e: {
            "solutionArn": training.solution(
                name=e["name"],
                group_arn=e["datasetGroupArn"],
                recipe_arn=e["recipeArn"],
                config=e["config"],
            )
        },
        "version": lambda e: {"solutionVersionArn": training.version(solution_arn=e["solutionArn"], run_id=e["runId"])},
        "metrics": lambda e: {"metrics": training.metrics(e["solutionVersionArn"])},
    }
    return run_step(steps, event)
