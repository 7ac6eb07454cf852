"""The part of the workflow that makes the data known to Personalize: dataset group, datasets, imports, event tracker,
filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stacks.workflow import awaiting
from stacks.workflow.language import FAIL, RUN_ID, Arns, States, expression

if TYPE_CHECKING:
    from lambdas.common.config import Config

START: Final = "Set up dataset group"
# ten minutes with the usual `pollSeconds`
_FILTER_POLLS: Final = 10
_PAYLOAD: Final = "$states.result.Payload"


def dataset_states(arns: Arns, config: Config, *, then: str, failed: str) -> States:
    """The states that end with every dataset imported and the variables `datasetGroupArn`, `trackingId` and `filters`.

    `filters` is a list of `{"name", "filterArn"}`; `filtersLeftOut` has the names of those whose dataset has no rows.
    """
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
            "Next": "Set up event tracker",
        },
        "Set up event tracker": arns.invoke(
            arns.setup_datasets,
            {"step": "eventTracker", "datasetGroupArn": expression("$datasetGroupArn"), "name": config.project},
            Assign={
                "eventTrackerArn": expression(f"{_PAYLOAD}.eventTrackerArn"),
                "trackingId": expression(f"{_PAYLOAD}.trackingId"),
            },
            Output=awaiting.START,
            Next=awaiting.describe_state(awaiting.EVENT_TRACKER),
        ),
        **awaiting.await_active(
            arns, awaiting.EVENT_TRACKER, arn="eventTrackerArn", then="Event tracker ready", failed=failed
        ),
        "Event tracker ready": {"Type": "Pass", "Output": awaiting.START, "Next": "Set up filters"},
        **_filter_states(arns, config, then=then, failed=failed),
    }


def _datasets(config: Config) -> list[dict[str, Any]]:
    return [
        {"type": name, "name": f"{config.project}-{name.lower()}", "schema": dataset.schema_document}
        for name, dataset in config.datasets.items()
    ]


def _filters(config: Config) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "resource": f"{config.project}-{each.name}",
            "expression": each.expression,
            "datasets": list(each.datasets),
        }
        for each in config.filters
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
            Output={**awaiting.START, "awaiting": expression(f"{_PAYLOAD}.awaiting")},
            Next="Is it an update",
        ),
        "Is it an update": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$states.input.awaiting = 'update'"),
                    "Next": awaiting.describe_state(awaiting.DATASET_UPDATE),
                }
            ],
            "Default": awaiting.describe_state(awaiting.DATASET),
        },
        **awaiting.await_active(arns, awaiting.DATASET, arn="datasetArn", then="Start import", failed="Dataset failed"),
        **awaiting.await_active(
            # the dataset itself is ready a moment after its update is
            arns,
            awaiting.DATASET_UPDATE,
            arn="datasetArn",
            then=awaiting.describe_state(awaiting.DATASET),
            failed="Dataset failed",
        ),
        **_import_states(arns),
        "Dataset failed": FAIL,
    }


def _import_states(arns: Arns) -> States:
    return {
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
    }


def _filter_states(arns: Arns, config: Config, *, then: str, failed: str) -> States:
    """All filters at once: thirty awaits of their own would be too many events for one execution."""
    return {
        "Set up filters": arns.invoke(
            arns.setup_datasets,
            {
                "step": "filters",
                "datasetGroupArn": expression("$datasetGroupArn"),
                "filters": _filters(config),
                "imported": expression("[$keys($export.locations)]"),
            },
            Assign={
                "filters": expression(f"{_PAYLOAD}.filters"),
                "filtersLeftOut": expression(f"{_PAYLOAD}.leftOut"),
            },
            Output={
                "polls": expression("$states.input.polls + 1"),
                "pending": expression(f"{_PAYLOAD}.pending"),
            },
            Next="Judge filters",
        ),
        "Judge filters": {
            "Type": "Choice",
            "Choices": [
                {"Condition": expression("$count($states.input.pending) = 0"), "Next": then},
                {
                    "Condition": expression(f"$states.input.polls >= {_FILTER_POLLS}"),
                    "Output": {
                        "error": "FailedError",
                        "cause": expression(
                            f"'after {_FILTER_POLLS} looks these filters are still being made: ' "
                            "& $join($states.input.pending, ', ')"
                        ),
                    },
                    "Next": failed,
                },
            ],
            "Default": "Wait for filters",
        },
        "Wait for filters": {"Type": "Wait", "Seconds": expression(awaiting.SECONDS), "Next": "Set up filters"},
    }
