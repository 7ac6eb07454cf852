"""The whole state machine: lease, export, datasets, models, publication, release, and word of how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stacks.workflow import datasets, export, lease, models, outcome
from stacks.workflow.language import FAIL, FAILURE, RUN_ID, Arns, State, States, expression

if TYPE_CHECKING:
    from lambdas.common.config import Config

DEFAULT_POLL_SECONDS: Final = 60
_RUN: Final = "Run"
_PUBLISH: Final = "Publish"


def definition(config: Config, arns: Arns) -> dict[str, Any]:
    """The definition for `config`.

    Input: `{"pollSeconds"?}`. Output: `{"rows", "rejected", "reasons", "mended", "manifest", "datasetGroupArn",
    "filtersLeftOut", "unconfiguredCampaigns", "models"}`.
    """
    polls = "$states.input.pollSeconds"
    return {
        "Comment": f"Trains and deploys the recommendation engine {config.project}",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": lease.RUN_SECONDS,
        "StartAt": "Read input",
        "States": {
            "Read input": {
                "Type": "Pass",
                "Assign": {
                    "pollSeconds": expression(
                        f"$type({polls}) = 'number' ? $max([1, $floor({polls})]) : {DEFAULT_POLL_SECONDS}"
                    )
                },
                "Next": lease.TAKE,
            },
            **lease.lease_states(arns, then=_RUN, failed=outcome.TELL_FAILURE),
            _RUN: _run(config, arns),
            lease.RELEASE: lease.release_state(arns, then=outcome.TELL_SUCCESS),
            outcome.TELL_SUCCESS: outcome.tell_success(arns, config.project, then="Engine trained"),
            "Engine trained": {"Type": "Succeed"},
            lease.RELEASE_AFTER_FAILURE: lease.release_state(arns, then=outcome.TELL_FAILURE),
            outcome.TELL_FAILURE: outcome.tell_failure(arns, config.project, then="Engine not trained"),
            "Engine not trained": FAIL,
        },
    }


def _run(config: Config, arns: Arns) -> State:
    """Everything that happens under the lease, as one state: whatever fails in it, the lease is given back."""
    failed = "Run failed"
    states: States = {
        **_bucket_check(config, arns),
        **export.export_states(arns, config, then=datasets.START, failed=failed),
        **datasets.dataset_states(arns, config, then=models.START, failed=failed),
        **models.model_states(arns, config, then=_PUBLISH, failed=failed),
        _PUBLISH: arns.invoke(
            arns.deploy_campaign,
            {
                "step": "publish",
                "project": config.project,
                "runId": expression(RUN_ID),
                "models": expression("$models"),
                "filters": expression("$filters"),
                "trackingId": expression("$trackingId"),
            },
            Assign={"unconfigured": expression("$states.result.Payload.unconfigured")},
            Next="Published",
        ),
        "Published": {
            "Type": "Succeed",
            "Output": {
                **{key: expression(f"$export.{key}") for key in ("rows", "rejected", "reasons", "mended", "manifest")},
                "datasetGroupArn": expression("$datasetGroupArn"),
                "filtersLeftOut": expression("$filtersLeftOut"),
                "unconfiguredCampaigns": expression("$unconfigured"),
                "models": expression(
                    "$merge([$models.{name: {'recipe': recipe, 'metrics': metrics, "
                    "'campaignArn': campaignArn, 'solutionVersionArn': solutionVersionArn}}])"
                ),
            },
        },
        failed: FAIL,
    }
    return {
        "Type": "Parallel",
        "Branches": [{"StartAt": next(iter(states)), "States": states}],
        "Output": expression("$states.result[0]"),
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": FAILURE, "Next": lease.RELEASE_AFTER_FAILURE}],
        "Next": lease.RELEASE,
    }


def _bucket_check(config: Config, arns: Arns) -> States:
    """A bucket of somebody's own has to let Personalize in, and nothing may be created where it does not."""
    if config.exports is None:
        return {}
    return {
        "Check bucket": arns.invoke(
            arns.setup_datasets, {"step": "bucket", "bucket": config.exports.bucket}, Next=export.START
        )
    }
