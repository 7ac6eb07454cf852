"""The resources of one stack, created, updated and removed in the order in which they need each other."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import ResourceMap, clean_json, get_model_map, get_name_type_map

from tastemaker.cloud.cloudformation.resource import Properties, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = 12


class ResourceFailed(ValidationError):  # type: ignore[misc]  # moto's class, so that CreateStack over HTTP answers 400
    """A resource couldn't be created, updated or removed: which, and why."""

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        self.logical_id, self.resource_type, self.reason = logical_id, resource_type, reason
        super().__init__(message=f"{logical_id} ({resource_type}): {reason}")


class OrderedResourceMap(ResourceMap):  # type: ignore[misc]  # moto has no annotations that hold under strict
    """moto's lazy map with CloudFormation's rules where moto is permissive.

    Unknown types are refused. DependsOn holds however a resource is reached. An update compares what the properties
    resolve to, so a change travels to whoever refers to it. Every failure names its resource. Names are the same for
    the same stack, however often it is deployed into a fresh cloud.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.changed: list[str] = []
        self.resolved: dict[str, Properties] = {}
        self._doing: list[str] = []
        self._unchecked: set[str] = set()
        self._outdated: list[tuple[str, Any]] = []
        self._generation: dict[str, int] = {}
        backend = cloudformation_backends[self._account_id][self._region_name]
        name = self._parsed_resources["AWS::StackName"]
        self._incarnation = sum(stack.name == name for stack in backend.deleted_stacks.values())

    def load(self) -> None:
        known = get_model_map()
        unknown = {body["Type"] for body in self._resource_json_map.values()} - set(known)
        if unknown:
            raise ValidationError(
                message=f"Template format error: Unrecognized resource types: [{', '.join(sorted(unknown))}]"
            )
        super().load()

    def parse_ssm_parameter(self, value: str, value_type: str) -> str:
        if value.startswith("/cdk-bootstrap/"):
            return _BOOTSTRAP_VERSION
        try:
            return str(super().parse_ssm_parameter(value, value_type))
        except AttributeError:
            raise ValidationError(message=f"Unable to fetch parameter {value} from the parameter store") from None

    def __getitem__(self, key: str) -> Any:
        if key in self._unchecked:
            self._unchecked.discard(key)
            self._bring_up_to_date(key)
        if key in self._parsed_resources:
            return self._parsed_resources[key]
        if key not in self._resource_json_map:
            raise ValidationError(
                message=f"Template format error: Unresolved resource dependencies [{key}] in the template"
            )
        if self._is_wanted(key):
            with self._naming(key):
                self._create(key, self._resolve(key))
        return self._parsed_resources.get(key)

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._resource_json_map if self._is_wanted(key))

    def create(self, template: Properties) -> bool:
        self._template = template
        self._resource_json_map = template["Resources"]
        return all(self[key] is not None for key in self)

    def update(self, template: Properties, parameters: Properties | None = None) -> None:
        before, bodies = list(self.resolved), self._resource_json_map
        self.changed = []
        self._template = template
        self._resource_json_map = template["Resources"]
        if parameters is not None:
            self.input_parameters = parameters
        self.load()
        self._unchecked = set(before)
        for key in self:
            self[key]
        for key in reversed(before):
            if key not in self._resource_json_map or not self._is_wanted(key):
                # what is in the template no more goes as the template said that had it
                self._discard(key, self._resource_json_map.get(key) or bodies.get(key, {}))
        while self._outdated:
            key, resource = self._outdated.pop()
            with self._naming(key):
                self._destroy(resource)

    def delete(self) -> None:
        for key in reversed(list(self.resolved)):
            self._discard(key, self._resource_json_map.get(key, {}))

    def _is_wanted(self, key: str) -> bool:
        condition = self._resource_json_map[key].get("Condition")
        return condition is None or bool(self.lazy_condition_map[condition])

    def _resolve(self, key: str) -> Properties:
        body = self._resource_json_map[key]
        depends_on = body.get("DependsOn", [])
        for dependency in [depends_on] if isinstance(depends_on, str) else depends_on:
            self[dependency]
        properties: Properties = clean_json(body.get("Properties", {}), self)
        return properties

    def _create(self, key: str, properties: Properties) -> None:
        resource_type = self._resource_json_map[key]["Type"]
        resource = get_model_map()[resource_type].create_from_cloudformation_json(
            self._name(key, resource_type, properties),
            {"Type": resource_type, "Properties": properties},
            self._account_id,
            self._region_name,
            LogicalId=key,
            StackId=self.stack_id,
            ResourceType=resource_type,
        )
        self._keep(key, resource, properties)

    def _keep(self, key: str, resource: Any, properties: Properties) -> None:
        resource.logical_resource_id = key
        resource.cf_resource_type = self._resource_json_map[key]["Type"]
        self._parsed_resources[key] = resource
        self.resolved[key] = properties
        self.changed.append(key)

    def _bring_up_to_date(self, key: str) -> None:
        if not self._is_wanted(key):
            return
        with self._naming(key):
            properties = self._resolve(key)
            resource = self._parsed_resources[key]
            if resource.cf_resource_type != self._resource_json_map[key]["Type"]:
                raise ValueError("CloudFormation can't change a resource's type; give the new one another id")
            if properties == self.resolved[key]:
                return
            if not isinstance(resource, Resource):
                self._update_native(key, resource, properties)
            elif resource.needs_replacement(properties):
                self._replace(key, resource, properties)
            else:
                previous, resource.properties = resource.properties, properties
                resource.modify(previous)
                self._keep(key, resource, properties)

    def _update_native(self, key: str, resource: Any, properties: Properties) -> None:
        """Update a resource whose model is moto's own, if that knows how."""
        model = get_model_map()[resource.cf_resource_type]
        if hasattr(model.update_from_cloudformation_json, "__isabstractmethod__"):
            raise ValueError("the embedded cloud can't update this type; deploy into a fresh cloud")
        updated = model.update_from_cloudformation_json(
            original_resource=resource,
            new_resource_name=self._name(key, resource.cf_resource_type, properties),
            cloudformation_json={"Type": resource.cf_resource_type, "Properties": properties},
            account_id=self._account_id,
            region_name=self._region_name,
        )
        self._keep(key, updated, properties)

    def _replace(self, key: str, resource: Resource, properties: Properties) -> None:
        name = properties.get(resource.name_property) if resource.name_property else None
        if name and name == resource.properties.get(resource.name_property):
            changed = sorted(
                name for name in resource.immutable if resource.properties.get(name) != properties.get(name)
            )
            raise ValueError(
                f"a change of {', '.join(changed)} needs a new resource, and this one has a fixed name, {name}; "
                "rename it"
            )
        self._generation[key] = self._generation.get(key, 0) + 1
        self._create(key, properties)
        if not _retains(self._resource_json_map[key], "UpdateReplacePolicy"):
            self._outdated.append((key, resource))

    def _discard(self, key: str, body: Properties) -> None:
        resource = self._parsed_resources[key]
        with self._naming(key, resource.cf_resource_type):
            if not _retains(body, "DeletionPolicy"):
                self._destroy(resource)
        del self._parsed_resources[key], self.resolved[key]
        self.changed.append(key)

    def _destroy(self, resource: Any) -> None:
        if isinstance(resource, Resource):
            resource.destroy()
        else:
            body = {"Type": resource.cf_resource_type, "Properties": {}}
            self._delete_resource(resource, body)

    def _name(self, key: str, resource_type: str, properties: Properties) -> str:
        name_property = get_name_type_map().get(resource_type)
        name = properties.get(name_property) if name_property else None
        return name or self._generated_name(key, resource_type)

    def _generated_name(self, key: str, resource_type: str) -> str:
        stack = self._parsed_resources["AWS::StackName"]
        made_of = f"{stack}/{key}/{self._incarnation}/{self._generation.get(key, 0)}"
        suffix = hashlib.sha256(made_of.encode()).hexdigest()[:_SUFFIX]
        model = get_model_map()[resource_type]
        limit = model.name_limit if issubclass(model, Resource) else 64
        name = f"{stack}-{key}"[: limit - _SUFFIX - 1]
        return f"{name}-{suffix}".lower() if resource_type == "AWS::S3::Bucket" else f"{name}-{suffix.upper()}"

    @contextmanager
    def _naming(self, key: str, resource_type: str = "") -> Iterator[None]:
        """Name the resource in whatever goes wrong, and notice a circle."""
        resource_type = resource_type or self._resource_json_map[key]["Type"]
        if key in self._doing:
            circle = " → ".join([*self._doing[self._doing.index(key) :], key])
            raise ResourceFailed(key, resource_type, f"Circular dependency between resources: {circle}")
        self._doing.append(key)
        try:
            yield
        except ResourceFailed:
            raise
        except Exception as failure:
            raise ResourceFailed(key, resource_type, _reason(failure)) from failure
        finally:
            self._doing.pop()


_BOOTSTRAP_VERSION = "30"
"""What a freshly bootstrapped account's /cdk-bootstrap/<qualifier>/version says; templates ask for 6 or more."""


def _reason(failure: Exception) -> str:
    if isinstance(failure, ClientError):
        error = failure.response["Error"]
        return f"{error['Code']}: {error['Message']}"
    if isinstance(failure, KeyError):
        return f"{failure} is missing"
    message = getattr(failure, "message", None)
    return str(message or failure) or type(failure).__name__


def _retains(body: Properties, policy: str) -> bool:
    return body.get(policy) in ("Retain", "RetainExceptOnCreate")
