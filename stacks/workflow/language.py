"""The few words of Amazon States Language that every part of the workflow uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

State = dict[str, Any]
States = dict[str, State]
Template = str | int | Mapping[str, Any]

RUN_ID: Final = "$states.context.Execution.Name"


def expression(jsonata: str) -> str:
    """A field that Step Functions evaluates."""
    return f"{{% {jsonata} %}}"


# Lambda's cause is a JSON document that holds the function's own message, an SDK integration's is a sentence.
_CAUSE: Final = (
    "$exists($states.errorOutput.Cause)"
    " ? ($substring($states.errorOutput.Cause, 0, 1) = '{' and $contains($states.errorOutput.Cause, '\"errorMessage\"')"
    " ? $parse($states.errorOutput.Cause).errorMessage : $states.errorOutput.Cause)"
    " : 'no cause is given'"
)
FAILURE: Final = {"error": expression("$states.errorOutput.Error"), "cause": expression(_CAUSE)}
"""A caught error as data: `{"error", "cause"}`, the cause in the words of whoever failed."""

FAIL: Final[State] = {
    "Type": "Fail",
    "Error": expression("$states.input.error"),
    "Cause": expression("$states.input.cause"),
}
"""Fail with such data."""

# Lambda itself stumbled; the function never saw the event.
_LAMBDA_ERRORS: Final = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
# The control plane models no throttling error, and Step Functions names unmodelled ones after the service.
PERSONALIZE_ERRORS: Final = ("Personalize.ThrottlingException", "Personalize.PersonalizeException")


def retry(*errors: str, seconds: int, attempts: int, at_most: int) -> State:
    """Try again after `seconds`, then twice as long, up to `at_most`; with jitter, so that branches come apart."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": 2,
        "MaxDelaySeconds": at_most,
        "JitterStrategy": "FULL",
    }


@dataclass(frozen=True)
class Arns:
    """What the definition calls and writes to; tokens at synthesis, anything in a test."""

    partition: str
    export_data: str
    setup_datasets: str
    train_model: str
    deploy_campaign: str
    engine_table: str
    outcomes_topic: str

    @property
    def functions(self) -> tuple[str, ...]:
        return (self.export_data, self.setup_datasets, self.train_model, self.deploy_campaign)

    def integration(self, service: str) -> str:
        return f"arn:{self.partition}:states:::{service}"

    def invoke(self, function: str, payload: Template, **fields: Any) -> State:
        """Call a function; its answer is `$states.result.Payload`.

        `RetryableError` is throttling, a soft limit (five imports at once in a region) or a resource in use: those
        take minutes to go away.
        """
        return {
            "Type": "Task",
            "Resource": self.integration("lambda:invoke"),
            "Arguments": {"FunctionName": function, "Payload": payload},
            "Retry": [
                retry(*_LAMBDA_ERRORS, seconds=2, attempts=5, at_most=60),
                retry("RetryableError", seconds=3, attempts=12, at_most=600),
            ],
            **fields,
        }
