"""AWS CloudFormation in the embedded cloud: moto's, with the resource types and the rules that moto lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import get_model_map, get_name_type_map

from tastemaker.cloud.cloudformation import functions, http_apis, messaging, operations, roles, storage, tables
from tastemaker.cloud.cloudformation.resource import Resource
from tastemaker.cloud.cloudformation.resource_map import OrderedResourceMap, ResourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["OrderedResourceMap", "Resource", "ResourceFailed", "install", "register", "supported_types"]

_MODELS: tuple[type[Resource], ...] = (
    *(storage.Bucket, storage.BucketPolicy),
    *(tables.Table, tables.GlobalTable, tables.Key, tables.KeyAlias, tables.Parameter),
    *(messaging.Queue, messaging.QueuePolicy, messaging.Topic, messaging.TopicPolicy, messaging.Subscription),
    *(functions.Function, functions.Permission, functions.Version, functions.Alias, functions.LayerVersion),
    *(functions.EventSourceMapping, functions.EventInvokeConfig),
    *(http_apis.Api, http_apis.Route, http_apis.Integration, http_apis.Authorizer, http_apis.Stage),
    *(roles.Role, roles.InlinePolicy, roles.ManagedPolicy),
    *(operations.LogGroup, operations.Alarm, operations.CompositeAlarm, operations.Dashboard),
    *(operations.Schedule, operations.ScheduleGroup, operations.Metadata),
)

_PARSE_YAML: Callable[[str], dict[str, Any]] = Stack.parse_template

_NOT_HERE = {
    "?",  # moto's custom resources run their function in Docker
    "AWS::CloudFormation::Stack",  # its template would have to be uploaded
    "AWS::SERVICE::RESOURCE",  # moto's placeholder
}


def install() -> None:
    """Teach moto's CloudFormation the types above and the rules of `OrderedResourceMap`; twice is as once."""
    register(_MODELS)
    Stack._create_resource_map = _resource_map_of
    Stack.parse_template = staticmethod(_parsed)


def register(models: Iterable[type[Resource]]) -> None:
    """Add resource types, in place of moto's own where it has them."""
    for model in models:
        get_model_map()[model.type] = model
        get_name_type_map()[model.type] = model.name_property


def supported_types() -> frozenset[str]:
    return frozenset(get_model_map()) - _NOT_HERE


def _parsed(template: str) -> dict[str, Any]:
    """Templates from the CDK are JSON, which moto reads with a YAML parser a hundred times slower."""
    try:
        parsed: dict[str, Any] = json.loads(template)
    except ValueError:
        parsed = _PARSE_YAML(template)
    return parsed


def _resource_map_of(stack: Stack) -> OrderedResourceMap:
    resources = OrderedResourceMap(
        stack.stack_id,
        stack.name,
        stack.parameters,
        stack.tags,
        account_id=stack.account_id,
        region_name=stack.region_name,
        template=stack.template_dict,
        cross_stack_resources=stack.cross_stack_resources,
    )
    resources.load()
    return resources
