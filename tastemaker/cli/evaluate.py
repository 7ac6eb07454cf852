"""`tastemaker evaluate`: trains recipes on one part of a file of events and measures them on the other."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from tastemaker.cli.attributes import read_attributes
from tastemaker.cli.console import Progress
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import read_csv
from tastemaker.cli.quality import Quality, Report
from tastemaker.cli.recipes import with_baselines
from tastemaker.cli.usable import usable_rows
from tastemaker.evaluation import (
    LEAVE_ONE_OUT,
    PERSONALIZE,
    Evaluation,
    OfflineProtocol,
    Split,
    last_item,
    whole_history,
)
from tastemaker.recommenders import RELATED_ITEMS, Attributes, Interactions, Recipe

PROTOCOLS: Final = {"personalize": PERSONALIZE, "leave-one-out": LEAVE_ONE_OUT}


def evaluate(arguments: Namespace) -> int:
    """Run the command. With `--json`, stdout is kept for the one object at the end."""
    console = Console(stderr=arguments.json)
    progress = Progress(console)
    with progress.phase("read", f"Read {arguments.interactions}"):
        interactions, refused = usable_rows(read_csv(arguments.interactions))
    warnings = Console(stderr=True)
    _tell_refused(refused, warnings)
    items = _attributes(arguments.items, "ITEM_ID", warnings)
    if _attributes(arguments.users, "USER_ID", warnings) is not None:
        _say(warnings, "No recipe here learns from what is known of users: these figures are the same without.")
    recipes, protocol = with_baselines(arguments.recipe), PROTOCOLS[arguments.protocol]
    found = _measure(recipes, interactions, items, protocol, seeds=arguments.seeds, progress=progress)
    report = Report(
        protocol=arguments.protocol,
        seeds=arguments.seeds,
        recipes={name: Quality.of(evaluations) for name, evaluations in found.items()},
    )
    report.print(console)
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
        sys.stdout.flush()
    return 0


def _attributes(path: Path | None, id_field: str, console: Console) -> Attributes | None:
    """What a file tells recommenders; says of what kind its columns seem to be."""
    if path is None:
        return None
    table = read_attributes(path, id_field)
    kinds = ", ".join(f"{column.field} → {column.kind}" for column in table.columns) or "no column but the ids"
    _say(console, f"{path}: {len(table.ids):,} rows; {kinds}")
    _tell_refused(table.refused, console)
    return table.for_recommenders()


def _tell_refused(refused: Mapping[str, int], console: Console) -> None:
    for reason, count in refused.items():
        _say(console, f"Rows left out: {count:,}. {reason}")


def _say(console: Console, words: str) -> None:
    console.print(escape(words), highlight=False, soft_wrap=True)


def _measure(
    recipes: dict[str, Recipe],
    interactions: Interactions,
    items: Attributes | None,
    protocol: OfflineProtocol,
    *,
    seeds: int,
    progress: Progress,
) -> dict[str, list[Evaluation]]:
    """The recipes' evaluations, one a seed. The catalogue has the items of the events and those of `items`."""
    if items is not None:
        interactions = interactions.with_items(items.ids.tolist())
    found: dict[str, list[Evaluation]] = {name: [] for name in recipes}
    for seed in range(seeds):
        split = protocol.split(interactions, seed)
        _check(split, seed)
        for name, recipe in recipes.items():
            with progress.phase(name, f"{name}, seed {seed}: {len(split.test):,} users asked"):
                asked_with = last_item if name in RELATED_ITEMS else whole_history
                found[name].append(protocol.measure(recipe, split, seed=seed, items=items, asked_with=asked_with))
    return found


def _check(split: Split, seed: int) -> None:
    if not split.test:
        raise CommandError(
            f"there is nobody to ask with seed {seed}: none of the held-out users has two events; give more events"
        )
    if not len(split.train):
        raise CommandError("there is nothing to train on: the only user is held out; give events of more users")
