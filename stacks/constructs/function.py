"""A Python function as every function here is: ARM64, traced, with its own log group and its own narrow role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.application import ROOT
from stacks.constructs.bundling import PYTHON, package
from stacks.constructs.permission import Permission, acknowledge, acknowledge_wildcard, allow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PythonFunction(Construct):
    """`lambdas/<source>` as the function `<project>-<source>`, allowed to do what `permissions` say."""

    def __init__(
        self,
        scope: Construct,
        *,
        project: str,
        source: str,
        description: str,
        timeout: cdk.Duration,
        memory_mb: int,
        environment: Mapping[str, str],
        permissions: Sequence[Permission],
    ) -> None:
        super().__init__(scope, source.replace("_", " ").title().replace(" ", ""))
        name = f"{project}-{source.replace('_', '-')}"
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        allow(role, *permissions)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=description,
            code=package(ROOT, source),
            handler=f"lambdas.{source}.handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=timeout,
            memory_size=memory_mb,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log_group,
            role=role,
            environment={"POWERTOOLS_SERVICE_NAME": name, "POWERTOOLS_LOG_LEVEL": "INFO", **environment},
        )
        acknowledge_wildcard(role, "*", "X-Ray takes no resource in xray:PutTraceSegments")
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            f"the dependencies are locked, bundled and tested for Python {PYTHON}",
        )
