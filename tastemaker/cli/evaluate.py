"""`tastemaker evaluate`: trains recipes on one part of a file of events and measures them on the other."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import Final

from rich.console import Console
from rich.markup import escape

from tastemaker.cli.console import Progress
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import read_csv
from tastemaker.cli.quality import Quality, Report
from tastemaker.cli.recipes import with_baselines
from tastemaker.cli.usable import usable_rows
from tastemaker.evaluation import LEAVE_ONE_OUT, PERSONALIZE, Evaluation, OfflineProtocol, Split
from tastemaker.recommenders import Interactions, Recipe

PROTOCOLS: Final = {"personalize": PERSONALIZE, "leave-one-out": LEAVE_ONE_OUT}


def evaluate(arguments: Namespace) -> int:
    """Run the command. With `--json`, stdout is kept for the one object at the end."""
    console = Console(stderr=arguments.json)
    progress = Progress(console)
    with progress.phase("read", f"Read {arguments.interactions}"):
        interactions, refused = usable_rows(read_csv(arguments.interactions))
    warnings = Console(stderr=True)
    for reason, count in refused.items():
        warnings.print(f"Rows left out: {count:,}. {escape(reason)}", highlight=False, soft_wrap=True)
    recipes, protocol = with_baselines(arguments.recipe), PROTOCOLS[arguments.protocol]
    found = _measure(recipes, interactions, protocol, seeds=arguments.seeds, progress=progress)
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


def _measure(
    recipes: dict[str, Recipe], interactions: Interactions, protocol: OfflineProtocol, *, seeds: int, progress: Progress
) -> dict[str, list[Evaluation]]:
    found: dict[str, list[Evaluation]] = {name: [] for name in recipes}
    for seed in range(seeds):
        split = protocol.split(interactions, seed)
        _check(split, seed)
        for name, recipe in recipes.items():
            with progress.phase(name, f"{name}, seed {seed}: {len(split.test):,} users asked"):
                found[name].append(protocol.measure(recipe, split, seed=seed))
    return found


def _check(split: Split, seed: int) -> None:
    if not split.test:
        raise CommandError(
            f"there is nobody to ask with seed {seed}: none of the held-out users has two events; give more events"
        )
    if not len(split.train):
        raise CommandError("there is nothing to train on: the only user is held out; give events of more users")
