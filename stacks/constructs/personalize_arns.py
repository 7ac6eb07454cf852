"""ARNs of this project's Personalize resources, made from names: permissions exist before the resources do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from stacks.constructs.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdas.common.config import Config


class PersonalizeArns:
    """ARNs by kind, each covering what the project may own and nothing else."""

    def __init__(self, stack: cdk.Stack, config: Config) -> None:
        self._stack = stack
        project = config.project
        resources = [f"{project}-{model.name}" for model in config.models]
        self.dataset_groups = self._arns(f"dataset-group/{project}")
        self.schemas = self._arns(f"schema/{project}-*")
        self.datasets = self._arns(f"dataset/{project}/*")
        self.import_jobs = self._arns(f"dataset-import-job/{project}-*")
        self.filters = self._arns(f"filter/{project}-*")
        # they end in an id that Personalize makes up, with nothing of the project in it
        self.event_trackers = self._arns("event-tracker/*")
        self.solutions = self._arns(*(f"solution/{name}" for name in resources))
        self.versions = self._arns(*(f"solution/{name}/*" for name in resources))
        self.campaigns = self._arns(*(f"campaign/{name}" for name in resources))

    def permit(self, *operations: str, on: Sequence[Sequence[str]]) -> Permission:
        """These operations on these kinds of resources."""
        resources = [arn for kind in on for arn in kind]
        return Permission(
            [f"personalize:{operation}" for operation in operations],
            resources,
            inexact_because=(
                "schemas and filters end in a hash, jobs in the run's id, datasets in their type, versions and event "
                "trackers in an id that Personalize makes up; all but the trackers' begin with the project's name"
            )
            if any(arn.endswith("*") for arn in resources)
            else None,
        )

    def _arns(self, *resources: str) -> list[str]:
        return [
            self._stack.format_arn(service="personalize", resource=resource, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME)
            for resource in resources
        ]
