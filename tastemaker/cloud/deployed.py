"""What a deployment holds for those who run it: its Lambda functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastemaker.cloud.functions import FunctionSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tastemaker.cloud.deployment import DeployedResource, DeployedStack

# AWS's defaults where a template says nothing
_TIMEOUT_SECONDS, _MEMORY_MB, _RETRIES = 3, 128, 2


def functions(stacks: Sequence[DeployedStack], assets: Mapping[str, Path]) -> tuple[FunctionSpec, ...]:
    """Every function of `stacks`, its code where `assets` (the assembly's) has it."""
    retries = {
        config.properties["FunctionName"]: int(config.properties.get("MaximumRetryAttempts", _RETRIES))
        for config in _all(stacks, "AWS::Lambda::EventInvokeConfig")
    }
    return tuple(_function(resource, assets, retries) for resource in _all(stacks, "AWS::Lambda::Function"))


def _function(resource: DeployedResource, assets: Mapping[str, Path], retries: Mapping[str, int]) -> FunctionSpec:
    properties = resource.properties
    return FunctionSpec(
        name=resource.physical_id,
        arn=resource.attributes["Arn"],
        handler=properties["Handler"],
        code_directory=assets[properties["Code"]["S3Key"]],
        environment=properties.get("Environment", {}).get("Variables", {}),
        timeout_seconds=int(properties.get("Timeout", _TIMEOUT_SECONDS)),
        memory_mb=int(properties.get("MemorySize", _MEMORY_MB)),
        role_arn=properties["Role"],
        runtime=properties["Runtime"],
        log_group=properties.get("LoggingConfig", {}).get("LogGroup", ""),
        maximum_retries=retries.get(resource.physical_id, _RETRIES),
    )


def _all(stacks: Sequence[DeployedStack], resource_type: str) -> Iterator[DeployedResource]:
    for stack in stacks:
        yield from stack.of_type(resource_type)
