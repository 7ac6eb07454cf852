"""Takes users out of the files of trained models."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from tastemaker.personalize.histories import forget_histories
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import SegmentModel, load


def forget_users(model_path: Path, user_ids: Collection[str]) -> None:
    """Remove the users from the model at `model_path`, if there is one. Whoever has loaded it has to do so anew.

    These are their histories beside the model and, of a model that recommends users, the users in it. What a model has
    learned from all users together stays.
    """
    files = ModelFiles(model_path)
    forget_histories(files.histories, user_ids)
    if files.model.exists() and _holds_users(files.model):
        model = load(files.model, SegmentModel)
        kept = model.without(user_ids)
        if len(kept.user_ids) < len(model.user_ids):
            partial = files.model.with_suffix(".partial")
            kept.save(partial)
            partial.replace(files.model)


def _holds_users(path: Path) -> bool:
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        return "user_ids" in file.files
