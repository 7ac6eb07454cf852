"""Synthesise as the command line does, in this process, and look into what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app import compose

ROOT: Final = Path(__file__).resolve().parents[2]
# the functions' packages are made when they are deployed
_NO_BUNDLING: Final[dict[str, Any]] = {"aws:cdk:bundling-stacks": []}


def synthesised(outdir: Path, *, config: Path | None = None) -> Path:
    """The assembly of all stacks, for the example shop or another configuration file."""
    context = {**_NO_BUNDLING, **({"config": str(config)} if config else {})}
    compose(context=context, outdir=outdir).synth()
    return outdir


def edited(tmp_path: Path, *replacements: tuple[str, str]) -> Path:
    """The example shop's configuration with texts replaced; each must be there."""
    text = (ROOT / "tastemaker.toml").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, f"{old!r} is not in tastemaker.toml"
        text = text.replace(old, new)
    path = tmp_path / "tastemaker.toml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Statement:
    """One statement of a role's policies; intrinsics are flattened to `<…>`."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A synthesised template, seen by what its resources are, never by what they are called in it."""

    document: dict[str, Any]

    def of_type(self, resource_type: str) -> list[dict[str, Any]]:
        """Whole resources of a type: `Properties`, `DeletionPolicy` and so on."""
        return [resource for resource in self.document["Resources"].values() if resource["Type"] == resource_type]

    def properties(self, resource_type: str) -> list[dict[str, Any]]:
        return [resource.get("Properties", {}) for resource in self.of_type(resource_type)]

    def function(self, name: str) -> dict[str, Any]:
        """The properties of the function `example-shop-<name>`."""
        (found,) = (f for f in self.properties("AWS::Lambda::Function") if f["FunctionName"].endswith(f"-{name}"))
        return found

    def permissions_of(self, properties: dict[str, Any], role: str = "Role") -> list[Statement]:
        """What the role of a function or a state machine may do."""
        identifier = properties[role]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.properties("AWS::IAM::Policy")
            if {"Ref": identifier} in policy["Roles"]
            for statement in statements(policy["PolicyDocument"])
        ]

    def definition(self) -> dict[str, Any]:
        """The definition of the pipeline's state machine, intrinsics flattened."""
        document: dict[str, Any] = json.loads(flat(self.machine("pipeline")["DefinitionString"]))
        return document

    def machine(self, name: str) -> dict[str, Any]:
        """The properties of the state machine `example-shop-<name>`."""
        machines = self.properties("AWS::StepFunctions::StateMachine")
        (found,) = (machine for machine in machines if machine["StateMachineName"] == f"example-shop-{name}")
        return found


def statements(policy: dict[str, Any]) -> list[Statement]:
    """The Allow statements of a policy document."""
    return [
        Statement(
            tuple(_listed(statement["Action"])),
            tuple(flat(resource) for resource in _listed(statement["Resource"])),
            statement.get("Condition", {}),
        )
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    ]


def flat(value: Any) -> str:
    """A string with intrinsics in it as one text, such as `arn:<AWS::Partition>:…`."""
    match value:
        case str():
            return value
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(flat(part) for part in parts)
        case {"Ref": name} | {"Fn::ImportValue": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case _:
            raise AssertionError(f"unknown intrinsic: {value}")


def everything_in(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value in a document, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from everything_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from everything_in(inner)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
