"""Cloud assemblies written by hand, as small as a test needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ASSET_KEY = "0123abcd.zip"

LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


def write_assembly(
    directory: Path,
    stacks: Mapping[str, Mapping[str, Any]],
    *,
    dependencies: Mapping[str, list[str]] | None = None,
    version: str = "55.0.0",
    termination_protection: bool = False,
) -> Path:
    """Write `stacks` (name → template) as `cdk synth` does, with one asset, `ASSET_KEY`; returns the directory."""
    (directory / "asset.0123abcd").mkdir(parents=True, exist_ok=True)
    artifacts: dict[str, Any] = {}
    for name, template in stacks.items():
        (directory / f"{name}.template.json").write_text(json.dumps(template))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "templateFile": f"{name}.template.json",
                "tags": {"project": "shop"},
                "terminationProtection": termination_protection,
            },
            "dependencies": [f"{name}.assets", *(dependencies or {}).get(name, [])],
        }
        artifacts[f"{name}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        }
        asset = {
            "source": {"path": "asset.0123abcd", "packaging": "zip"},
            "destinations": {"here": {"bucketName": "assets", "objectKey": ASSET_KEY}},
        }
        (directory / f"{name}.assets.json").write_text(json.dumps({"files": {"0123abcd": asset}}))
    (directory / "manifest.json").write_text(json.dumps({"version": version, "artifacts": artifacts}))
    return directory


def template(resources: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    """A template as the CDK frames it, with its bootstrap parameter and rule."""
    return {
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
        "Resources": resources,
        **sections,
    }


def resource(resource_type: str, properties: Mapping[str, Any] | None = None, **extra: Any) -> dict[str, Any]:
    return {"Type": resource_type, "Properties": dict(properties or {}), **extra}


def role(**properties: Any) -> dict[str, Any]:
    return resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": LAMBDA_TRUST, **properties})


def function(**properties: Any) -> dict[str, Any]:
    """A function of the role `Role`, its code where the CDK puts it."""
    bucket = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}
    return resource(
        "AWS::Lambda::Function",
        {
            "Code": {"S3Bucket": bucket, "S3Key": ASSET_KEY},
            "Handler": "lambdas.recommend.handler.handler",
            "Runtime": "python3.13",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            **properties,
        },
    )
