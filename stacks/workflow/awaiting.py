"""Wait until a Personalize resource is ACTIVE: describe, judge, wait, describe again."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.workflow.language import FAILURE, PERSONALIZE_ERRORS, Arns, State, States, expression, retry

# what a poll says that Personalize refused to answer
_UNANSWERED = "UNANSWERED"
_GOING_ON = ("CREATE PENDING", "CREATE IN_PROGRESS", "UPDATE PENDING", "UPDATE IN_PROGRESS", _UNANSWERED)
_STOPPED = ("CREATE STOPPING", "CREATE STOPPED")
# the first looks come after 0, 0, 1, 3, 7, … seconds, since most resources are ready at once; then the wait grows by
# `pollSeconds` every three polls, since a job of hours needs no look every minute
_SOON = "$max([0, $power(2, $states.input.polls - 2) - 1])"
SECONDS = f"$min([{_SOON}, $pollSeconds * (1 + $floor($states.input.polls / 3))])"
START = {"polls": 0}
"""What the state before an await hands over."""


@dataclass(frozen=True)
class Kind:
    """A kind of Personalize resource: how Step Functions describes it, and after how many polls it took too long.

    With the usual `pollSeconds` of 60, 10 polls are ten minutes, 13 twenty, 25 under two hours, 45 six, 62 eleven.
    """

    name: str
    operation: str
    parameter: str
    member: str
    polls: int
    absent: str = "ABSENT"
    """The status where the member is missing from the description."""


DATASET_GROUP = Kind("dataset group", "describeDatasetGroup", "DatasetGroupArn", "DatasetGroup", 13)
DATASET = Kind("dataset", "describeDataset", "DatasetArn", "Dataset", 10)
# while an update is under way the dataset's own status tells too, but not whether it failed
DATASET_UPDATE = Kind(
    "dataset update", "describeDataset", "DatasetArn", "Dataset.LatestDatasetUpdate", 13, absent="CREATE PENDING"
)
EVENT_TRACKER = Kind("event tracker", "describeEventTracker", "EventTrackerArn", "EventTracker", 10)
IMPORT_JOB = Kind("import", "describeDatasetImportJob", "DatasetImportJobArn", "DatasetImportJob", 45)
SOLUTION = Kind("solution", "describeSolution", "SolutionArn", "Solution", 10)
VERSION = Kind("training", "describeSolutionVersion", "SolutionVersionArn", "SolutionVersion", 62)
CAMPAIGN = Kind("campaign", "describeCampaign", "CampaignArn", "Campaign", 25)
# while an update is under way, and after it failed, the campaign itself stays ACTIVE on the old version
CAMPAIGN_UPDATE = Kind(
    "campaign update",
    "describeCampaign",
    "CampaignArn",
    "Campaign.LatestCampaignUpdate",
    25,
    absent="CREATE PENDING",
)
KINDS = (
    DATASET_GROUP,
    DATASET,
    DATASET_UPDATE,
    EVENT_TRACKER,
    IMPORT_JOB,
    SOLUTION,
    VERSION,
    CAMPAIGN,
    CAMPAIGN_UPDATE,
)


def describe_state(kind: Kind) -> str:
    """The name of the state that an await begins with."""
    return f"Describe {kind.name}"


def await_active(arns: Arns, kind: Kind, *, arn: str, then: str, failed: str) -> States:
    """The states that wait for the resource in the variable `arn`, then go to `then`.

    They take `{"polls": 0}`. For a resource that failed, was stopped, took too long or has a status that nobody
    knows, `{"error", "cause"}` comes to `failed`.
    """
    judge, wait = f"Judge {kind.name}", f"Wait for {kind.name}"
    return {
        describe_state(kind): _describe(arns, kind, arn=arn, judge=judge),
        judge: _judge(kind, arn=arn, then=then, failed=failed, wait=wait),
        wait: {
            "Type": "Wait",
            "Seconds": expression(SECONDS),
            "Next": describe_state(kind),
        },
    }


def _describe(arns: Arns, kind: Kind, *, arn: str, judge: str) -> State:
    described = f"$states.result.{kind.member}"
    polls = expression("$states.input.polls + 1")
    return {
        "Type": "Task",
        "Resource": arns.integration(f"aws-sdk:personalize:{kind.operation}"),
        "Arguments": {kind.parameter: expression(f"${arn}")},
        "Output": {
            "polls": polls,
            "status": expression(f"$exists({described}.Status) ? {described}.Status : '{kind.absent}'"),
            "reason": expression(
                f"$exists({described}.FailureReason) ? {described}.FailureReason : 'no reason is given'"
            ),
        },
        "Retry": [retry(*PERSONALIZE_ERRORS, seconds=2, attempts=2, at_most=20)],
        # a description that Personalize still refuses is a poll that told nothing, and no end to hours of training
        "Catch": [
            {
                "ErrorEquals": list(PERSONALIZE_ERRORS),
                "Output": {"polls": polls, "status": _UNANSWERED, "reason": FAILURE["cause"]},
                "Next": judge,
            }
        ],
        "Next": judge,
    }


def _judge(kind: Kind, *, arn: str, then: str, failed: str, wait: str) -> State:
    def failing(condition: str, what: str) -> State:
        return {
            "Condition": expression(condition),
            "Output": {"error": "FailedError", "cause": expression(f"'{kind.name} ' & ${arn} & {what}")},
            "Next": failed,
        }

    status = "$states.input.status"
    going_on = f"{status} in {_list(_GOING_ON)}"
    unknown = failing("true", f"' has the status ' & {status} & ', which this workflow does not know'")
    return {
        "Type": "Choice",
        "Choices": [
            {"Condition": expression(f"{status} = 'ACTIVE'"), "Next": then},
            failing(f"{status} = 'CREATE FAILED'", "' failed: ' & $states.input.reason"),
            failing(f"{status} in {_list(_STOPPED)}", "' was stopped'"),
            failing(
                f"{going_on} and $states.input.polls >= {kind.polls}",
                f"' took too long: after {kind.polls} looks it is still ' & {status}"
                " & ' (' & $states.input.reason & ')'",
            ),
            {"Condition": expression(going_on), "Next": wait},
            unknown,
        ],
        # every status is covered above; Step Functions asks for a default all the same
        "Default": failed,
    }


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"
