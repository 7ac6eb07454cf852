"""Schemas and datasets."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, already_exists, in_use
from tastemaker.personalize.kinds import DATASET, DATASET_GROUP, IMPORT_JOB, RECOMMENDER, SCHEMA, SOLUTION_VERSION
from tastemaker.personalize.operations.registry import operation, register_describe, register_list
from tastemaker.personalize.operations.states import need_active, need_place, start_deletion
from tastemaker.personalize.operations.tags import tags_of
from tastemaker.personalize.schemas import Schema, SchemaError, parse_schema
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        CreateDatasetRequestTypeDef,
        CreateSchemaRequestTypeDef,
        DeleteDatasetRequestTypeDef,
        DeleteSchemaRequestTypeDef,
        UpdateDatasetRequestTypeDef,
    )

_TYPES: Final = ("INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS")
_DOMAIN_TYPES: Final = ("INTERACTIONS", "ITEMS", "USERS")
_UPDATABLE: Final = ("ITEMS", "USERS")


@operation("CreateSchema")
def create_schema(here: AccountRegion, given: CreateSchemaRequestTypeDef) -> Members:
    arn = here.arn(SCHEMA, given["name"])
    members = {name: given.get(name) for name in ("name", "schema", "domain")}
    _parsed(given["schema"], given.get("domain"))
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    need_place(here, SCHEMA, most=here.quotas.schemas)
    here.resources.add_at_once(SCHEMA, arn, members)
    return {"schemaArn": arn}


@operation("DeleteSchema")
def delete_schema(here: AccountRegion, given: DeleteSchemaRequestTypeDef) -> None:
    schema = here.resources.get(SCHEMA, given["schemaArn"])
    if user := next(here.resources.newest(DATASET, schemaArn=schema.arn), None):
        raise in_use(schema.arn, f"{user.arn} has it; delete that first.")
    for dataset in here.resources.newest(DATASET):
        coming = dataset.members.get("latestDatasetUpdate", {}).get("schemaArn")
        if coming == schema.arn and lifecycle.under_way(dataset):
            raise in_use(schema.arn, f"{dataset.arn} is being updated to it.")
    here.resources.remove(schema)


@operation("CreateDataset")
def create_dataset(here: AccountRegion, given: CreateDatasetRequestTypeDef) -> Members:
    group = here.resources.get(DATASET_GROUP, given["datasetGroupArn"])
    schema = here.resources.get(SCHEMA, given["schemaArn"])
    dataset_type = given["datasetType"].upper()
    arn = here.arn(DATASET, f"{group.members['name']}/{dataset_type}")
    _check_type(dataset_type, group, schema)
    need_active(group)
    if here.resources.find(arn) is not None:
        raise already_exists(arn)
    members = {
        "name": given["name"],
        "datasetGroupArn": group.arn,
        "datasetType": dataset_type,
        "schemaArn": schema.arn,
    }
    if dataset_type == "ACTION_INTERACTIONS":
        members["trackingId"] = str(uuid.uuid4())
    here.resources.add(DATASET, arn, members, tags=tags_of(given.get("tags")))
    # what an earlier dataset of this name left: where something came in, or the process ended, during its deletion
    here.records.delete(arn)
    return {"datasetArn": arn}


@operation("UpdateDataset")
def update_dataset(here: AccountRegion, given: UpdateDatasetRequestTypeDef) -> Members:
    dataset = here.resources.get(DATASET, given["datasetArn"])
    schema = here.resources.get(SCHEMA, given["schemaArn"])
    dataset_type = dataset.members["datasetType"]
    if dataset_type not in _UPDATABLE:
        raise InvalidInput(f"{dataset.arn} is a {dataset_type} dataset: only {' and '.join(_UPDATABLE)} can change.")
    if state := lifecycle.under_way(dataset):
        raise in_use(dataset.arn, f"it is in {state}.")
    _check_type(dataset_type, here.resources.get(DATASET_GROUP, dataset.members["datasetGroupArn"]), schema)
    _check_extends(_parsed(schema.members["schema"], schema.members.get("domain")), schema_of(here, dataset))
    now = here.clock.now()
    dataset.members["latestDatasetUpdate"] = {"schemaArn": schema.arn, "creationDateTime": now}
    lifecycle.begin(dataset, lifecycle.UPDATE_DATASET, now=now)
    return {"datasetArn": dataset.arn}


@operation("DeleteDataset")
def delete_dataset(here: AccountRegion, given: DeleteDatasetRequestTypeDef) -> None:
    dataset = here.resources.get(DATASET, given["datasetArn"])
    group_arn = dataset.members["datasetGroupArn"]
    busy = [
        *here.resources.newest(IMPORT_JOB, datasetArn=dataset.arn),
        *here.resources.newest(SOLUTION_VERSION, datasetGroupArn=group_arn),
        *here.resources.newest(RECOMMENDER, datasetGroupArn=group_arn),
    ]
    for job in busy:
        if state := lifecycle.under_way(job):
            raise in_use(dataset.arn, f"{job.arn} is in {state}.")
    # kept first: a process that is killed in between must not come back with the dataset and without its records
    with here.resources.changing():
        start_deletion(here, dataset)
    here.records.delete(dataset.arn)


def schema_of(here: AccountRegion, dataset: Resource) -> Schema:
    """The parsed schema of `dataset`."""
    schema = here.resources.get(SCHEMA, dataset.members["schemaArn"])
    return _parsed(schema.members["schema"], schema.members.get("domain"))


def _parsed(text: str, domain: str | None) -> Schema:
    try:
        return parse_schema(text, domain)
    except SchemaError as error:
        raise InvalidInput(str(error)) from error


def _check_type(dataset_type: str, group: Resource, schema: Resource) -> None:
    domain = group.members.get("domain")
    if dataset_type not in _TYPES:
        raise InvalidInput(f"datasetType {dataset_type} is none of {', '.join(_TYPES)}.")
    if domain is not None and dataset_type not in _DOMAIN_TYPES:
        raise InvalidInput(f"{group.arn} is a {domain} domain dataset group, which has no {dataset_type} dataset.")
    if schema.members.get("domain") != domain:
        raise InvalidInput(
            f"{schema.arn} is a schema {_for_domain(schema.members.get('domain'))}, "
            f"{group.arn} a dataset group {_for_domain(domain)}: they have to be the same."
        )
    described = _parsed(schema.members["schema"], domain).dataset_type
    if described != dataset_type:
        raise InvalidInput(f"{schema.arn} describes {described}, not {dataset_type}: give a schema of that type.")


def _check_extends(new: Schema, old: Schema) -> None:
    """A new schema keeps every field as it is and adds fields that may be null."""
    for field in old.fields:
        if new.field(field.name) != field:
            raise InvalidInput(f"The new schema lacks the field {field.name} as the dataset has it: keep it unchanged.")
    for field in new.fields:
        if old.field(field.name) is None and not field.nullable:
            raise InvalidInput(f"The new field {field.name} must allow null: records that exist have none.")


def _for_domain(domain: str | None) -> str:
    return f"for domain {domain}" if domain else "without a domain"


register_describe(SCHEMA)
register_list(SCHEMA)
register_describe(DATASET)
register_list(DATASET, within=DATASET_GROUP)
