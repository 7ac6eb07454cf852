from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from tastemaker.cloud.assembly import read_assembly
from tastemaker.cloud.deployed import functions
from tastemaker.cloud.deployment import deploy
from tastemaker.cloud.functions import FunctionSpec
from tests.unit.cloud.assemblies import function, resource, role, template, write_assembly

ACCOUNT, REGION = "123456789012", "eu-west-1"


@pytest.fixture(autouse=True)
def _fresh_cloud() -> Iterator[None]:
    moto_api_backend.reset()
    yield
    moto_api_backend.reset()


def deployed_functions(directory: Path, **resources: Any) -> tuple[FunctionSpec, ...]:
    assembly = read_assembly(write_assembly(directory, {"shop": template({"Role": role(RoleName="r"), **resources})}))
    return functions(deploy(assembly, account=ACCOUNT, region=REGION), assembly.assets)


def test_a_function_is_told_with_all_that_its_process_needs(tmp_path: Path) -> None:
    (recommend,) = deployed_functions(
        tmp_path,
        Logs=resource("AWS::Logs::LogGroup", {"LogGroupName": "/shop/recommend"}),
        F=function(
            FunctionName="recommend",
            Timeout=10,
            MemorySize=512,
            Environment={"Variables": {"TABLE": "events"}},
            LoggingConfig={"LogGroup": {"Ref": "Logs"}},
        ),
        Retries=resource(
            "AWS::Lambda::EventInvokeConfig",
            {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0},
        ),
    )

    assert recommend == FunctionSpec(
        name="recommend",
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:recommend",
        handler="lambdas.recommend.handler.handler",
        code_directory=tmp_path / "asset.0123abcd",
        environment={"TABLE": "events"},
        timeout_seconds=10,
        memory_mb=512,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/r",
        runtime="python3.13",
        log_group="/shop/recommend",
        maximum_retries=0,
    )


def test_what_the_template_leaves_open_is_as_on_aws(tmp_path: Path) -> None:
    (recommend,) = deployed_functions(tmp_path, F=function())

    assert (recommend.timeout_seconds, recommend.memory_mb, recommend.maximum_retries) == (3, 128, 2)
    assert (recommend.environment, recommend.log_group) == ({}, "")
