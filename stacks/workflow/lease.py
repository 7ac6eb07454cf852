"""One run at a time: a lease in the engine's table, which a run takes first and gives back last.

A lease that another execution holds ends this one with an error that names the holder, so that nobody takes a run
that never was for one that succeeded. A holder that was stopped, or timed out, could not give its lease back: it is
taken over at once.
"""

from __future__ import annotations

from typing import Final

from stacks.workflow.language import RUN_ID, Arns, State, States, expression, retry

TAKE: Final = "Take lease"
RELEASE: Final = "Release lease"
RELEASE_AFTER_FAILURE: Final = "Release lease after failure"
RUN_SECONDS: Final = 2 * 24 * 3600
"""The longest that a run may take; the state machine's own timeout."""
# longer than any run, so that it never runs out under a holder
_LEASE_SECONDS: Final = RUN_SECONDS + 24 * 3600

_KEY: Final = {"key": {"S": "lease"}}
_ME: Final = "$states.context.Execution.Id"
_NOW: Final = "$floor($millis() / 1000)"
_REFUSED: Final = "DynamoDB.ConditionalCheckFailedException"
_BUSY: Final = retry(
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.AmazonDynamoDBException",
    seconds=1,
    attempts=6,
    at_most=30,
)


def lease_states(arns: Arns, *, then: str, failed: str) -> States:
    """The states that take the lease and go to `then`; where another run holds it, `{"error", "cause"}` to `failed`."""
    return {
        TAKE: {
            **_put(
                arns,
                condition="attribute_not_exists(#key) OR #expires < :now OR #holder = :me",
                names={"#key": "key", "#expires": "expiresAt", "#holder": "holder"},
                values={":now": {"N": expression(f"$string({_NOW})")}, ":me": {"S": expression(_ME)}},
            ),
            "Catch": [{"ErrorEquals": [_REFUSED], "Next": "Read lease"}],
            "Next": then,
        },
        **_holder_states(arns, ended="Take over lease", running="Already running"),
        "Take over lease": {
            **_put(
                arns,
                condition="attribute_not_exists(#holder) OR #holder = :holder",
                names={"#holder": "holder"},
                values={":holder": {"S": expression("$states.input.holder")}},
            ),
            "Output": expression("$states.input"),
            "Catch": [{"ErrorEquals": [_REFUSED], "Output": expression("$states.input"), "Next": "Already running"}],
            "Next": then,
        },
        "Already running": {
            "Type": "Pass",
            "Output": {
                "error": "AlreadyRunning",
                "cause": expression(
                    "'another run holds the lease: ' & $states.input.holder & '; wait for its end, or stop it'"
                ),
            },
            "Next": failed,
        },
    }


def _holder_states(arns: Arns, *, ended: str, running: str) -> States:
    """Who holds the lease, and whether that execution still runs; both next states get its ARN as `holder`."""
    item = "$states.result.Item.holder.S"
    return {
        "Read lease": {
            "Type": "Task",
            "Resource": arns.integration("dynamodb:getItem"),
            "Arguments": {"TableName": arns.engine_table, "Key": _KEY, "ConsistentRead": True},
            "Retry": [_BUSY],
            "Output": {"holder": expression(f"$exists({item}) ? {item} : 'none'")},
            "Next": "Describe holder",
        },
        "Describe holder": {
            "Type": "Task",
            "Resource": arns.integration("aws-sdk:sfn:describeExecution"),
            "Arguments": {"ExecutionArn": expression("$states.input.holder")},
            "Retry": [retry("Sfn.SfnException", seconds=2, attempts=3, at_most=20)],
            "Output": {
                "holder": expression("$states.input.holder"),
                "status": expression("$states.result.Status"),
            },
            "Catch": [
                {
                    # forgotten after 90 days, or given back a moment ago
                    "ErrorEquals": ["Sfn.ExecutionDoesNotExistException", "Sfn.InvalidArnException"],
                    "Output": expression("$states.input"),
                    "Next": ended,
                }
            ],
            "Next": "Judge holder",
        },
        "Judge holder": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression("$states.input.status in ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']"),
                    "Next": ended,
                }
            ],
            "Default": running,
        },
    }


def release_state(arns: Arns, *, then: str) -> State:
    """Give the lease back and go to `then` with the input as it came; one that is not ours is left alone."""
    return {
        "Type": "Task",
        "Resource": arns.integration("dynamodb:deleteItem"),
        "Arguments": {
            "TableName": arns.engine_table,
            "Key": _KEY,
            "ConditionExpression": "#holder = :me",
            "ExpressionAttributeNames": {"#holder": "holder"},
            "ExpressionAttributeValues": {":me": {"S": expression(_ME)}},
        },
        "Retry": [_BUSY],
        "Output": expression("$states.input"),
        # the next run finds an execution that has ended and takes the lease over
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": expression("$states.input"), "Next": then}],
        "Next": then,
    }


def _put(arns: Arns, *, condition: str, names: dict[str, str], values: dict[str, dict[str, str]]) -> State:
    return {
        "Type": "Task",
        "Resource": arns.integration("dynamodb:putItem"),
        "Arguments": {
            "TableName": arns.engine_table,
            "Item": {
                **_KEY,
                "holder": {"S": expression(_ME)},
                "runId": {"S": expression(RUN_ID)},
                "expiresAt": {"N": expression(f"$string({_NOW} + {_LEASE_SECONDS})")},
            },
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        },
        "Retry": [_BUSY],
    }
