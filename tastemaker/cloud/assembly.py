"""Reads what `cdk synth` wrote: the stacks in the order of their dependencies, and where each asset's files lie."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

OLDEST_SCHEMA, NEWEST_SCHEMA = 36, 55
"""The majors of the cloud assembly schema that are read here; the CDK raises it a few times a year."""


class AssemblyError(Exception):
    """The directory isn't a cloud assembly that can be read; the message says what to do."""


@dataclass(frozen=True)
class AssemblyStack:
    """One stack: its template as text (what CloudFormation is given) and what is passed along with it."""

    name: str
    template_text: str
    tags: Mapping[str, str]
    termination_protection: bool
    region: str | None
    """The region that the CDK app fixed, or None where the stack goes wherever it is deployed."""

    @property
    def template(self) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self.template_text)
        return template


@dataclass(frozen=True)
class Assembly:
    """A synthesised CDK app. `assets` maps an S3 object key (`<hash>.zip`) to the directory or file it is made of."""

    directory: Path
    stacks: tuple[AssemblyStack, ...]
    assets: Mapping[str, Path]


def read_assembly(directory: Path) -> Assembly:
    """Read a cloud assembly. Raises `AssemblyError` where there is none or its version isn't known."""
    stacks: dict[str, AssemblyStack] = {}
    assets: dict[str, Path] = {}
    needs: dict[str, list[str]] = {}
    for root, artifact_id, artifact in _artifacts(directory):
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            stacks[artifact_id] = _stack(root, artifact_id, artifact)
            needs[artifact_id] = artifact.get("dependencies", [])
        elif artifact["type"] == "cdk:asset-manifest":
            assets |= _assets(root, _read_json(root / properties["file"]))
    if not stacks:
        raise AssemblyError(f"{directory} holds a cloud assembly without a stack; check the CDK app")
    return Assembly(directory, tuple(stacks[name] for name in _in_order(needs)), assets)


def _artifacts(directory: Path) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """All artifacts with the directory that their paths start from, those of nested assemblies (stages) included."""
    manifest_path = directory / "manifest.json"
    if not manifest_path.is_file():
        raise AssemblyError(f"{directory} is no cloud assembly: it has no manifest.json; run `cdk synth` first")
    manifest = _read_json(manifest_path)
    _check_version(manifest_path, manifest.get("version"))
    for artifact_id, artifact in manifest.get("artifacts", {}).items():
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _artifacts(directory / artifact["properties"]["directoryName"])
        else:
            yield directory, artifact_id, artifact


def _check_version(manifest: Path, version: object) -> None:
    major = str(version).partition(".")[0]
    if not major.isdigit() or not OLDEST_SCHEMA <= int(major) <= NEWEST_SCHEMA:
        raise AssemblyError(
            f"{manifest} says version {version}; versions {OLDEST_SCHEMA} to {NEWEST_SCHEMA} can be read. "
            "Synthesise with the aws-cdk-lib that the project pins"
        )


def _stack(root: Path, artifact_id: str, artifact: dict[str, Any]) -> AssemblyStack:
    properties = artifact["properties"]
    template = root / properties["templateFile"]
    try:
        text = template.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssemblyError(f"{template} is missing from the cloud assembly; run `cdk synth` again") from None
    region = artifact.get("environment", "").rpartition("/")[2]
    return AssemblyStack(
        name=properties.get("stackName", artifact_id),
        template_text=text,
        tags=properties.get("tags", {}),
        termination_protection=properties.get("terminationProtection", False),
        region=None if region in ("", "unknown-region") else region,
    )


def _assets(root: Path, manifest: dict[str, Any]) -> dict[str, Path]:
    assets: dict[str, Path] = {}
    for asset in manifest.get("files", {}).values():
        path = asset.get("source", {}).get("path")
        for destination in asset["destinations"].values():
            if path is not None:  # an asset may also be made by a command, which nothing here runs
                assets[destination["objectKey"]] = root / path
    return assets


def _in_order(needs: Mapping[str, list[str]]) -> list[str]:
    """The stacks, each after those it depends on, and in the manifest's order where that leaves a choice."""
    order = TopologicalSorter({name: [other for other in others if other in needs] for name, others in needs.items()})
    try:
        return list(order.static_order())
    except CycleError as circle:
        raise AssemblyError(f"the stacks depend on each other in a circle: {circle.args[1]}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssemblyError(f"{path} is missing from the cloud assembly; run `cdk synth` again") from None
    except ValueError as error:
        raise AssemblyError(f"{path} is no JSON document ({error}); run `cdk synth` again") from None
    return document
