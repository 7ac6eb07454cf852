"""Filters: expressions that say which items may be recommended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, LimitExceeded, already_exists
from tastemaker.personalize.filters import Expression, FilterError, check, dataset_fields, parse
from tastemaker.personalize.kinds import DATASET, DATASET_GROUP, FILTER
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.operations.registry import operation, register_describe, register_list
from tastemaker.personalize.operations.states import start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateFilterRequestTypeDef, DeleteFilterRequestTypeDef


@operation("CreateFilter")
def create_filter(here: AccountRegion, given: CreateFilterRequestTypeDef) -> Members:
    arn = here.arn(FILTER, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    if group.status != "ACTIVE":
        # CreateFilter has no ResourceInUseException
        raise InvalidInput(f"{group.arn} is {group.status}: a filter needs an ACTIVE dataset group.")
    expression = expression_of(given["filterExpression"], _schemas(here, group))
    _check_room(here, group, expression)
    members = {
        "name": given["name"],
        "datasetGroupArn": group.arn,
        "filterExpression": given["filterExpression"],
    }
    filter_ = here.resources.add(FILTER, arn, members, tags=tags_of(given.get("tags")))
    filter_.hidden["fields"] = sorted(dataset_fields(expression))
    return {"filterArn": arn}


@operation("DeleteFilter")
def delete_filter(here: AccountRegion, given: DeleteFilterRequestTypeDef) -> None:
    start_deletion(here, here.resources.get(FILTER, given["filterArn"]))


def expression_of(text: str, schemas: Mapping[str, Schema]) -> Expression:
    """The checked expression that `text` says, for a group with these schemas by dataset type."""
    try:
        return check(parse(text), schemas)
    except FilterError as error:
        raise InvalidInput(str(error)) from error


def checked_expression(here: AccountRegion, filter_: Resource) -> Expression:
    """The expression of a filter that was created before."""

    def made() -> Expression:
        with here.resources.changing():
            group = here.resources.get(DATASET_GROUP, filter_.members["datasetGroupArn"])
            return expression_of(filter_.members["filterExpression"], _schemas(here, group))

    return here.snapshots.expression(filter_.arn, filter_.members["creationDateTime"], made)


def _schemas(here: AccountRegion, group: Resource) -> dict[str, Schema]:
    datasets = here.resources.newest(DATASET, datasetGroupArn=group.arn)
    return {dataset.members["datasetType"]: schema_of(here, dataset) for dataset in datasets}


def _check_room(here: AccountRegion, group: Resource, expression: Expression) -> None:
    others = list(here.resources.newest(FILTER, datasetGroupArn=group.arn))
    most, most_fields = here.quotas.filters, here.quotas.filter_fields_in_group
    if most is not None and len(others) >= most:
        raise LimitExceeded(f"{group.arn} has {len(others)} filters, and {most} is the most: delete one.")
    fields = dataset_fields(expression).union(*(other.hidden["fields"] for other in others))
    if most_fields is not None and len(fields) > most_fields:
        raise LimitExceeded(
            f"With this filter, those of {group.arn} would use {len(fields)} distinct fields, and "
            f"{most_fields} is the most: use fewer, or delete a filter."
        )


register_describe(FILTER)
register_list(FILTER, within=DATASET_GROUP)
