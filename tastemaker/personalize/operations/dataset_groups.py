"""Dataset groups: the container of everything that belongs to one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.kinds import (
    DATASET,
    DATASET_GROUP,
    EVENT_TRACKER,
    FILTER,
    METRIC_ATTRIBUTION,
    RECOMMENDER,
    SOLUTION,
)
from tastemaker.personalize.operations.registry import operation, register_describe, register_list
from tastemaker.personalize.operations.states import need_place, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.shapes import Members

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import CreateDatasetGroupRequestTypeDef, DeleteDatasetGroupRequestTypeDef


@operation("CreateDatasetGroup")
def create_dataset_group(here: AccountRegion, given: CreateDatasetGroupRequestTypeDef) -> Members:
    if ("kmsKeyArn" in given) != ("roleArn" in given):
        raise InvalidInput("A kmsKeyArn needs a roleArn that may use the key, and a roleArn needs a kmsKeyArn.")
    arn = here.arn(DATASET_GROUP, given["name"])
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    need_place(here, DATASET_GROUP, most=here.quotas.dataset_groups)
    members = {name: given.get(name) for name in ("name", "roleArn", "kmsKeyArn", "domain")}
    here.resources.add(DATASET_GROUP, arn, members, tags=tags_of(given.get("tags")))
    return {"datasetGroupArn": arn, "domain": given.get("domain")}


@operation("DeleteDatasetGroup")
def delete_dataset_group(here: AccountRegion, given: DeleteDatasetGroupRequestTypeDef) -> None:
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    for kind in (RECOMMENDER, SOLUTION, EVENT_TRACKER, FILTER, METRIC_ATTRIBUTION, DATASET):
        if inside := next(here.resources.newest(kind, datasetGroupArn=group.arn), None):
            raise in_use(group.arn, f"delete {inside.arn} first.")
    start_deletion(here, group, path=lifecycle.DELETE_GROUP)


register_describe(DATASET_GROUP)
register_list(DATASET_GROUP)
