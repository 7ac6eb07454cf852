from __future__ import annotations

import json
from pathlib import Path

import pytest

from tastemaker.cloud.assembly import AssemblyError, read_assembly
from tests.unit.cloud.assemblies import ASSET_KEY, resource, template, write_assembly

TOPIC = template({"Topic": resource("AWS::SNS::Topic")})


def test_stacks_come_after_those_they_depend_on(tmp_path: Path) -> None:
    dependencies = {"shop-api": ["shop-pipeline"], "shop-pipeline": ["shop-data"]}
    write_assembly(tmp_path, {"shop-api": TOPIC, "shop-pipeline": TOPIC, "shop-data": TOPIC}, dependencies=dependencies)

    stacks = read_assembly(tmp_path).stacks

    assert [stack.name for stack in stacks] == ["shop-data", "shop-pipeline", "shop-api"]


def test_a_stack_has_its_template_tags_and_protection(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"shop": TOPIC}, termination_protection=True)

    (stack,) = read_assembly(tmp_path).stacks

    assert stack.template == TOPIC
    assert stack.tags == {"project": "shop"}
    assert stack.termination_protection
    assert stack.region is None


def test_an_assets_key_leads_to_its_directory(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"shop": TOPIC})

    assert read_assembly(tmp_path).assets == {ASSET_KEY: tmp_path / "asset.0123abcd"}


def test_the_stacks_of_a_stage_are_found_in_its_nested_assembly(tmp_path: Path) -> None:
    write_assembly(tmp_path / "assembly-prod", {"prod-shop": TOPIC})
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-prod"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"prod": stage}}))

    assembly = read_assembly(tmp_path)

    assert [stack.name for stack in assembly.stacks] == ["prod-shop"]
    assert assembly.assets[ASSET_KEY] == tmp_path / "assembly-prod" / "asset.0123abcd"


def test_a_directory_without_an_assembly_says_to_synthesise(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match=r"no manifest\.json; run `cdk synth` first"):
        read_assembly(tmp_path / "cdk.out")


@pytest.mark.parametrize("version", ["999.0.0", "1.2.0", "none"])
def test_an_unknown_version_is_refused_with_those_that_are_known(tmp_path: Path, version: str) -> None:
    write_assembly(tmp_path, {"shop": TOPIC}, version=version)

    with pytest.raises(AssemblyError, match=f"says version {version}; versions 36 to 55 can be read"):
        read_assembly(tmp_path)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"shop": TOPIC})
    (tmp_path / "shop.template.json").unlink()

    with pytest.raises(AssemblyError, match=r"shop\.template\.json is missing"):
        read_assembly(tmp_path)


def test_a_garbled_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")

    with pytest.raises(AssemblyError, match=r"manifest\.json is no JSON document"):
        read_assembly(tmp_path)


def test_stacks_in_a_circle_are_refused(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"a": TOPIC, "b": TOPIC}, dependencies={"a": ["b"], "b": ["a"]})

    with pytest.raises(AssemblyError, match="in a circle"):
        read_assembly(tmp_path)
