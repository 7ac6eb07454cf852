"""What a training is told: the recipe, which events count how much, which columns it learns from, what it searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.append_log import Prefix
from tastemaker.personalize.metadata import NO_METADATA, MetadataFields
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.tuning import Tuning

if TYPE_CHECKING:
    import pyarrow as pa


TAKES_ITEMS: Final = frozenset({"aws-user-personalization", "aws-user-personalization-v2"})
"""The recipes whose models are brought up to date with new items, which exploration finds, and with new events."""
TAKES_ACTIONS: Final = frozenset({"aws-next-best-action"})
"""The recipes whose models take in new actions."""


@dataclass(frozen=True)
class EventRule:
    """A type of events that counts, from a value of EVENT_VALUE on (None: whatever the value), with a weight."""

    event_type: str
    least_value: float | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Objective:
    """A numeric column of Items of which recommendations are to bring more, and how much that counts, from 0 to 1."""

    column: str
    sensitivity: float


@dataclass(frozen=True)
class Streamed:
    """The streamed interactions, with items or with actions, that a training sees, and the schema of their dataset."""

    prefix: Prefix
    schema: Schema


@dataclass(frozen=True)
class TrainingSpec:
    """What a training job is to do. `recipe` is a name such as `aws-user-personalization`; `dataset_arns` by type.

    `item_fields`, `user_fields`, `context_fields`: what of the Items, the Users and the Interactions dataset it learns
    from beside what was done. `events`: where there are any, no others count.
    `extends`: the folder of a model that is brought up to date instead of training another. `merged`: the records, by
    dataset type, of datasets but Interactions into which some were streamed; of the others it sees the imported ones.
    """

    recipe: str
    dataset_arns: Mapping[str, str]
    event_type: str | None
    event_value_threshold: str | None
    hyperparameters: Mapping[str, str]
    seed: int
    streamed: Streamed | None = None
    streamed_actions: Streamed | None = None
    item_fields: MetadataFields = NO_METADATA
    user_fields: MetadataFields = NO_METADATA
    context_fields: MetadataFields = NO_METADATA
    events: Sequence[EventRule] = ()
    objective: Objective | None = None
    tuning: Tuning | None = None
    extends: Path | None = None
    merged: Mapping[str, pa.Table] = field(default_factory=dict)
