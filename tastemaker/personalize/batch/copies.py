"""A copy of what the runtime API answers from, as a data directory that another process opens as its own.

The records and the model are second links to the same files, so that it takes no time and what comes later changes
nothing in it.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.kinds import DATASET, DATASET_GROUP, FILTER, SCHEMA, SOLUTION, SOLUTION_VERSION
from tastemaker.personalize.resource_files import ResourceFiles
from tastemaker.personalize.store import Resource

_NEEDED: Final = (DATASET_GROUP, SCHEMA, DATASET, FILTER, SOLUTION, SOLUTION_VERSION)


class CopyFailed(Exception):
    """Something that is needed is gone. The message names it."""


def copy_account(here: AccountRegion, version: Resource, directory: Path) -> None:
    """Copy into the new `directory` all that is needed to ask the model of `version`. Raises CopyFailed."""
    group_arn = version.members["datasetGroupArn"]
    with here.resources.changing():
        found = [resource for kind in _NEEDED for resource in here.resources.newest(kind)]
        kept = [_copied(resource) for resource in found if resource.passage is None or resource.passage.worked]
    kept.sort(key=lambda resource: resource.number)
    for resource in kept:
        if resource.arn == version.arn:
            resource.hidden["modelPath"] = str(_linked(Path(resource.hidden["modelPath"]), directory / "model"))
        if resource.kind is DATASET and resource.members["datasetGroupArn"] == group_arn:
            here.jobs.datasets.share(resource.arn, directory / "datasets")
            here.streams.share(resource.arn, directory / "streams")
            here.puts.share(resource.arn, directory / "puts")
    files = ResourceFiles(directory / "resources")
    files.file(here.account, here.region).write(kept)
    files.close()


def _copied(resource: Resource) -> Resource:
    members, hidden = copy.deepcopy((resource.members, resource.hidden))
    return replace(resource, members=members, hidden=hidden, passage=copy.copy(resource.passage))


def _linked(model: Path, target: Path) -> Path:
    target.mkdir(parents=True)
    try:
        for path in model.iterdir():
            (target / path.name).hardlink_to(path)
    except FileNotFoundError as error:
        raise CopyFailed(f"The model {model} is gone: train the solution again.") from error
    return target
