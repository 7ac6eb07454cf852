"""The Lambda function of the set-up: one step of it a call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.common.names import Account
from lambdas.common.steps import Event, Step, run_step
from lambdas.setup_datasets.bucket import check_bucket
from lambdas.setup_datasets.datasets import DatasetSetup

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

personalize = boto3.client("personalize")
s3 = boto3.client("s3")


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    account = Account.of_function(context.invoked_function_arn)
    setup = DatasetSetup(personalize, account=account, role_arn=os.environ["PERSONALIZE_ROLE_ARN"])
    steps: dict[str, Step] = {
        "datasetGroup": lambda e: {"datasetGroupArn": setup.dataset_group(e["name"])},
        "dataset": lambda e: setup.dataset(
            group_arn=e["datasetGroupArn"], dataset_type=e["type"], name=e["name"], schema=e["schema"]
        ),
        "eventTracker": lambda e: setup.event_tracker(group_arn=e["datasetGroupArn"], name=e["name"]),
        "filters": lambda e: setup.filters(group_arn=e["datasetGroupArn"], wanted=e["filters"], imported=e["imported"]),
        "bucket": lambda e: check_bucket(s3, bucket=e["bucket"], account=account),
        "import": lambda e: {
            "datasetImportJobArn": setup.import_job(
                dataset_arn=e["datasetArn"], name=e["name"], run_id=e["runId"], location=e["location"]
            )
        },
    }
    return run_step(steps, event)
