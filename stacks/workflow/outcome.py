"""How a run ended, told to the topic of outcomes: a subject to read, and a JSON object as the message.

A message that cannot be sent changes nothing: the run ends as it would have ended.
"""

from __future__ import annotations

from typing import Final

from stacks.workflow.language import RUN_ID, Arns, State, expression, retry

TELL_SUCCESS: Final = "Tell success"
TELL_FAILURE: Final = "Tell failure"
MAIN_METRIC: Final = "normalized_discounted_cumulative_gain_at_10"

# SNS takes less than a hundred characters, none of them a line break or a control character
_MOST_CHARACTERS: Final = 99
_TOLD: Final = ("rows", "rejected", "filtersLeftOut", "unconfiguredCampaigns")
_EXECUTION: Final = "'execution': $states.context.Execution.Id"


def tell_success(arns: Arns, project: str, *, then: str) -> State:
    """Publish what the run did, from its output: `{"project", "outcome": "trained", "runId", "execution", "rows",
    "rejected", "filtersLeftOut", "unconfiguredCampaigns", "models"}`; each model's value is its main metric, where
    Personalize gave it. Whoever takes a model away learns of the campaign that stays, and costs, from here.
    """
    metric = f"$lookup($model.metrics, '{MAIN_METRIC}')"
    models = (
        f"$merge([$each($states.input.models, function($model, $name) {{ {{$name: {{'{MAIN_METRIC}': {metric}}}}} }})])"
    )
    told = ", ".join(f"'{key}': $states.input.{key}" for key in _TOLD)
    message = (
        f"{{'project': '{project}', 'outcome': 'trained', 'runId': {RUN_ID}, {_EXECUTION}, {told}, 'models': {models}}}"
    )
    return _publish(arns, subject=f"'Tastemaker {project}: trained'", message=message, then=then)


def tell_failure(arns: Arns, project: str, *, then: str) -> State:
    """Publish why the run failed, from `{"error", "cause"}`: `{"project", "outcome": "failed", "runId", "execution",
    "error", "cause"}`.
    """
    message = (
        f"{{'project': '{project}', 'outcome': 'failed', 'runId': {RUN_ID}, {_EXECUTION}, "
        "'error': $states.input.error, 'cause': $states.input.cause}"
    )
    subject = f"'Tastemaker {project}: failed: ' & $states.input.error"
    return _publish(arns, subject=subject, message=message, then=then)


def _publish(arns: Arns, *, subject: str, message: str, then: str) -> State:
    printable = f"$replace({subject}, /[^ -~]/, '?')"
    as_it_came = {"Output": expression("$states.input"), "Next": then}
    return {
        "Type": "Task",
        "Resource": arns.integration("sns:publish"),
        "Arguments": {
            "TopicArn": arns.outcomes_topic,
            "Subject": expression(f"$substring({printable}, 0, {_MOST_CHARACTERS})"),
            "Message": expression(f"$string({message})"),
        },
        "Retry": [retry("States.TaskFailed", seconds=2, attempts=4, at_most=30)],
        "Catch": [{"ErrorEquals": ["States.ALL"], **as_it_came}],
        **as_it_came,
    }
