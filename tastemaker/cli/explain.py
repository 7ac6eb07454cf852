"""`tastemaker explain`: why a user gets what is recommended, from a kept Personalize or from a file of events."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from tastemaker.cli.console import Progress
from tastemaker.cli.explanations import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tastemaker.recommenders import Interactions


def explain(arguments: Namespace) -> int:
    """Run the command. With `--json`, stdout is kept for the one object at the end."""
    console = Console(stderr=arguments.json)
    if arguments.data_dir is None:
        report = _of_file(arguments, Progress(console))
    else:
        # what a kept Personalize needs takes a second to import
        from tastemaker.cli.kept_answers import kept_answer

        report = kept_answer(arguments)
    report.print(console)
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0


def _of_file(arguments: Namespace, progress: Progress) -> Report:
    """Train on all of the file, and explain what the model answers the user."""
    from tastemaker.cli.attributes import check_texts, read_attributes
    from tastemaker.cli.catalogue import Catalogue
    from tastemaker.cli.events import read_csv
    from tastemaker.cli.recipes import OF_TEXTS
    from tastemaker.cli.usable import usable_rows
    from tastemaker.personalize.explaining import explained_answer
    from tastemaker.personalize.runtime import Recommended
    from tastemaker.recommenders import RECIPES, SequenceRidgeModel

    with progress.phase("read", f"Read {arguments.interactions}"):
        context = dict(arguments.context or ())
        interactions, refused = usable_rows(read_csv(arguments.interactions, context=list(context)))
        items = None if arguments.items is None else read_attributes(arguments.items, "ITEM_ID")
        users = None if arguments.users is None else read_attributes(arguments.users, "USER_ID")
    if arguments.recipe == OF_TEXTS:
        check_texts(items, OF_TEXTS)
    for rows_left_out in (refused, *(table.refused for table in (items, users) if table is not None)):
        _tell_refused(rows_left_out)
    known_of = None if items is None else items.for_recommenders()
    if known_of is not None:
        interactions = interactions.with_items(known_of.ids.tolist())
    with progress.phase("train", f"Train {arguments.recipe}"):
        who = None if users is None else users.for_recommenders()
        model = RECIPES[arguments.recipe]({}).fit(interactions, items=known_of, users=who, seed=0)
    if isinstance(model, SequenceRidgeModel):
        held = () if who is None else model.circumstances.of_users(who).of(arguments.user)
        _tell_unknown([field for field in context if not model.circumstances.of_context({field: context[field]})])
        model = model.under(held + model.circumstances.of_context(context))
    events = _events_of(interactions, arguments.user)
    history, times = interactions.item[events], interactions.timestamp[events]
    found, scores = model.recommend(history, arguments.num_results)
    answer = list(map(Recommended, model.item_ids[found].tolist(), scores.tolist()))
    return Report(
        user_id=arguments.user,
        source=arguments.recipe,
        answer=explained_answer(model, history, times, answer),
        labels={} if items is None else Catalogue.of_file(items).labels,
    )


def _events_of(interactions: Interactions, user_id: str) -> slice:
    """The user's events; none of a user who has none."""
    from tastemaker.recommenders import locate

    (place,) = locate(interactions.user_ids, [user_id]).tolist()
    return slice(0, 0) if place < 0 else slice(interactions.starts[place], interactions.starts[place + 1])


def _tell_unknown(fields: Sequence[str]) -> None:
    if fields:
        words = f"Of this value of {', '.join(fields)} nothing was learned: too few users had it, or none"
        Console(stderr=True).print(escape(words), highlight=False, soft_wrap=True)


def _tell_refused(refused: Mapping[str, int]) -> None:
    console = Console(stderr=True)
    for reason, count in refused.items():
        console.print(escape(f"Rows left out: {count:,}. {reason}"), highlight=False, soft_wrap=True)
