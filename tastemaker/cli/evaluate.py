"""`tastemaker evaluate`: trains recipes on one part of a file of events and measures them on the other."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.console import Console
from rich.markup import escape

from tastemaker.cli.attributes import check_texts, read_attributes
from tastemaker.cli.catalogue import Catalogue
from tastemaker.cli.console import Progress
from tastemaker.cli.errors import CommandError
from tastemaker.cli.events import read_csv
from tastemaker.cli.quality import Report
from tastemaker.cli.recipes import OF_TEXTS, POPULARITY, with_baselines
from tastemaker.cli.usable import usable_rows
from tastemaker.evaluation import (
    LEAVE_ONE_OUT,
    PERSONALIZE,
    Comparison,
    Evaluation,
    OfflineProtocol,
    Request,
    Split,
    last_item,
    popularity_tenths,
    whole_history,
)
from tastemaker.recommenders import RELATED_ITEMS, Attributes, Interactions, Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tastemaker.cli import attributes

PROTOCOLS: Final = {"personalize": PERSONALIZE, "leave-one-out": LEAVE_ONE_OUT}


class Known(NamedTuple):
    """What is known of items and of users; None: nothing."""

    items: Attributes | None
    users: Attributes | None


@dataclass(frozen=True, eq=False)
class Draws:
    """Of each seed the evaluations by recipe, and `popularity_tenths` of what was trained on.

    `asked`: the requests of the first seed; `item_ids`: the catalogue.
    """

    evaluations: tuple[Mapping[str, Evaluation], ...]
    tenths: tuple[NDArray[np.int64], ...]
    asked: tuple[Request, ...]
    item_ids: NDArray[np.str_]


def evaluate(arguments: Namespace) -> int:
    """Run the command. With `--json`, stdout is kept for the one object at the end."""
    console = Console(stderr=arguments.json)
    progress = Progress(console)
    _check_page(arguments.html)
    with progress.phase("read", f"Read {arguments.interactions}"):
        interactions, refused = usable_rows(read_csv(arguments.interactions, context=arguments.context or ()))
    warnings = Console(stderr=True)
    _tell_refused(refused, warnings)
    _tell_context(interactions, arguments.interactions, warnings)
    table = _attributes(arguments.items, "ITEM_ID", warnings)
    of_users = _attributes(arguments.users, "USER_ID", warnings)
    recipes, protocol = with_baselines(arguments.recipe), PROTOCOLS[arguments.protocol]
    if OF_TEXTS in recipes:
        check_texts(table, OF_TEXTS)
    known = Known(_for_recommenders(table), _for_recommenders(of_users))
    draws = _measure(recipes, interactions, known, protocol, seeds=arguments.seeds, progress=progress)
    over_seeds = arguments.seeds > 1 and not protocol.asks_everyone
    report = Report.of(arguments.protocol, Comparison(draws.evaluations, baseline=POPULARITY, over_seeds=over_seeds))
    report.print(console)
    if arguments.html:
        catalogue = Catalogue.unknown() if table is None else Catalogue.of_file(table)
        _write_page(arguments.html, report, draws, catalogue, source=str(arguments.interactions))
        _say(
            console, f"{arguments.html} shows it with plots. It names users and items: share it as you would the data."
        )
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
        sys.stdout.flush()
    return 0


def _attributes(path: Path | None, id_field: str, console: Console) -> attributes.Attributes | None:
    """What a file says; tells of what kind its columns seem to be."""
    if path is None:
        return None
    table = read_attributes(path, id_field)
    kinds = ", ".join(f"{column.field} → {column.kind}" for column in table.columns) or "no column but the ids"
    _say(console, f"{path}: {len(table.ids):,} rows; {kinds}")
    _tell_refused(table.refused, console)
    return table


def _for_recommenders(table: attributes.Attributes | None) -> Attributes | None:
    return None if table is None else table.for_recommenders()


def _check_page(path: Path | None) -> None:
    """What cannot be written is told before anything is trained."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        what = "is a folder" if path.is_dir() else "lies in no folder that exists"
        raise CommandError(f"--html {path} {what}: name a file to write")


def _write_page(path: Path, report: Report, draws: Draws, catalogue: Catalogue, *, source: str) -> None:
    # drawing is worth its import only where it is wanted
    from tastemaker.cli.example_users import example_users
    from tastemaker.cli.quality_page import QualityPage

    examples = example_users(draws.asked, draws.evaluations[0], draws.item_ids, catalogue)
    try:
        path.write_text(QualityPage(report, draws.tenths, examples, source).html(), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--html {path} cannot be written: {error.strerror or error}") from error


def _tell_refused(refused: Mapping[str, int], console: Console) -> None:
    for reason, count in refused.items():
        _say(console, f"Rows left out: {count:,}. {reason}")


def _tell_context(interactions: Interactions, path: Path, console: Console) -> None:
    """Which columns say what was so at the event, and of what kind they seem to be."""
    if interactions.context is not None:
        kinds = dict.fromkeys(interactions.context.categories, "categories")
        kinds |= dict.fromkeys(interactions.context.numbers, "numbers")
        _say(console, f"{path}: context {', '.join(f'{name} → {kind}' for name, kind in kinds.items())}")


def _say(console: Console, words: str) -> None:
    console.print(escape(words), highlight=False, soft_wrap=True)


def _measure(
    recipes: Mapping[str, Recipe],
    interactions: Interactions,
    known: Known,
    protocol: OfflineProtocol,
    *,
    seeds: int,
    progress: Progress,
) -> Draws:
    """Train and measure with the seeds from 0 on. The catalogue has the items of the events and the known ones."""
    if known.items is not None:
        interactions = interactions.with_items(known.items.ids.tolist())
    evaluations, tenths = [], []
    asked: tuple[Request, ...] = ()
    for seed in range(seeds):
        split = protocol.split(interactions, seed)
        _check(split, seed)
        asked = asked or split.test
        tenths.append(popularity_tenths(split.train))
        found: dict[str, Evaluation] = {}
        for name, recipe in recipes.items():
            with progress.phase(name, f"{name}, seed {seed}: {len(split.test):,} users asked"):
                asked_with = last_item if name in RELATED_ITEMS else whole_history
                found[name] = protocol.measure(
                    recipe, split, seed=seed, items=known.items, users=known.users, asked_with=asked_with
                )
        evaluations.append(found)
    return Draws(tuple(evaluations), tuple(tenths), asked, interactions.item_ids)


def _check(split: Split, seed: int) -> None:
    if not split.test:
        raise CommandError(
            f"there is nobody to ask with seed {seed}: none of the held-out users has two events; give more events"
        )
    if not len(split.train):
        raise CommandError("there is nothing to train on: the only user is held out; give events of more users")
