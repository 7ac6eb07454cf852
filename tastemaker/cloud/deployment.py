"""Deploys a CDK cloud assembly into the embedded CloudFormation: checked first, then stack by stack."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from moto.cloudformation.models import cloudformation_backends

from tastemaker.cloud import cloudformation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tastemaker.cloud.assembly import Assembly, AssemblyStack


class DeploymentError(Exception):
    """An assembly can't be deployed, or a stack failed; the message names each resource and the reason."""


@dataclass(frozen=True)
class DeployedResource:
    """A resource as it was created: `properties` are the template's with every reference resolved."""

    logical_id: str
    type: str
    physical_id: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What Fn::GetAtt gives, where the type is adapted here."""


@dataclass(frozen=True)
class DeployedStack:
    name: str
    region: str
    outcome: Literal["created", "updated", "unchanged"]
    outputs: Mapping[str, str]
    resources: tuple[DeployedResource, ...]

    def of_type(self, resource_type: str) -> tuple[DeployedResource, ...]:
        return tuple(resource for resource in self.resources if resource.type == resource_type)


def deploy(assembly: Assembly, *, account: str, region: str) -> tuple[DeployedStack, ...]:
    """Create or update every stack of `assembly`, each after those it depends on.

    Nothing is created if any template holds what the embedded cloud doesn't have. A stack that fails while it is
    created is removed again; one that fails while it is updated stays as far as it got, and the next deployment
    takes it from there.
    """
    cloudformation.install()
    _refuse_what_is_unknown(assembly)
    deployed: list[DeployedStack] = []
    for stack in assembly.stacks:
        earlier_changed = any(other.outcome != "unchanged" for other in deployed)
        deployed.append(_deploy_stack(stack, account, stack.region or region, must_compare=earlier_changed))
    return tuple(deployed)


def delete_stacks(stacks: Sequence[DeployedStack], *, account: str) -> None:
    """Delete in the reverse of the order of deployment, so that nothing goes before what depends on it."""
    for deployed in reversed(stacks):
        backend = cloudformation_backends[account][deployed.region]
        stack = _existing(backend, deployed.name)
        if stack is None:
            continue
        if stack.enable_termination_protection:
            raise DeploymentError(
                f"Stack {stack.name} has termination protection; switch it off in the CDK app and deploy, then delete"
            )
        try:
            stack.resource_map.delete()
        except cloudformation.ResourceFailed as failure:
            raise DeploymentError(_failure(stack.name, "deleted", failure)) from failure
        _forget(backend, stack)


def _refuse_what_is_unknown(assembly: Assembly) -> None:
    problems = [problem for stack in assembly.stacks for problem in _problems(stack, assembly)]
    if problems:
        listed = "\n  ".join(problems)
        raise DeploymentError(f"The embedded cloud can't deploy this; nothing was created:\n  {listed}")


def _problems(stack: AssemblyStack, assembly: Assembly) -> Iterator[str]:
    template = stack.template
    supported = cloudformation.supported_types()
    if "Transform" in template:
        yield f"{stack.name}: the template has a Transform, and macros aren't supported"
    if "{{resolve:" in stack.template_text:
        yield f"{stack.name}: the template has a dynamic reference ({{{{resolve:…}}}}), which isn't supported"
    for logical_id, body in template.get("Resources", {}).items():
        resource_type = body["Type"]
        if resource_type not in supported:
            yield f"{stack.name}: {logical_id} is of the unsupported type {resource_type}"
        if resource_type == "AWS::Lambda::Function":
            key = body.get("Properties", {}).get("Code", {}).get("S3Key")
            if key not in assembly.assets:
                yield f"{stack.name}: the code of {logical_id} ({key}) isn't among the assembly's assets"


def _deploy_stack(stack: AssemblyStack, account: str, region: str, *, must_compare: bool) -> DeployedStack:
    backend = cloudformation_backends[account][region]
    existing = _existing(backend, stack.name)
    if existing is None:
        return _create(backend, stack, region)
    existing.enable_termination_protection = stack.termination_protection
    finished = existing.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    if finished and not must_compare and existing.has_template(stack.template_text):
        return _described(existing, region, "unchanged")
    return _update(backend, existing, stack, region)


def _create(backend: Any, stack: AssemblyStack, region: str) -> DeployedStack:
    try:
        created = backend.create_stack(
            name=stack.name,
            template=stack.template_text,
            parameters={},
            tags=dict(stack.tags),
            enable_termination_protection=stack.termination_protection,
        )
    except Exception as failure:
        half_done = _existing(backend, stack.name)
        if half_done is not None:
            half_done.resource_map.delete()
            _forget(backend, half_done)
        raise DeploymentError(_failure(stack.name, "created", failure)) from failure
    return _described(created, region, "created")


def _update(backend: Any, existing: Any, stack: AssemblyStack, region: str) -> DeployedStack:
    try:
        existing.update(stack.template_text, parameters={}, tags=dict(stack.tags))
    except Exception as failure:
        existing.status = "UPDATE_FAILED"
        raise DeploymentError(_failure(stack.name, "updated", failure)) from failure
    _withdraw_exports(backend, existing)
    backend.exports.update({export.name: export for export in existing.exports})
    changed = existing.resource_map.changed
    return _described(existing, region, "updated" if changed else "unchanged")


def _described(stack: Any, region: str, outcome: Literal["created", "updated", "unchanged"]) -> DeployedStack:
    resources = stack.resource_map
    return DeployedStack(
        name=stack.name,
        region=region,
        outcome=outcome,
        outputs={output["OutputKey"]: str(output["OutputValue"]) for output in stack.outputs or []},
        resources=tuple(
            DeployedResource(
                logical_id=logical_id,
                type=resources[logical_id].cf_resource_type,
                physical_id=resources[logical_id].physical_resource_id,
                properties=json.loads(json.dumps(properties)),
                attributes=dict(getattr(resources[logical_id], "values", {})),
            )
            for logical_id, properties in resources.resolved.items()
        ),
    )


def _existing(backend: Any, name: str) -> Any | None:
    return next((stack for stack in backend.stacks.values() if stack.name == name), None)


def _forget(backend: Any, stack: Any) -> None:
    """Take a stack whose resources are gone off the books, where it stays listed as deleted."""
    _withdraw_exports(backend, stack)
    del backend.stacks[stack.stack_id]
    stack.status = "DELETE_COMPLETE"
    backend.deleted_stacks[stack.stack_id] = stack


def _withdraw_exports(backend: Any, stack: Any) -> None:
    for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]


def _failure(stack: str, done: str, failure: Exception) -> str:
    reason = getattr(failure, "message", None) or failure
    return f"Stack {stack} can't be {done}: {reason}"
