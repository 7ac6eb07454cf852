"""The updates between trainings: a solution's latest trained model takes in what is new, and is no other version."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.due import HOUR, falls_due
from tastemaker.personalize.jobs import JobFailure, TrainingOutcome, TrainingSpec
from tastemaker.personalize.kinds import CAMPAIGN, DATASET, SOLUTION, SOLUTION_VERSION, Kind
from tastemaker.personalize.operations.solution_versions import delete_old_sums, latest_full, spec_of
from tastemaker.personalize.operations.training import data_marks
from tastemaker.personalize.overlay import remember_trained
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.store import Resource
from tastemaker.personalize.training_spec import TAKES_ACTIONS, TAKES_ITEMS

_LOGGER = logging.getLogger(__name__)

_KEPT_SECONDS: Final = 300.0
"""How long the files of a model that another has replaced stay, for whoever was about to read them."""


@dataclass(frozen=True)
class _Update:
    """How often a model is brought up to date, from which datasets, and whether what it has learned stays."""

    seconds: float
    datasets: tuple[str, ...]
    extends: bool


_TWO_HOURLY: Final = _Update(2 * HOUR, ("INTERACTIONS", "ITEMS"), extends=True)
_TWO_HOURLY_ACTIONS: Final = _Update(2 * HOUR, ("ACTIONS", "INTERACTIONS"), extends=True)
_INCREMENTAL: Final = _Update(HOUR / 2, ("ITEMS",), extends=False)


@falls_due
def update_models(here: AccountRegion) -> None:
    """Begin the updates whose time has come: of models that campaigns serve, where something is new.

    The first one's time is two hours after the version has become ACTIVE. With performIncrementalUpdate it is half an
    hour; texts are cheap to learn from, so such a model is made anew, and what is popular and fresh changes with it.
    """
    now = here.clock.now()
    for solution in here.resources.newest(SOLUTION, status="ACTIVE"):
        update = _update_of(solution)
        version = None if update is None else latest_full(here, solution.arn)
        if update is None or version is None:
            continue
        if now < (version.hidden.get("updated") or version.members["lastUpdatedDateTime"]) + update.seconds:
            continue
        marks = _marks(here, solution, update)
        had = version.hidden.get("has", {})
        if any(marks[name] != had.get(name) for name in marks) and _is_deployed(here, version):
            _begin(here, version, update, marks)


@falls_due
def remove_replaced_models(here: AccountRegion) -> None:
    """Remove the files of models that updates have replaced, when nobody can be reading them any more."""
    remove_replaced(here, SOLUTION_VERSION)


def remove_replaced(here: AccountRegion, kind: Kind) -> None:
    """The same of what was trained for resources of `kind`: `hidden["replaced"]` has the path, and since when."""
    for trained in here.resources.newest(kind):
        replaced = trained.hidden.get("replaced")
        if replaced is not None and here.clock.now() >= replaced["at"] + _KEPT_SECONDS:
            here.jobs.delete_model(Path(replaced["path"]))
            del trained.hidden["replaced"]


def stop_update(here: AccountRegion, version: Resource) -> None:
    """Call off the update of `version` that is under way, if one is; the next comes when its time has come."""
    here.jobs.cancel(_key(version, version.hidden.get("updates", 0)))


def _key(version: Resource, number: int) -> str:
    return f"{version.arn}/update-{number}"


def _update_of(solution: Resource) -> _Update | None:
    recipe = BY_ARN[solution.members["recipeArn"]].name
    if recipe in TAKES_ITEMS:
        return _TWO_HOURLY
    if recipe in TAKES_ACTIONS:
        return _TWO_HOURLY_ACTIONS
    return _INCREMENTAL if solution.members["performIncrementalUpdate"] else None


def _marks(here: AccountRegion, solution: Resource, update: _Update) -> dict[str, list[object]]:
    """The marks of the datasets that an update takes in; none where the first of them is gone, and so are updates."""
    datasets = here.resources.newest(DATASET, datasetGroupArn=solution.members["datasetGroupArn"])
    arns = {dataset.members["datasetType"]: dataset.arn for dataset in datasets}
    if update.datasets[0] not in arns:
        return {}
    return data_marks(here, {name: arns[name] for name in update.datasets if name in arns})


def _is_deployed(here: AccountRegion, version: Resource) -> bool:
    return any(here.resources.newest(CAMPAIGN, solutionVersionArn=version.arn))


def _begin(here: AccountRegion, version: Resource, update: _Update, has: dict[str, list[object]]) -> None:
    number = version.hidden.get("updates", 0) + 1
    version.hidden.update(updated=here.clock.now(), updates=number)
    spec = spec_of(here, version, extends=Path(version.hidden["modelPath"]) if update.extends else None)
    # a key of its own, so that the model is written beside the one that is served
    here.jobs.start_training(_key(version, number), spec, lambda outcome: _ended(here, version, spec, has, outcome))


def _ended(
    here: AccountRegion,
    version: Resource,
    spec: TrainingSpec,
    has: dict[str, list[object]],
    outcome: TrainingOutcome | JobFailure,
) -> None:
    with here.resources.changing():
        if isinstance(outcome, JobFailure):
            _LOGGER.warning("the automatic update of %s failed, and is tried again: %s", version.arn, outcome.reason)
            return
        if here.resources.find(version.arn) is not version:  # deleted in the meantime
            here.jobs.delete_model(outcome.model_path)
            return
        version.hidden["replaced"] = {"path": version.hidden["modelPath"], "at": here.clock.now()}
        version.hidden.update(modelPath=str(outcome.model_path), has=has)
        delete_old_sums(here, version.members["solutionArn"])
        remember_trained(version, None if spec.streamed is None else spec.streamed.prefix.mark)
