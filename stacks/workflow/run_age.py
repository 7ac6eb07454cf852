"""How old the models are that serve, as a metric.

An alarm looks back a week at most, and weekly runs are a week apart: that one is overdue can only be seen in an age.
"""

from __future__ import annotations

from typing import Any, Final

from stacks.workflow.language import expression, retry

NAMESPACE: Final = "Tastemaker"
METRIC: Final = "RunAge"
DIMENSION: Final = "Project"
_PUBLISHED_AT: Final = "$states.result.Item.publishedAt.N"


def definition(*, project: str, partition: str, engine_table: str) -> dict[str, Any]:
    """The definition. The metric is in seconds, and there is none before the first run has succeeded."""
    return {
        "Comment": f"Measures the age of the models that {project} serves",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": 3600,
        "StartAt": "Read publication",
        "States": {
            "Read publication": {
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::dynamodb:getItem",
                "Arguments": {
                    "TableName": engine_table,
                    "Key": {"key": {"S": "published"}},
                    "ProjectionExpression": "publishedAt",
                },
                "Retry": [retry("States.TaskFailed", seconds=2, attempts=5, at_most=60)],
                "Output": {
                    "published": expression(f"$exists({_PUBLISHED_AT})"),
                    "seconds": expression(
                        f"$exists({_PUBLISHED_AT}) ? $floor($millis() / 1000) - $number({_PUBLISHED_AT}) : 0"
                    ),
                },
                "Next": "Is anything published",
            },
            "Is anything published": {
                "Type": "Choice",
                "Choices": [{"Condition": expression("$states.input.published"), "Next": "Write metric"}],
                "Default": "Nothing published",
            },
            "Write metric": {
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::aws-sdk:cloudwatch:putMetricData",
                "Arguments": {
                    "Namespace": NAMESPACE,
                    "MetricData": [
                        {
                            "MetricName": METRIC,
                            "Dimensions": [{"Name": DIMENSION, "Value": project}],
                            "Value": expression("$states.input.seconds"),
                            "Unit": "Seconds",
                        }
                    ],
                },
                "Retry": [retry("States.TaskFailed", seconds=2, attempts=5, at_most=60)],
                "End": True,
            },
            "Nothing published": {"Type": "Succeed"},
        },
    }
