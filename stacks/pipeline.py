"""The stack that trains: the pipeline's functions and the state machine that calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler

from stacks.constructs.function import PythonFunction
from stacks.constructs.outcomes import Outcomes
from stacks.constructs.permission import Permission
from stacks.constructs.personalize_arns import PersonalizeArns
from stacks.constructs.personalize_role import EXPORTS, OWN_KEYS
from stacks.constructs.scheduled import Scheduled, schedule_dead_letters
from stacks.constructs.state_machine import Workflow
from stacks.workflow import retrain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lambdas.common.config import Config
    from stacks.data import DataStack

_MINUTE = cdk.Duration.minutes(1)


class PipelineStack(cdk.Stack):
    """Four functions, each allowed what its part of the pipeline needs, the workflow over them, and its schedule."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config, data: DataStack) -> None:
        super().__init__(scope, construct_id, description=f"Tastemaker {config.project}: export and training")
        self._config = config
        self._data = data
        self._personalize = PersonalizeArns(self, config)
        self.outcomes = Outcomes(self, "Outcomes", config=config)
        self.workflow = Workflow(
            self,
            "Workflow",
            config=config,
            personalize=self._personalize,
            engine=data.engine,
            export_data=self._export_data(),
            setup_datasets=self._setup_datasets(),
            train_model=self._train_model(),
            deploy_campaign=self._deploy_campaign(),
            outcomes=self.outcomes,
        )
        self.schedule_dead_letters = schedule_dead_letters(self, project=config.project)
        self.retrain = self._retrain(self.workflow.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "StateMachineArn", value=self.workflow.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "OutcomesTopicArn", value=self.outcomes.topic.topic_arn)

    def _retrain(self, pipeline: str) -> Scheduled:
        settings, project = self._config.retrain, self._config.project
        return Scheduled(
            self,
            "Retrain",
            name=f"{project}-retrain",
            schedule=scheduler.ScheduleExpression.expression(settings.schedule, cdk.TimeZone.of(settings.time_zone)),
            given={retrain.SCHEDULED_TIME: scheduler.ContextAttribute.scheduled_time},
            definition=retrain.definition(project=project, partition=cdk.Aws.PARTITION, pipeline=pipeline),
            permissions=[Permission(["states:StartExecution"], [pipeline])],
            dead_letters=self.schedule_dead_letters,
        )

    def _export_data(self) -> PythonFunction:
        return self._function(
            "export_data",
            "Writes one scan segment of a table, or the manifest of all, to the exports",
            timeout=cdk.Duration.minutes(15),
            memory_mb=1024,
            environment={"EXPORT_BUCKET": self._data.exports.bucket_name},
            permissions=[
                Permission(["dynamodb:Scan"], [table.table_arn for table in self._data.sources.values()]),
                Permission(
                    ["s3:PutObject", "s3:AbortMultipartUpload"],
                    [f"{self._data.exports_arn}/{EXPORTS}"],
                    inexact_because=OWN_KEYS,
                ),
            ],
        )

    def _setup_datasets(self) -> PythonFunction:
        arns, role = self._personalize, self._data.personalize_role
        return self._function(
            "setup_datasets",
            "Makes dataset group, schemas, datasets, import jobs, event tracker and filters exist",
            environment={"PERSONALIZE_ROLE_ARN": role.role_arn},
            permissions=[
                arns.permit("DescribeDatasetGroup", "CreateDatasetGroup", on=[arns.dataset_groups]),
                arns.permit("DescribeSchema", "CreateSchema", on=[arns.schemas]),
                arns.permit("DescribeDataset", on=[arns.datasets]),
                arns.permit("UpdateDataset", on=[arns.datasets, arns.schemas]),
                arns.permit("DescribeFilter", on=[arns.filters]),
                arns.permit("CreateFilter", on=[arns.filters, arns.dataset_groups]),
                arns.permit("DescribeEventTracker", on=[arns.event_trackers]),
                arns.permit("CreateEventTracker", on=[arns.event_trackers, arns.dataset_groups]),
                arns.permit("CreateDataset", on=[arns.datasets, arns.dataset_groups, arns.schemas]),
                arns.permit("DescribeDatasetImportJob", on=[arns.import_jobs]),
                arns.permit("CreateDatasetImportJob", on=[arns.import_jobs, arns.datasets]),
                Permission(["personalize:ListEventTrackers"], ["*"], inexact_because="the operation takes no resource"),
                *self._own_bucket(),
                Permission(
                    ["iam:PassRole"],
                    [role.role_arn],
                    conditions={"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
                ),
            ],
        )

    def _own_bucket(self) -> list[Permission]:
        if self._config.exports is None:
            return []
        return [Permission(["s3:ListBucket", "s3:GetBucketPolicy"], [self._data.exports_arn])]

    def _train_model(self) -> PythonFunction:
        arns = self._personalize
        return self._function(
            "train_model",
            "Makes solutions exist, starts their training and reads its metrics",
            permissions=[
                arns.permit("DescribeSolution", on=[arns.solutions]),
                arns.permit("CreateSolution", on=[arns.solutions, arns.dataset_groups]),
                arns.permit("CreateSolutionVersion", on=[arns.solutions]),
                arns.permit("DescribeSolutionVersion", "GetSolutionMetrics", on=[arns.versions]),
                Permission(
                    ["personalize:ListSolutionVersions"],
                    ["*"],
                    inexact_because="the operation takes no resource",
                ),
            ],
        )

    def _deploy_campaign(self) -> PythonFunction:
        arns = self._personalize
        return self._function(
            "deploy_campaign",
            "Creates or updates campaigns, tries them and publishes them to the API",
            environment={"ENGINE_TABLE": self._data.engine.table_name},
            permissions=[
                arns.permit("DescribeCampaign", "GetRecommendations", on=[arns.campaigns]),
                arns.permit("CreateCampaign", "UpdateCampaign", on=[arns.campaigns, arns.solutions, arns.versions]),
                Permission(["personalize:ListCampaigns"], ["*"], inexact_because="the operation takes no resource"),
                Permission(["dynamodb:GetItem", "dynamodb:PutItem"], [self._data.engine.table_arn]),
            ],
        )

    def _function(
        self,
        source: str,
        description: str,
        *,
        permissions: Sequence[Permission],
        timeout: cdk.Duration = _MINUTE,
        memory_mb: int = 256,
        environment: dict[str, str] | None = None,
    ) -> PythonFunction:
        return PythonFunction(
            self,
            project=self._config.project,
            source=source,
            description=description,
            timeout=timeout,
            memory_mb=memory_mb,
            environment=environment or {},
            permissions=permissions,
        )
