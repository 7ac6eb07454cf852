"""What trains a resource, a solution version or a recommender: what it is told, and which data it has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.dataset_records import EVENT_DATASETS
from tastemaker.personalize.jobs import JobFailure, TrainingOutcome
from tastemaker.personalize.kinds import DATASET
from tastemaker.personalize.metadata import NO_METADATA, MetadataFields
from tastemaker.personalize.operations.datasets import schema_of
from tastemaker.personalize.overlay import remember_trained
from tastemaker.personalize.recipes import Recipe
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource
from tastemaker.personalize.training_spec import EventRule, Objective, Streamed, TrainingSpec
from tastemaker.personalize.tuning import Tuning

if TYPE_CHECKING:
    import pyarrow as pa

TRAINING_SEED: Final = 0
"""One for all: the same data and configuration train the same model and are judged by the same hold-out."""
_SENSITIVITIES: Final = {"OFF": 0.0, "LOW": 0.25, "MEDIUM": 0.5, "HIGH": 1.0}
_EVENTS: Final = {
    "aws-next-best-action": ("INTERACTIONS", "ACTION_INTERACTIONS"),
    "aws-semantic-similarity": ("ITEMS",),
}


def training_spec(
    here: AccountRegion,
    group_arn: str,
    recipe: Recipe,
    *,
    config: Members | None = None,
    event_type: str | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    tuning: Tuning | None = None,
    extends: Path | None = None,
) -> TrainingSpec:
    """The training of `recipe` on the datasets of a group as they are now.

    `config` has the members of a solutionConfig; `columns` those that take part, by dataset type, as `training_columns`
    gives them (types that are not there: all columns).
    """
    told = config or {}
    datasets = {d.members["datasetType"]: d for d in here.resources.newest(DATASET, datasetGroupArn=group_arn)}
    parameters = {**told.get("algorithmHyperParameters", {}), **told.get("featureTransformationParameters", {})}
    return TrainingSpec(
        recipe=recipe.name,
        dataset_arns={dataset_type: dataset.arn for dataset_type, dataset in datasets.items()},
        event_type=event_type,
        event_value_threshold=told.get("eventValueThreshold"),
        hyperparameters=parameters,
        seed=TRAINING_SEED,
        streamed=_streamed(here, datasets.get("INTERACTIONS")),
        streamed_actions=_streamed(here, datasets.get("ACTION_INTERACTIONS")),
        item_fields=_fields(here, datasets.get("ITEMS"), columns or {}),
        user_fields=_fields(here, datasets.get("USERS"), columns or {}),
        context_fields=_fields(here, datasets.get("INTERACTIONS"), columns or {}),
        events=event_rules(told),
        objective=_objective(told.get("optimizationObjective")),
        tuning=tuning,
        extends=extends,
        merged=_merged(here, datasets),
    )


def start_training(
    here: AccountRegion,
    trained: Resource,
    spec: TrainingSpec,
    done: Callable[[TrainingOutcome | JobFailure], None],
) -> None:
    """Begin the training of `trained`, and note which data it sees. `done` is called from a thread of its own."""
    marks = data_marks(here, spec.dataset_arns)
    trained.hidden.update(datasetArns=dict(spec.dataset_arns), learned=marks, has=marks)
    remember_trained(trained, None if spec.streamed is None else spec.streamed.prefix.mark)
    here.jobs.start_training(trained.arn, spec, done)


def data_since(here: AccountRegion, group_arn: str, recipe: str, trained: Resource | None) -> bool:
    """Whether events have come, in bulk or streamed, that `trained` has not seen; without it, whether there are any.

    Of recipes that learn from items alone, whether items have; of next-best-action, events on actions as well.
    """
    datasets = here.resources.newest(DATASET, datasetGroupArn=group_arn)
    arns = {dataset.members["datasetType"]: dataset.arn for dataset in datasets}
    marks = data_marks(here, {name: arns[name] for name in _EVENTS.get(recipe, ("INTERACTIONS",)) if name in arns})
    seen = {} if trained is None else trained.hidden.get("learned", {})
    return any(marks[name] != seen.get(name) and any(marks[name]) for name in marks)


def data_marks(here: AccountRegion, dataset_arns: Mapping[str, str]) -> dict[str, list[object]]:
    """For each dataset, by type, what changes with every import into it and everything that is streamed to it."""
    marks: dict[str, list[object]] = {}
    for dataset_type, arn in dataset_arns.items():
        mark = here.records.mark(arn)
        streamed = [None, None] if mark is None else [mark.log_id, mark.position]
        marks[dataset_type] = [here.jobs.datasets.revision(arn), *streamed]
    return marks


def event_rules(config: Members) -> tuple[EventRule, ...]:
    """The rules of an eventsConfig; none where every event counts alike."""
    listed = (config.get("eventsConfig") or {}).get("eventParametersList", ())
    return tuple(
        EventRule(entry["eventType"], entry.get("eventValueThreshold"), entry.get("weight", 1.0)) for entry in listed
    )


def _streamed(here: AccountRegion, dataset: Resource | None) -> Streamed | None:
    prefix = None if dataset is None else here.streams.prefix(dataset.arn)
    return None if dataset is None or prefix is None else Streamed(prefix, schema_of(here, dataset))


def _merged(here: AccountRegion, datasets: Mapping[str, Resource]) -> dict[str, pa.Table]:
    """Imported and streamed records together, by dataset type; the training merges interactions itself."""
    merged = {}
    for dataset_type, dataset in datasets.items():
        if dataset_type in EVENT_DATASETS or here.records.mark(dataset.arn) is None:
            continue
        records = here.records.records_of(dataset, "ALL")
        if records is not None:
            merged[dataset_type] = records
    return merged


def _fields(here: AccountRegion, dataset: Resource | None, columns: Mapping[str, Sequence[str]]) -> MetadataFields:
    if dataset is None:
        return NO_METADATA
    return MetadataFields.of(schema_of(here, dataset), columns.get(dataset.members["datasetType"]))


def _objective(objective: Members | None) -> Objective | None:
    if not objective:
        return None
    return Objective(objective["itemAttribute"], _SENSITIVITIES[objective.get("objectiveSensitivity", "MEDIUM")])
