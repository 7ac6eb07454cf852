"""PutItems, PutUsers and PutActions: records of items, users and actions, one by one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.append_log import StreamClosed
from tastemaker.personalize.errors import InvalidInput, in_use, not_found
from tastemaker.personalize.kinds import DATASET, IMPORT_JOB
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.states import need_active, settled
from tastemaker.personalize.puts import PutRecord
from tastemaker.personalize.record_fields import RecordFields
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize_events.type_defs import (
        PutActionsRequestTypeDef,
        PutItemsRequestTypeDef,
        PutUsersRequestTypeDef,
    )


@operation("PutItems", locked=False)
def put_items(here: AccountRegion, given: PutItemsRequestTypeDef) -> None:
    """All the items of the request, each in place of what was known of it, or none where one of them will not do."""
    dataset, fields = _receiving(here, given["datasetArn"], "ITEMS", "PutItems")
    _put(
        here,
        dataset,
        [
            fields.read(item["itemId"], item.get("properties"), f"items.{number}.member")
            for number, item in enumerate(given["items"], start=1)
        ],
    )


@operation("PutUsers", locked=False)
def put_users(here: AccountRegion, given: PutUsersRequestTypeDef) -> None:
    """All the users of the request, each in place of what was known of it, or none where one of them will not do."""
    dataset, fields = _receiving(here, given["datasetArn"], "USERS", "PutUsers")
    _put(
        here,
        dataset,
        [
            fields.read(user["userId"], user.get("properties"), f"users.{number}.member")
            for number, user in enumerate(given["users"], start=1)
        ],
    )


@operation("PutActions", locked=False)
def put_actions(here: AccountRegion, given: PutActionsRequestTypeDef) -> None:
    """All the actions of the request, each in place of what was known of it, or none where one of them will not do."""
    dataset, fields = _receiving(here, given["datasetArn"], "ACTIONS", "PutActions")
    _put(
        here,
        dataset,
        [
            fields.read(action["actionId"], action.get("properties"), f"actions.{number}.member")
            for number, action in enumerate(given["actions"], start=1)
        ],
    )


def _receiving(here: AccountRegion, arn: str, dataset_type: str, name: str) -> tuple[Resource, RecordFields]:
    """The dataset that records go into, and the rules for them."""
    dataset = here.resources.peek(DATASET, arn)
    dataset = None if dataset is None else settled(here, dataset)
    if dataset is None:
        raise not_found(arn)
    if dataset.members["datasetType"] != dataset_type:
        raise InvalidInput(
            f"{arn} is a {dataset.members['datasetType']} dataset, and {name} needs an {dataset_type} one."
        )
    need_active(dataset)
    for job in here.resources.peek_where(IMPORT_JOB, datasetArn=arn):
        if (job_now := settled(here, job)) is not None and (state := lifecycle.under_way(job_now)):
            raise in_use(arn, f"{job.arn} is in {state}.")
    here.rates.take((name, dataset.members["datasetGroupArn"]), here.quotas.records_per_second)
    return dataset, _fields(here.records.schema(dataset))


def _put(here: AccountRegion, dataset: Resource, records: list[PutRecord]) -> None:
    try:
        here.puts.put(dataset.arn, records)
    except StreamClosed as closed:
        raise in_use(dataset.arn, str(closed)) from closed
    except UnicodeEncodeError as error:
        raise InvalidInput("The request holds text that is no valid Unicode.") from error


@lru_cache(maxsize=64)
def _fields(schema: Schema) -> RecordFields:
    return RecordFields(schema)
