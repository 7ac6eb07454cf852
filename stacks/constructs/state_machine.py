"""The workflow as it is deployed: definition, role, log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.permission import Permission, acknowledge, acknowledge_wildcard, allow
from stacks.workflow.definition import definition
from stacks.workflow.language import Arns

if TYPE_CHECKING:
    from lambdas.common.config import Config
    from stacks.constructs.function import PythonFunction
    from stacks.constructs.outcomes import Outcomes
    from stacks.constructs.personalize_arns import PersonalizeArns


class Workflow(Construct):
    """The state machine `<project>-pipeline`, which calls the functions, looks at Personalize and holds the lease."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        personalize: PersonalizeArns,
        engine: dynamodb.Table,
        export_data: PythonFunction,
        setup_datasets: PythonFunction,
        train_model: PythonFunction,
        deploy_campaign: PythonFunction,
        outcomes: Outcomes,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        name = f"{config.project}-pipeline"
        arns = Arns(
            partition=cdk.Aws.PARTITION,
            export_data=export_data.function.function_arn,
            setup_datasets=setup_datasets.function.function_arn,
            train_model=train_model.function.function_arn,
            deploy_campaign=deploy_campaign.function.function_arn,
            engine_table=engine.table_name,
            outcomes_topic=outcomes.topic.topic_arn,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        allow(
            role,
            Permission(["lambda:InvokeFunction"], arns.functions),
            Permission(["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem"], [engine.table_arn]),
            *outcomes.publishing,
            *_descriptions(personalize),
            *_own_executions(stack, name),
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(stack.to_json_string(definition(config, arns))),
            role=role,
            tracing_enabled=True,
            logs=self._log(name),
        )
        acknowledge_wildcard(role, "*", "neither X-Ray nor the delivery of logs takes a resource")
        acknowledge(self, "AwsSolutions-SF1", "the events of an export hold table keys, and those user ids")

    def _log(self, name: str) -> sfn.LogOptions:
        return sfn.LogOptions(
            destination=logs.LogGroup(
                self,
                "Logs",
                log_group_name=f"/aws/vendedlogs/states/{name}",
                retention=logs.RetentionDays.ONE_MONTH,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            ),
            # errors and their causes
            level=sfn.LogLevel.ERROR,
            include_execution_data=True,
        )


def _descriptions(arns: PersonalizeArns) -> list[Permission]:
    return [
        arns.permit("DescribeDatasetGroup", on=[arns.dataset_groups]),
        arns.permit("DescribeDataset", on=[arns.datasets]),
        arns.permit("DescribeDatasetImportJob", on=[arns.import_jobs]),
        arns.permit("DescribeEventTracker", on=[arns.event_trackers]),
        arns.permit("DescribeSolution", on=[arns.solutions]),
        arns.permit("DescribeSolutionVersion", on=[arns.versions]),
        arns.permit("DescribeCampaign", on=[arns.campaigns]),
    ]


def _own_executions(stack: cdk.Stack, name: str) -> list[Permission]:
    """A Distributed Map starts children of this state machine, and a run looks at the one that holds the lease."""

    def arn(resource: str) -> str:
        return stack.format_arn(service="states", resource=resource, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME)

    return [
        Permission(["states:StartExecution"], [arn(f"stateMachine:{name}")]),
        Permission(
            ["states:DescribeExecution", "states:StopExecution"],
            [arn(f"execution:{name}:*"), arn(f"execution:{name}/*")],
            inexact_because="every execution has a name of its own",
        ),
    ]
