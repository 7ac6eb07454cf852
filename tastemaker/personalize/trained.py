"""What comes of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tastemaker.recommenders import Attributes, Interactions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Saved(Protocol):
    """A model as far as a training goes: it knows items, and saves itself."""

    @property
    def item_ids(self) -> NDArray[np.str_]: ...

    def save(self, path: Path) -> None: ...


@dataclass(frozen=True)
class Trained:
    """A model, its metrics, the events that it answers from, and the hyperparameters that a search has found.

    `users`: what is known of the users whom it answers.
    """

    model: Saved
    metrics: Mapping[str, float]
    interactions: Interactions
    tuned: Mapping[str, str] = field(default_factory=dict)
    users: Attributes | None = None
