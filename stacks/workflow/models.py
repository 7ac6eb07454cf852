"""The part of the workflow that trains and deploys: for each model a solution, a version and a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stacks.workflow import awaiting
from stacks.workflow.language import FAILURE, RUN_ID, Arns, State, States, expression

if TYPE_CHECKING:
    from lambdas.common.config import Config, Model

START: Final = "Train and deploy models"
_PAYLOAD: Final = "$states.result.Payload"
_RESULT: Final = ("name", "route", "recipe")


def model_states(arns: Arns, config: Config, *, then: str, failed: str) -> States:
    """The states that end with the variable `models`, a list of what was deployed.

    Every model is brought to its end: a training that costs money is not given up because another model failed.
    """
    any_failed = "$states.input[$exists(failure)]"
    return {
        START: {
            "Type": "Map",
            "Items": [_item(config, model) for model in config.models],
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Begin model",
                "States": _one_model(arns),
            },
            "Assign": {"models": expression("$states.result")},
            "Next": "Judge models",
        },
        "Judge models": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"$exists({any_failed})"),
                    "Output": {
                        "error": expression(f"{any_failed}[0].failure.error"),
                        "cause": expression(f"$join([{any_failed}.('model ' & name & ': ' & failure.cause)], '; ')"),
                    },
                    "Next": failed,
                }
            ],
            "Default": then,
        },
    }


def _item(config: Config, model: Model) -> dict[str, Any]:
    settings = {name: _text(value) for name, value in model.hyperparameters.items()}
    return {
        "name": model.name,
        "route": model.route,
        "recipe": model.recipe,
        "resource": f"{config.project}-{model.name}",
        "minProvisionedTPS": model.min_tps,
        "config": {"algorithmHyperParameters": settings} if settings else {},
    }


def _text(value: bool | int | float | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _one_model(arns: Arns) -> States:
    return {
        "Begin model": {
            "Type": "Pass",
            "Assign": {"model": expression("$states.input")},
            "Next": "Set up solution",
        },
        **_training(arns, then="Set up campaign"),
        **_deployment(arns),
        "Model deployed": {
            "Type": "Succeed",
            "Output": {
                **{key: expression(f"$model.{key}") for key in _RESULT},
                **{key: expression(f"${key}") for key in ("campaignArn", "solutionVersionArn", "metrics")},
            },
        },
        "Model failed": {
            "Type": "Succeed",
            "Output": {"name": expression("$model.name"), "failure": expression("$states.input")},
        },
    }


def _call(arns: Arns, function: str, payload: dict[str, Any], **fields: Any) -> State:
    """Call a function; its failure is this model's."""
    catch = [{"ErrorEquals": ["States.ALL"], "Output": FAILURE, "Next": "Model failed"}]
    return arns.invoke(function, payload, Catch=catch, **fields)


def _awaited(arns: Arns, kind: awaiting.Kind, *, arn: str, then: str) -> States:
    states = awaiting.await_active(arns, kind, arn=arn, then=then, failed="Model failed")
    describe = states[awaiting.describe_state(kind)]
    describe["Catch"] = [
        *describe["Catch"],
        {"ErrorEquals": ["States.ALL"], "Output": FAILURE, "Next": "Model failed"},
    ]
    return states


def _training(arns: Arns, *, then: str) -> States:
    return {
        "Set up solution": _call(
            arns,
            arns.train_model,
            {
                "step": "solution",
                "name": expression("$model.resource"),
                "datasetGroupArn": expression("$datasetGroupArn"),
                "recipeArn": expression(f"'arn:{arns.partition}:personalize:::recipe/' & $model.recipe"),
                "config": expression("$model.config"),
            },
            Assign={"solutionArn": expression(f"{_PAYLOAD}.solutionArn")},
            Output=awaiting.START,
            Next=awaiting.describe_state(awaiting.SOLUTION),
        ),
        **_awaited(arns, awaiting.SOLUTION, arn="solutionArn", then="Start training"),
        "Start training": _call(
            arns,
            arns.train_model,
            {"step": "version", "solutionArn": expression("$solutionArn"), "runId": expression(RUN_ID)},
            Assign={"solutionVersionArn": expression(f"{_PAYLOAD}.solutionVersionArn")},
            Output=awaiting.START,
            Next=awaiting.describe_state(awaiting.VERSION),
        ),
        **_awaited(arns, awaiting.VERSION, arn="solutionVersionArn", then="Read metrics"),
        "Read metrics": _call(
            arns,
            arns.train_model,
            {"step": "metrics", "solutionVersionArn": expression("$solutionVersionArn")},
            Assign={"metrics": expression(f"{_PAYLOAD}.metrics")},
            Next=then,
        ),
    }


def _deployment(arns: Arns) -> States:
    return {
        "Set up campaign": _call(
            arns,
            arns.deploy_campaign,
            {
                "step": "campaign",
                "name": expression("$model.resource"),
                "solutionVersionArn": expression("$solutionVersionArn"),
                "minProvisionedTPS": expression("$model.minProvisionedTPS"),
            },
            Assign={"campaignArn": expression(f"{_PAYLOAD}.campaignArn")},
            Output={**awaiting.START, "awaiting": expression(f"{_PAYLOAD}.awaiting")},
            Next="What to wait for",
        ),
        "What to wait for": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": expression(f"$states.input.awaiting = '{awaited}'"),
                    "Next": awaiting.describe_state(kind),
                }
                for awaited, kind in (("create", awaiting.CAMPAIGN), ("update", awaiting.CAMPAIGN_UPDATE))
            ],
            "Default": "Model deployed",
        },
        **_awaited(arns, awaiting.CAMPAIGN, arn="campaignArn", then="Model deployed"),
        **_awaited(arns, awaiting.CAMPAIGN_UPDATE, arn="campaignArn", then="Model deployed"),
    }
