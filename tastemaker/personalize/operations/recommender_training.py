"""The trainings of recommenders: at the creation, where an update needs one, and every week where data have come."""

from __future__ import annotations

from typing import Final

from tastemaker.personalize import lifecycle
from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.due import DAY, falls_due
from tastemaker.personalize.jobs import JobFailure, TrainingOutcome
from tastemaker.personalize.kinds import RECOMMENDER
from tastemaker.personalize.operations.automatic_update import remove_replaced
from tastemaker.personalize.operations.registry import resumes
from tastemaker.personalize.operations.training import data_since, start_training, training_spec
from tastemaker.personalize.recipes import BY_ARN
from tastemaker.personalize.store import Resource

RETRAINED_EVERY: Final = 7 * DAY


@resumes(RECOMMENDER)
def begin_training(here: AccountRegion, recommender: Resource) -> None:
    """Train for a creation or an update, at its beginning or again after a restart."""
    _train(here, recommender)


def stop_training(here: AccountRegion, recommender: Resource) -> None:
    """Call off the training that is under way, if there is one."""
    key = recommender.hidden.pop("training", None)
    if key is not None:
        here.jobs.cancel(key)


def take_over(here: AccountRegion, recommender: Resource) -> None:
    """Serve from now on what has been trained since; the recommender has just become ACTIVE."""
    fresh = recommender.hidden.pop("next", None)
    if fresh is None:
        return
    if "modelPath" in recommender.hidden:
        recommender.hidden["replaced"] = {"path": recommender.hidden["modelPath"], "at": here.clock.now()}
    recommender.hidden.update(fresh)


@falls_due
def retrain(here: AccountRegion) -> None:
    """Begin the trainings whose time has come: a week after the creation and every week, where events have come."""
    for recommender in here.resources.newest(RECOMMENDER, status="ACTIVE"):
        turn, now = _turn(recommender), here.clock.now()
        if now < turn or recommender.passage is not None:
            continue
        recommender.hidden["turn"] = turn + (1 + (now - turn) // RETRAINED_EVERY) * RETRAINED_EVERY
        recipe = BY_ARN[recommender.members["recipeArn"]]
        if data_since(here, recommender.members["datasetGroupArn"], recipe.name, recommender):
            stop_training(here, recommender)
            _train(here, recommender)


@falls_due
def remove_replaced_models(here: AccountRegion) -> None:
    """Remove the files of models that others have replaced, when nobody can be reading them any more."""
    remove_replaced(here, RECOMMENDER)


def _turn(recommender: Resource) -> float:
    """When the next automatic training is due."""
    turn: float = recommender.hidden.get("turn", recommender.members["creationDateTime"] + RETRAINED_EVERY)
    return turn


def _train(here: AccountRegion, recommender: Resource) -> None:
    recipe = BY_ARN[recommender.members["recipeArn"]]
    columns = recommender.hidden.get("wanted", recommender.hidden["columns"])
    spec = training_spec(
        here, recommender.members["datasetGroupArn"], recipe, event_type=recipe.event_type, columns=columns
    )
    number = recommender.hidden["trainings"] = recommender.hidden.get("trainings", 0) + 1
    # of a name of its own: what is served stays where it is, and so does what is known of the data that it has seen
    training = Resource(RECOMMENDER, f"{recommender.arn}/{number}", number, {}, hidden={"columns": columns})
    recommender.hidden["training"] = training.arn
    start_training(here, training, spec, lambda outcome: _ended(here, recommender, training, outcome))


def _ended(
    here: AccountRegion, recommender: Resource, training: Resource, outcome: TrainingOutcome | JobFailure
) -> None:
    with here.resources.changing():
        if recommender.hidden.get("training") != training.arn:  # it was stopped when it had just ended
            return
        del recommender.hidden["training"]
        recommender.hidden.pop("wanted", None)
        if isinstance(outcome, JobFailure):
            lifecycle.work_ended(recommender, reason=outcome.reason)
            return
        recommender.hidden["next"] = training.hidden | {"modelPath": str(outcome.model_path)}
        metrics = {"modelMetrics": dict(outcome.metrics)}
        if recommender.passage is None:
            recommender.members.update(metrics, lastUpdatedDateTime=here.clock.now())
            take_over(here, recommender)
        else:
            lifecycle.work_ended(recommender, gains=metrics)
