"""What the training does in Personalize: a solution a model, a solution version a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.common.errors import InvalidError, error_code, translated
from lambdas.common.names import Account, job_name
from lambdas.common.resources import describe_or_create

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize.type_defs import SolutionTypeDef


class Training:
    """Makes solutions and starts their training; each method may be called again and starts nothing twice."""

    def __init__(self, personalize: PersonalizeClient, *, account: Account) -> None:
        self._personalize = personalize
        self._account = account

    def solution(self, *, name: str, group_arn: str, recipe_arn: str, config: Mapping[str, Any]) -> str:
        """The ARN of the solution `name`; one that exists with another recipe or other hyperparameters is an
        `InvalidError`.
        """
        arn = self._account.personalize_arn(f"solution/{name}")
        existing = describe_or_create(
            lambda: self._personalize.describe_solution(solutionArn=arn),
            lambda: self._personalize.create_solution(
                name=name,
                datasetGroupArn=group_arn,
                recipeArn=recipe_arn,
                # it defaults to true, and the user would pay for every training twice
                performAutoTraining=False,
                solutionConfig=config,  # type: ignore[arg-type]  # the state machine passes JSON of this shape
            ),
            arn=arn,
        )
        if existing and existing["solution"]["recipeArn"] != recipe_arn:
            raise InvalidError(
                f"{arn} uses {existing['solution']['recipeArn']}, the configuration now gives {recipe_arn}: "
                "a solution keeps its recipe, so give the model another name"
            )
        if existing and (kept := _other_settings(existing["solution"], config)):
            raise InvalidError(
                f"{arn} was made with {kept}, the configuration now gives {config['algorithmHyperParameters']}: "
                "a solution keeps its hyperparameters, so give the model another name"
            )
        return arn

    def version(self, *, solution_arn: str, run_id: str) -> str:
        """The ARN of the version that run `run_id` trains; a repeated call finds the one already started."""
        name = job_name(solution_arn.rpartition("/")[2], run_id)
        with translated(f"training a version of {solution_arn}"):
            try:
                created = self._personalize.create_solution_version(solutionArn=solution_arn, name=name)
            except ClientError as error:
                if error_code(error) != "ResourceAlreadyExistsException":
                    raise
                return self._version_named(name, solution_arn)
        return created["solutionVersionArn"]

    def metrics(self, version_arn: str) -> dict[str, float]:
        """The offline metrics that Personalize computed for the version."""
        with translated(f"reading the metrics of {version_arn}"):
            answer = self._personalize.get_solution_metrics(solutionVersionArn=version_arn)
        return dict(answer["metrics"])

    def _version_named(self, name: str, solution_arn: str) -> str:
        # a version's ARN ends in an id of Personalize's own, and only Describe tells its name
        pages = self._personalize.get_paginator("list_solution_versions").paginate(solutionArn=solution_arn)
        for page in pages:
            for summary in page["solutionVersions"]:
                arn = summary["solutionVersionArn"]
                version = self._personalize.describe_solution_version(solutionVersionArn=arn)
                if version["solutionVersion"].get("name") == name:
                    return arn
        raise InvalidError(f"Personalize says that {solution_arn} has a version named {name}, but lists none")


def _other_settings(solution: SolutionTypeDef, config: Mapping[str, Any]) -> dict[str, str]:
    """The hyperparameters of the solution that `config` gives other values; what Personalize adds is left alone."""
    has = solution.get("solutionConfig", {}).get("algorithmHyperParameters", {})
    wanted: Mapping[str, str] = config.get("algorithmHyperParameters", {})
    return {
        name: has.get(name, "its default")
        for name, value in wanted.items()
        if has.get(name, "").lower() != value.lower()
    }
