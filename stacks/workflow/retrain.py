"""What the schedule starts: one run of the pipeline for each time that was scheduled, however often it starts this.

The Scheduler may fire twice for a time. A run named after the time starts once, since Step Functions keeps a name for
90 days; but a time is written with colons, which a name may not hold and the Scheduler cannot replace.
"""

from __future__ import annotations

from typing import Any, Final

from stacks.workflow.language import expression, retry

SCHEDULED_TIME: Final = "scheduledTime"


def definition(*, project: str, partition: str, pipeline: str) -> dict[str, Any]:
    """The definition; `pipeline` is the ARN of the state machine that is started.

    Input: `{"scheduledTime", …}`, which the run gets as it is. A run that was started before, or has ended, is fine.
    """
    return {
        "Comment": f"Starts a run of {project} named after the scheduled time",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": 3600,
        "StartAt": "Start run",
        "States": {
            "Start run": {
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::aws-sdk:sfn:startExecution",
                "Arguments": {
                    "StateMachineArn": pipeline,
                    "Name": expression(f"'retrain-' & $replace($states.input.{SCHEDULED_TIME}, ':', '-')"),
                    "Input": expression("$string($states.input)"),
                },
                "Retry": [
                    {
                        "ErrorEquals": ["Sfn.ExecutionAlreadyExistsException"],
                        "MaxAttempts": 0,
                    },
                    retry("States.TaskFailed", seconds=5, attempts=6, at_most=600),
                ],
                "Catch": [{"ErrorEquals": ["Sfn.ExecutionAlreadyExistsException"], "Next": "Started before"}],
                "End": True,
            },
            "Started before": {"Type": "Succeed"},
        },
    }
