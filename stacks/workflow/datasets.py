"""The part of the workflow that makes the data known to Personalize: dataset group, datasets, import jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stacks.workflow import awaiting
from stacks.workflow.language import FAIL, RUN_ID, Arns, States, expression

if TYPE_CHECKING:
    from lambdas.common.config import Config

START: Final = "Set up dataset group"
_PAYLOAD: Final = "$states.result.Payload"


def dataset_states(arns: Arns, config: Config, *, then: str, failed: str) -> States:
    """The states that end with every dataset imported and the variable `datasetGroupArn`."""
    return {
        START: arns.invoke(
            arns.setup_datasets,
            {"step": "datasetGroup", "name": config.project},
            Assign={"datasetGroupArn": expression(f"{_PAYLOAD}.datasetGroupArn")},
            Output=awaiting.START,
            Next=awaiting.describe_state(awaiting.DATASET_GROUP),
        ),
        **awaiting.await_active(
            arns, awaiting.DATASET_GROUP, arn="datasetGroupArn", then="Import datasets", failed=failed
        ),
        "Import datasets": {
            "Type": "Map",
            "Items": _datasets(config),
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Is there a file",
                "States": _one_dataset(arns),
            },
            "Next": then,
        },
    }


def _datasets(config: Config) -> list[dict[str, Any]]:
    return [
        {"type": name, "name": f"{config.project}-{name.lower()}", "schema": dataset.schema_document}
        for name, dataset in config.datasets.items()
    ]


def _one_dataset(arns: Arns) -> States:
    return {
        # items and users are optional: without a row of them the models learn from the interactions alone
        "Is there a file": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$exists($lookup($export.locations, $states.input.type))"),
                    "Next": "Set up dataset",
                }
            ],
            "Default": "Dataset left out",
        },
        "Dataset left out": {"Type": "Succeed"},
        "Set up dataset": arns.invoke(
            arns.setup_datasets,
            {
                "step": "dataset",
                "datasetGroupArn": expression("$datasetGroupArn"),
                "type": expression("$states.input.type"),
                "name": expression("$states.input.name"),
                "schema": expression("$states.input.schema"),
            },
            Assign={
                "dataset": expression("$states.input"),
                "datasetArn": expression(f"{_PAYLOAD}.datasetArn"),
            },
            Output=awaiting.START,
            Next=awaiting.describe_state(awaiting.DATASET),
        ),
        **awaiting.await_active(arns, awaiting.DATASET, arn="datasetArn", then="Start import", failed="Dataset failed"),
        "Start import": arns.invoke(
            arns.setup_datasets,
            {
                "step": "import",
                "datasetArn": expression("$datasetArn"),
                "name": expression("$dataset.name"),
                "runId": expression(RUN_ID),
                "location": expression("$lookup($export.locations, $dataset.type)"),
            },
            Assign={"importJobArn": expression(f"{_PAYLOAD}.datasetImportJobArn")},
            Output=awaiting.START,
            Next=awaiting.describe_state(awaiting.IMPORT_JOB),
        ),
        **awaiting.await_active(
            arns, awaiting.IMPORT_JOB, arn="importJobArn", then="Dataset imported", failed="Dataset failed"
        ),
        "Dataset imported": {"Type": "Succeed"},
        "Dataset failed": FAIL,
    }
