"""PutItems, PutUsers and PutActions: records of items, users and actions, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.append_log import StreamClosed
from tastemaker.personalize.errors import InvalidInput, in_use, not_found
from tastemaker.personalize.kinds import DATASET, IMPORT_JOB
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.states import need_active, settled
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
    records = [(item["itemId"], item.get("properties")) for item in given["items"]]
    _put(here, given["datasetArn"], "PutItems", records, member="items")


@operation("PutUsers", locked=False)
def put_users(here: AccountRegion, given: PutUsersRequestTypeDef) -> None:
    """All the users of the request, each in place of what was known of it, or none where one of them will not do."""
    records = [(user["userId"], user.get("properties")) for user in given["users"]]
    _put(here, given["datasetArn"], "PutUsers", records, member="users")


@operation("PutActions", locked=False)
def put_actions(here: AccountRegion, given: PutActionsRequestTypeDef) -> None:
    """All the actions of the request, each in place of what was known of it, or none where one of them will not do."""
    records = [(action["actionId"], action.get("properties")) for action in given["actions"]]
    _put(here, given["datasetArn"], "PutActions", records, member="actions")


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


def _put(here: AccountRegion, arn: str, name: str, given: Sequence[tuple[str, str | None]], *, member: str) -> None:
    """Keep the records, ids and properties, that the operation `name` has in its `member`."""
    dataset, fields = _receiving(here, arn, member.upper(), name)
    records = [
        fields.read(record_id, properties, f"{member}.{number}.member")
        for number, (record_id, properties) in enumerate(given, start=1)
    ]
    try:
        here.puts.put(dataset.arn, records)
    except StreamClosed as closed:
        raise in_use(dataset.arn, str(closed)) from closed
    except UnicodeEncodeError as error:
        raise InvalidInput("The request holds text that is no valid Unicode.") from error


@lru_cache(maxsize=64)
def _fields(schema: Schema) -> RecordFields:
    return RecordFields(schema)
