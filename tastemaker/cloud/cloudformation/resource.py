"""What every CloudFormation resource of the embedded cloud has in common, in the shape that moto's parser calls."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

from tastemaker.cloud.cloudformation.calls import UnsupportedPropertyError, call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Properties = dict[str, Any]


class Resource(ABC):
    """One resource: its resolved properties, and how it is created, changed and removed through the service's API."""

    type: ClassVar[str]
    service: ClassVar[str]
    name_property: ClassVar[str] = ""
    name_limit: ClassVar[int] = 255
    immutable: ClassVar[frozenset[str]] = frozenset()
    """Properties whose change makes CloudFormation create a new resource and remove the old one."""
    attributes: ClassVar[frozenset[str]] = frozenset()
    """What Fn::GetAtt can ask for."""

    def __init__(self, name: str, properties: Properties, *, account: str, region: str, logical_id: str) -> None:
        self.name = name
        self.properties = properties
        self.account = account
        self.region = region
        self.logical_resource_id = logical_id
        self.cf_resource_type = self.type
        self.physical_resource_id = name
        self.values: dict[str, str] = {}

    @abstractmethod
    def create(self) -> None:
        """Create the resource; set `physical_resource_id` (what Ref gives) and `values` (what Fn::GetAtt gives)."""

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # subclasses compare with what was there
        """Bring the resource from `previous` to `properties`; right as it stands where creating is a put."""
        self.create()

    @abstractmethod
    def destroy(self) -> None:
        """Remove the resource."""

    def call(self, operation: str, parameters: Mapping[str, Any], *, service: str = "") -> dict[str, Any]:
        return call(self.region, service or self.service, operation, parameters)

    def needs_replacement(self, properties: Properties) -> bool:
        return any(self.properties.get(name) != properties.get(name) for name in self.immutable)

    def tags(self) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.properties.get("Tags", [])}

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    # What moto's parser calls.

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Properties, account_id: str, region_name: str, **names: str
    ) -> Self:
        resource = cls(
            resource_name,
            cloudformation_json["Properties"],
            account=account_id,
            region=region_name,
            logical_id=names["LogicalId"],
        )
        resource.create()
        return resource

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name: str) -> str:
        if attribute_name not in self.attributes:
            raise UnformattedGetAttTemplateException
        return self.values[attribute_name]

    def is_created(self) -> bool:
        return True

    def delete(self, account_id: str, region_name: str) -> None:  # noqa: ARG002  # moto's signature
        self.destroy()


def only(properties: Mapping[str, Any], *names: str) -> Properties:
    """The properties of these names that are set."""
    return {name: properties[name] for name in names if name in properties}


def without(properties: Mapping[str, Any], *names: str) -> Properties:
    return {name: value for name, value in properties.items() if name not in names}


def refuse_others(resource: Resource, adapted: Iterable[str]) -> None:
    """Refuse a property that would otherwise be dropped in silence."""
    unknown = sorted(set(resource.properties) - set(adapted))
    if unknown:
        raise UnsupportedPropertyError(f"the embedded cloud doesn't support {', '.join(unknown)} here")


def policy_text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
